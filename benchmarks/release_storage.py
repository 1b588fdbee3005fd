"""Storage of releases in insert-only parts: what publishing costs and how point queries and sums plan over thousands.

    .venv/bin/python benchmarks/release_storage.py --communes 98 --releases 40

makes a fact of 60 months x 34 provinces x communes x indicators in a throw-away PostgreSQL, publishes it with the
product's own code, corrects one province and month before each further release, and prints what it took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from throwaway import warehouse

from vwu.database import connect
from vwu.publish import publish, rollback
from vwu.publish.models import load_models, manifest_path
from vwu.publish.parts import candidate_hash, candidate_parts
from vwu.settings import Settings

FACT = """
create table marts.fct_sample as
select month::bigint as period_key, to_char(province, 'FM00') as province_code,
       (indicator * 1000003)::bigint as indicator_key, (province * 1000 + commune)::bigint as region_key,
       'actual'::text as scenario, 'in_period'::text as basis, ((indicator * commune * month) % 997)::numeric as value,
       'exact'::text as qualifier, 'PERSON'::text as unit_code,
       left(md5(province || '.' || commune || '.' || month), 16) as receipt_id, 'BaoCao!G' || indicator as position
from generate_series(0, {months} - 1) as month, generate_series(0, 33) as province,
     generate_series(1, {communes}) as commune, generate_series(1, {indicators}) as indicator
"""
ONE = "indicator_key = 5 * 1000003"
QUERIES = {
    "one figure": f"select value from {{table}} where {ONE} and region_key = 5010 and period_key = 30",
    "a commune's series": f"select period_key, value from {{table}} where {ONE} and region_key = 5010",
    "a province and month": "select sum(value) from {table} where province_code = '05' and period_key = 30",
    "the nation's series": f"select period_key, sum(value) from {{table}} where {ONE} group by period_key",
}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as folder, warehouse(Path(folder)) as settings:
        _measure(settings, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--communes", type=int, default=98, help="of each of the 34 provinces")
    parser.add_argument("--indicators", type=int, default=20)
    parser.add_argument("--releases", type=int, default=40)
    return parser.parse_args()


def _measure(settings: Settings, options: argparse.Namespace) -> None:
    with connect(settings, "builder") as builder:
        size = {name: getattr(options, name) for name in ("months", "communes", "indicators")}
        builder.execute(FACT.format(**size))
        builder.execute("create index on marts.fct_sample (period_key, province_code)")
        builder.execute("create table staging.stg_scope (scope_key text, receipt_id text, is_held boolean)")
    with connect(settings, "builder", autocommit=True) as builder:
        builder.execute("analyze marts.fct_sample")
        print(builder.execute("select version()").fetchone()[0])
        rows, stored = builder.execute(
            "select count(*), pg_size_pretty(pg_table_size('marts.fct_sample')) from marts.fct_sample"
        ).fetchone()
    print(f"mart: {rows:,} rows, {stored}, {options.months * 34:,} parts")
    _write_manifest(settings)
    _timed("hash the candidate", lambda: _pass_gate(settings))
    _timed("first release", lambda: publish(settings))
    later = [_correct_and_publish(settings, number) for number in range(1, options.releases)]
    if later:
        print(f"{'later release, one part changed':<34}{statistics.median(later):9.0f} ms (median of {len(later)})")
    _timed("rollback", lambda: rollback(settings, 1))
    _timed("and forward", lambda: rollback(settings, options.releases))
    _sizes(settings)
    _queries(settings)


def _write_manifest(settings: Settings) -> None:
    published = {
        "part_by": ["period_key", "province_code"],
        "indexes": [["indicator_key", "region_key", "period_key"], ["province_code", "period_key"]],
    }
    node = {
        "resource_type": "model",
        "name": "fct_sample",
        "schema": "marts",
        "config": {"meta": {"published": published}},
    }
    manifest_path(settings).parent.mkdir(parents=True)
    manifest_path(settings).write_text(json.dumps({"nodes": {"fct_sample": node}}), "utf-8")


def _pass_gate(settings: Settings) -> None:
    """Stand in for the gate, whose cost is another benchmark: hash the candidate and record a pass."""
    with connect(settings, "publisher") as connection:
        digest = candidate_hash(candidate_parts(connection, load_models(settings)))
        connection.execute(
            """insert into quality.gate_run (candidate_hash, verdict, code_version, expected_checks, executed_checks,
                                             started_at, finished_at)
               values (%s, 'publish', %s, 1, 1, now(), now())""",
            [digest, settings.code_version],
        )


def _correct_and_publish(settings: Settings, number: int) -> float:
    """Correct one province's month, and time the publication alone; milliseconds."""
    with connect(settings, "builder") as builder:
        builder.execute(
            "update marts.fct_sample set value = value + 1 where period_key = %s and province_code = %s",
            [number % 60, f"{number % 34:02}"],
        )
    _pass_gate(settings)
    started = time.perf_counter()
    publish(settings)
    return (time.perf_counter() - started) * 1000


def _sizes(settings: Settings) -> None:
    with connect(settings, "publisher") as connection:
        for name in ("fct_sample", "manifest", "part"):
            size = connection.execute(
                "select pg_size_pretty(pg_total_relation_size(%s::regclass))", [f"release.{name}"]
            ).fetchone()
            count = connection.execute(f"select count(*) from release.{name}").fetchone()
            print(f"{'release.' + name:<34}{count[0]:>12,} rows, {size[0]} with indexes")


def _queries(settings: Settings) -> None:
    """Each query through the view as bi_reader, and on the bare table that holds all parts; medians of seven."""
    with psycopg.connect(_superuser_url(settings), autocommit=True) as admin:
        admin.execute("vacuum analyze release.fct_sample, release.manifest")
        bare = {name: _median(admin, query.format(table="release.fct_sample")) for name, query in QUERIES.items()}
    with connect(settings, "bi_reader", autocommit=True) as reader:
        for name, query in QUERIES.items():
            through = _median(reader, query.format(table="published.fct_sample"))
            print(f"{name:<34}{through:9.2f} ms, bare table {bare[name]:.2f} ms")


def _superuser_url(settings: Settings) -> str:
    warehouse = urlsplit(settings.database_url("owner")).path
    return urlunsplit(urlsplit(settings.database_url("superuser"))._replace(path=warehouse))


def _median(connection: psycopg.Connection, query: str) -> float:
    return statistics.median(_elapsed(lambda: connection.execute(query).fetchall()) for _ in range(7))


def _timed(name: str, work: Callable[[], object]) -> None:
    print(f"{name:<34}{_elapsed(work):9.0f} ms")


def _elapsed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
