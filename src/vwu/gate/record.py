"""The history of the gate in schema `quality`: every run, every check, and the rows that checks named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from vwu.gate.suites import Expected
from vwu.gate.validation import MARTS, CheckResult, session
from vwu.settings import Settings

ROWS_KEPT = 200  # of each failed check; the count is always whole


@dataclass(frozen=True)
class GateRun:
    """A run to be written down; `judged_release_id` is the release whose parts were not all looked at again."""

    candidate_hash: str
    verdict: str
    checked_with: str
    judged_release_id: int | None
    started_at: datetime


def record(
    connection: psycopg.Connection,
    settings: Settings,
    run: GateRun,
    expected: Expected,
    results: tuple[CheckResult, ...],
    problems: Iterable[str],
) -> int:
    """Write one gate run and return its number; the caller owns the transaction."""
    row = connection.execute(
        """insert into quality.gate_run (candidate_hash, verdict, code_version, build_id, expected_checks,
                                         executed_checks, problems, checked_with, judged_release_id, started_at,
                                         finished_at)
           values (%s, %s, %s, (select max(build_id) from quality.build_run), %s, %s, %s, %s, %s, %s,
                   clock_timestamp())
           returning gate_run_id""",
        [
            run.candidate_hash,
            run.verdict,
            settings.code_version,
            expected.count,
            sum(not result.failure for result in results),
            list(problems),
            run.checked_with,
            run.judged_release_id,
            run.started_at,
        ],
    ).fetchone()
    assert row is not None
    gate_run_id: int = row[0]
    for name, value in session(settings).items():  # for the queries that name the rows, as when they were judged
        connection.execute("select set_config(%s, %s, true)", [name, value])
    for result in results:
        _record_check(connection, gate_run_id, result)
    return gate_run_id


def failed_receipts(connection: psycopg.Connection) -> list[str]:
    """Receipts in force that the errors of the newest gate run name: holding them may open the gate (D8)."""
    return [
        receipt_id
        for (receipt_id,) in connection.execute(
            """select distinct failed.receipt_id
               from quality.failed_row as failed
               inner join quality.check_result as result using (gate_run_id, rule_id)
               inner join intake.scope as scope on scope.receipt_id = failed.receipt_id and not scope.is_held
               where failed.gate_run_id = (select max(gate_run_id) from quality.gate_run) and result.severity = 'error'
               order by failed.receipt_id"""
        )
    ]


def _record_check(connection: psycopg.Connection, gate_run_id: int, result: CheckResult) -> None:
    check = result.check
    added = connection.execute(
        """insert into quality.check_result (gate_run_id, rule_id, table_name, family, severity, owner, success,
                                             observed, unexpected_count, message_vi, message_en)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict do nothing""",  # a rule id that is there twice already shut the gate
        [
            gate_run_id, check.rule_id, check.table_name, check.family, check.severity, check.owner, result.success,
            result.failure or result.observed, result.unexpected_count, check.reason_vi, check.reason_en,
        ],
    ).rowcount  # fmt: skip
    if added and not result.success and not result.failure:
        _record_rows(connection, gate_run_id, result)


def _record_rows(connection: psycopg.Connection, gate_run_id: int, result: CheckResult) -> None:
    """Keep the offending rows: of an SQL check the rows themselves, of a column check the values that it named."""
    for number, content in enumerate(_failed_rows(connection, result), start=1):
        receipt_id = content.get("receipt_id")
        connection.execute(
            """insert into quality.failed_row (gate_run_id, rule_id, row_no, row_content, receipt_id)
               values (%s, %s, %s, %s, %s)""",
            [gate_run_id, result.check.rule_id, number, Jsonb(content, dumps=_dumps), receipt_id],
        )


def _failed_rows(connection: psycopg.Connection, result: CheckResult) -> list[dict[str, Any]]:
    query = result.check.query
    if query is None:
        kwargs = result.check.configuration["kwargs"]
        columns = kwargs.get("column_list") or [kwargs.get("column")]
        return [{"columns": columns, "value": value} for value in result.sample]
    table = sql.Identifier(MARTS, result.check.table_name).as_string(connection)
    rows = connection.execute(
        sql.SQL("select to_jsonb(failed) from ({}) as failed limit {}").format(
            sql.SQL(query.format(batch=table)), sql.Literal(ROWS_KEPT)
        )
    ).fetchall()
    return [content for (content,) in rows]


def _dumps(content: Any) -> str:
    import json

    return json.dumps(content, default=str, ensure_ascii=False)
