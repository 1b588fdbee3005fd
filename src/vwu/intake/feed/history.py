"""Hold a feed against what is in force: the month before, and the other kind of the same month (INTERFACES 3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import FINAL_STATUSES
from vwu.intake.feed.control import SUMS, Control
from vwu.intake.feed.places import MOST_LINES
from vwu.intake.feed.rulebook import Search, find_by_searches
from vwu.intake.feed.streams import copy_from_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.model import FeedScope, Finding, Kind
from vwu.intake.rules import finding

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection


def find_history_faults(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, file_name: str
) -> tuple[Finding, ...]:
    """Findings that need the database. Reads only; nothing to compare with means no finding."""
    found: list[Finding] = []
    before = _receipt_in_force(connection, control, control.kind, month_end_before(control.as_of_date))
    if before is not None:
        found += _previous_sum(connection, control, before, file_name)
        if control.kind is Kind.LOAN:
            found += _roll_forward(engine, connection, before, control, file_name)
    if control.kind is Kind.LOAN and not found:
        found += _opening_sum(engine, control, file_name)
    return (*found, *_other_kind(engine, connection, control, file_name))


def month_end_before(month_end: date) -> date:
    """The last day of the month before."""
    return month_end.replace(day=1) - timedelta(days=1)


def _receipt_in_force(connection: psycopg.Connection, control: Control, kind: Kind, as_of: date) -> str | None:
    scope = FeedScope(control.bank_code, kind, as_of, 0)
    row = connection.execute("select receipt_id from intake.scope where scope_key = %s", [scope.key]).fetchone()
    return row[0] if row else None


def _previous_sum(connection: psycopg.Connection, control: Control, before: str, file_name: str) -> list[Finding]:
    row = connection.execute(
        "select sum_closing_balance from raw.feed_control where receipt_id = %s", [before]
    ).fetchone()
    stated = control.previous_sum_closing_balance
    if row is None or stated is None or stated == row[0]:
        return []
    return [
        finding(
            "FEED_PREVIOUS_SUM",
            position=f"{file_name}.control.json",
            column="previous_sum_closing_balance",
            value=str(stated),
            proposed=str(row[0]),
        )
    ]


def _opening_sum(engine: DuckDBPyConnection, control: Control, file_name: str) -> list[Finding]:
    """In all, the openings are the closings of the month before; asked only when loan by loan nothing was found."""
    row = engine.execute("select coalesce(sum(opening_balance), 0) from line").fetchone()
    assert row is not None
    stated = control.previous_sum_closing_balance
    if stated is None or int(row[0]) == stated:
        return []
    return [
        finding(
            "FEED_OPENING_SUM",
            position=file_name,
            column="opening_balance",
            value=str(row[0]),
            proposed=str(stated),
        )
    ]


_OPENING_DIFFERS = Search(
    "LOAN_OPENING_DIFFERS",
    "opening_balance",
    f"""select line.{LINE}, line.opening_balance, coalesce(previous.closing_balance, 0)
        from line left join previous using (loan_id)
        where line.opening_balance <> coalesce(previous.closing_balance, 0)""",
)


def _roll_forward(
    engine: DuckDBPyConnection, connection: psycopg.Connection, before: str, control: Control, file_name: str
) -> list[Finding]:
    """Each loan opens with what it closed with, a new one with nothing, and none goes without a final status."""
    copy_from_postgres(
        connection,
        """select loan_id, closing_balance, status from raw.loan
           where as_of_date = %s and receipt_id = %s""",
        [month_end_before(control.as_of_date), before],
        engine,
        "previous",
        {"loan_id": "varchar", "closing_balance": "bigint", "status": "varchar"},
    )
    found = find_by_searches(engine, file_name, (), [_OPENING_DIFFERS])
    return [*found, *_vanished(engine, file_name)]


def _vanished(engine: DuckDBPyConnection, file_name: str) -> list[Finding]:
    final = ", ".join(f"'{status}'" for status in FINAL_STATUSES)
    rows = engine.execute(
        f"""select loan_id, count(*) over () from previous anti join line using (loan_id)
            where status not in ({final}) order by loan_id limit {MOST_LINES}"""
    ).fetchall()
    if not rows:
        return []
    listed = ", ".join(row[0] for row in rows)
    return [finding("LOAN_VANISHED", position=file_name, column="loan_id", value=listed, line_count=rows[0][1])]


def _other_kind(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, file_name: str
) -> list[Finding]:
    """Loans against groups of the same month, whichever comes second."""
    other = {Kind.LOAN: Kind.GROUP, Kind.GROUP: Kind.LOAN}.get(control.kind)
    if other is None:
        return []
    receipt_id = _receipt_in_force(connection, control, other, control.as_of_date)
    if receipt_id is None:
        return []
    table = {Kind.GROUP: "raw.credit_group", Kind.LOAN: "raw.loan"}[other]
    sums = ", ".join(f"sum({name})" for name in SUMS)
    copy_from_postgres(
        connection,
        f"""select group_id, {sums} from {table}
            where as_of_date = %s and receipt_id = %s and group_id is not null group by group_id""",
        [control.as_of_date, receipt_id],
        engine,
        "other",
        {"group_id": "varchar", **dict.fromkeys(SUMS, "bigint")},
    )
    return _groups_that_differ(engine, file_name)


def _groups_that_differ(engine: DuckDBPyConnection, file_name: str) -> list[Finding]:
    """One finding for all groups whose loans and own line do not agree, naming the first of them and the matters."""
    sums = ", ".join(f"sum({name}) as {name}" for name in SUMS)
    differs = [f"coalesce(mine.{name}, 0) <> coalesce(other.{name}, 0)" for name in SUMS]
    counts = ", ".join(f"count(*) filter (where {condition})" for condition in differs)
    compared = f"""(select {sums}, group_id from line where group_id is not null group by group_id) as mine
        full join other using (group_id) where {" or ".join(differs)}"""
    row = engine.execute(f"select count(*), {counts} from {compared}").fetchone()
    assert row is not None
    if not row[0]:
        return []
    groups = engine.execute(f"select group_id from {compared} order by group_id limit {MOST_LINES}").fetchall()
    return [
        finding(
            "LOAN_GROUP_TOTALS_DIFFER",
            position=file_name,
            column="group_id",
            value=", ".join(group for (group,) in groups),
            line_count=row[0],
            matters=", ".join(name for name, count in zip(SUMS, row[1:], strict=True) if count),
        )
    ]
