"""A candidate small enough to publish in a moment: two tables as dbt would leave them, changed and passed by SQL."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from vwu.database import connect
from vwu.publish.models import load_models, manifest_path
from vwu.publish.parts import candidate_hash, candidate_parts
from vwu.settings import Settings

MODELS: dict[str, dict[str, Any]] = {
    "dim_period": {"part_by": [], "key": ["period_key"]},
    "fct_sample": {"part_by": ["period_key", "province_code"], "key": ["period_key", "province_code", "line_no"],
                   "indexes": [["province_code"]]},
}  # fmt: skip


def write_manifest(settings: Settings, models: dict[str, dict[str, Any]] = MODELS, **columns: str) -> None:
    """What dbt would leave: the two models above, their columns described in both languages."""
    described = {
        "dim_period": {"period_key": "Key of the period", "period_code": "Period"},
        "fct_sample": dict.fromkeys(("period_key", "province_code", "line_no", "value", "receipt_id"), "Said")
        | columns,
    }
    nodes = {
        f"model.vwu.{name}": {
            "resource_type": "model",
            "name": name,
            "schema": "marts",
            "description": f"About {name}",
            "config": {"meta": {"published": published, "vi": f"Về {name}"}},
            "columns": {
                column: {"description": text, "config": {"meta": {"vi": "Nghĩa"}}}
                for column, text in described[name].items()
            },
        }
        for name, published in models.items()
    }
    path = manifest_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nodes": nodes}), "utf-8")


def build(settings: Settings, *statements: str) -> None:
    """Change the candidate as dbt would: as the builder, in one transaction."""
    with connect(settings, "builder") as builder:
        for statement in statements:
            builder.execute(sql.SQL(statement))


def gate(settings: Settings, verdict: str = "publish", code_version: str | None = None) -> str:
    """Record what the gate would record for the candidate as it is now; returns its hash."""
    with connect(settings, "publisher") as connection:
        digest = candidate_hash(candidate_parts(connection, load_models(settings)))
        connection.execute(
            """insert into quality.gate_run (candidate_hash, verdict, code_version, expected_checks, executed_checks,
                                             started_at, finished_at)
               values (%s, %s, %s, 1, 1, now(), now())""",
            [digest, verdict, code_version or settings.code_version],
        )
    return digest


def answer(settings: Settings, query: str, *before: str) -> list[tuple[Any, ...]]:
    with connect(settings, "bi_reader") as reader:
        for statement in before:
            reader.execute(sql.SQL(statement))
        return reader.execute(sql.SQL(query)).fetchall()


def make_candidate(database: Settings) -> Settings:
    """A warehouse with a candidate of two months, two provinces and one receipt, gated and ready."""
    build(
        database,
        "create table marts.dim_period (period_key bigint, period_code text)",
        "insert into marts.dim_period values (1, '2024-09'), (2, '2024-10')",
        "create table marts.fct_sample (period_key bigint, province_code text, line_no integer, value numeric, "
        "receipt_id text)",
        "insert into marts.fct_sample select period_key, province_code, line_no, line_no * 10, 'a'::text "
        "from marts.dim_period, unnest(array['19', '22']) as province_code, generate_series(1, 3) as line_no",
        "create table staging.stg_scope (scope_key text, receipt_id text, is_held boolean)",
        "insert into staging.stg_scope values ('s1', 'a', false), ('s2', 'held', true)",
    )
    write_manifest(database)
    gate(database)
    return database
