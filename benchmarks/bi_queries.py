"""The standard queries of a BI tool on `published`, at national size (SCALE P3).

    .venv/bin/python benchmarks/bi_queries.py --indicators 20

publishes the example in a throw-away PostgreSQL, lays 60 months of a whole nation beside it as release 2 (figures are
made up; regions, branches, periods and indicators are the real ones), and runs each file of `bi_queries/` as
`bi_reader` through the published views, and on the same stored rows without releases in between. Prints the median of
the runs of each, both sides, and the ratio. The rows are laid by SQL, not by `vwu publish`, whose cost is another
benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from vwu.database import connect
from vwu.publish.storage import report_views
from vwu.settings import Settings, load_settings
from vwu.stack import postgres
from vwu.stack.server import admin_url, warehouse_name

QUERIES = Path(__file__).with_name("bi_queries")
FIGURE = {"programme": "DA939", "indicator": "WOMEN_STARTUP_SUPPORTED"}
FIRST, LAST = "2021-07-01", "2026-06-30"
FACTS = ("fct_indicator_value", "fct_indicator_rollup", "fct_credit_month", "fct_submission")

# Whom a figure is for: the regions of its time as reported, today's as now.
COMMON = f"""
create temporary table figure as
select
    indicator_key, unit_code, programme_key,
    row_number() over (order by indicator_code <> %(indicator)s, indicator_code) as place
from published.dim_indicator inner join published.dim_programme using (programme_code)
where measure in ('flow', 'stock');
delete from figure where place > %(indicators)s;
create temporary table span as
select period_key, period_kind, start_date, end_date, calendar from published.dim_period
where start_date >= '{FIRST}' and end_date <= '{LAST}'
  and period_kind in ('month', 'quarter', 'half_year', 'nine_months', 'year');
create temporary table place as
select span.period_key, span.calendar, span.period_kind, region.region_key, region.level, 'as_reported' as boundary
from span inner join published.dim_region as region
    on region.valid_from <= span.end_date and coalesce(region.valid_to, 'infinity') >= span.end_date
union all
select span.period_key, span.calendar, span.period_kind, region.region_key, region.level, 'as_now'
from span inner join published.dim_region as region on region.valid_to is null;
analyze figure, span, place;
"""
ROWS = {
    "fct_indicator_value": """
        select figure.programme_key, figure.indicator_key, branch.branch_key, branch.region_key, span.period_key,
            'actual' as scenario, 'in_period' as basis, figure.unit_code, 'exact' as qualifier,
            'reported' as value_state,
            amount.value, amount.value as lower_bound, amount.value as upper_bound, 0 as findings,
            left(md5(branch.branch_code || span.period_key), 16) as receipt_id,
            'BaoCao!G' || (13 + figure.place) as position,
            amount.value::text as raw_text, 'submission|' || branch.branch_code || '|' || span.start_date as scope_key
        from span
        inner join published.dim_branch as branch
            on branch.valid_from <= span.end_date and coalesce(branch.valid_to, 'infinity') >= span.end_date
        cross join figure
        cross join lateral (
            select (abs(hashtext(branch.branch_code || figure.place || span.start_date)) %% 997)::numeric as value
        ) as amount
        where branch.level = 'commune' and span.period_kind = 'month' and span.calendar = 'union'""",
    "fct_indicator_rollup": """
        select figure.programme_key, figure.indicator_key, place.region_key, place.period_key, 'actual' as scenario,
            'in_period' as basis, place.boundary, 'commune' as level_used, amount.value, amount.value as lower_bound,
            amount.value as upper_bound, false as is_lower_open, false as is_upper_open, false as is_approximate,
            false as is_estimated, 98 as branches_expected, 96 as branches_reported, 97.9 as coverage_pct
        from place cross join figure
        cross join lateral (
            select (abs(hashint8(place.region_key # place.period_key) + figure.place) %% 9973)::numeric as value
        ) as amount
        where place.calendar = 'union'""",
    "fct_credit_month": """
        select bank.bank_key, programme.credit_programme_key, place.region_key, place.period_key, 'PN' as organisation,
            'loan' as source_kind, 40 as loans, 38 as borrowers, 37 as female_borrowers, 2 as groups,
            amount.value as lent, amount.value as collected, 0 as written_off, amount.value * 40 as closing_balance,
            amount.value as overdue, 0 as frozen, amount.value as par30_balance,
            left(md5(place.period_key::text), 16) as receipt_id, 'loan|VBSP' as scope_key
        from place
        inner join span using (period_key)
        inner join published.dim_bank as bank on bank.bank_code = 'VBSP'
        inner join published.dim_credit_programme as programme
            on programme.valid_from <= span.end_date and coalesce(programme.valid_to, 'infinity') >= span.end_date
            and programme.credit_programme in ('HN', 'HCN', 'HMTN', 'HSSV', 'GQVL', 'NSVSMT', 'SXKDVKK', 'XKLD')
        cross join lateral (
            select (abs(hashint8(place.region_key # place.period_key)) %% 9973 * 100000)::numeric as value
        ) as amount
        where place.calendar = 'bank' and place.period_kind = 'month' and place.level = 'commune'
          and place.boundary = 'as_reported'""",
    "fct_submission": """
        select branch.branch_key, span.period_key, 'BM01' as form, 'landed' as state, true as is_expected,
            span.end_date + 10 as due_date, span.end_date + interval '9 days' as received_at, 0 as days_late,
            case when hashtext(branch.branch_code) %% 25 <> 0
                then left(md5(branch.branch_code || span.period_key), 16) end as receipt_id
        from span
        inner join published.dim_branch as branch
            on branch.valid_from <= span.end_date and coalesce(branch.valid_to, 'infinity') >= span.end_date
        where span.period_kind = 'month' and span.calendar = 'union'""",
}


def main() -> None:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="vwu-benchmark-"))
    environment = {"VWU_HOME": str(folder / "home")}
    settings = load_settings(environment)
    try:
        for verb in (["example"], ["run", "--direct"]):
            subprocess.run(
                [Path(sys.executable).with_name("vwu"), *verb],
                env={**os.environ, **environment}, check=True, capture_output=True,
            )  # fmt: skip
        settings = load_settings(environment)
        rows = _lay_nation(settings, options.indicators)
        _compare(settings, options.runs, rows)
    finally:
        postgres.remove(settings.home)
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--indicators", type=int, default=20, help="that every commune reports every month")
    parser.add_argument("--runs", type=int, default=7)
    return parser.parse_args()


def _lay_nation(settings: Settings, indicators: int) -> dict[str, int]:
    """Release 2: the parts of release 1 and one part a fact and period of the nation. Returns rows by fact."""
    with psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as admin:
        admin.execute("set maintenance_work_mem = '1GB'; set work_mem = '512MB'; set synchronous_commit = off")
        for statement in COMMON.split(";\n"):
            if statement.strip():
                admin.execute(statement, {"indicator": FIGURE["indicator"], "indicators": indicators})
        rows = {fact: _lay_fact(admin, fact) for fact in FACTS}
        admin.execute(_REGISTER)
        admin.execute("vacuum analyze")
    return rows


def _lay_fact(admin: psycopg.Connection, fact: str) -> int:
    """Rows of one fact, period by period as its parts; indexes are made after, as a restore would."""
    indexes = admin.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'release' and tablename = %s", [fact]
    ).fetchall()
    for name, _ in indexes:
        admin.execute(f'drop index release."{name}"')
    admin.execute(f"create temporary table laid as {ROWS[fact]}".replace("%%", "%"))
    columns = ", ".join(column.name for column in admin.execute("select * from laid limit 0").description or ())
    admin.execute(
        """insert into release.part (table_name, part_key, content_hash, row_count, first_release_id)
           select %s, period_key::text, encode(sha256(period_key::text::bytea), 'hex'), count(*), 2
           from laid group by period_key""",
        [fact],
    )
    laid = admin.execute(
        f"""insert into release.{fact} (part_id, {columns})
            select part.part_id, {columns} from laid
            inner join release.part on part.table_name = '{fact}' and part.first_release_id = 2
                and part.part_key = laid.period_key::text
            order by laid.period_key"""
    ).rowcount
    admin.execute("drop table laid")
    for _, definition in indexes:
        admin.execute(definition)
    return laid


_REGISTER = """
insert into release.release (release_id, verdict, gate_run_id, candidate_hash, code_version, receipts, findings_open,
    row_counts, published_by)
select 2, verdict, gate_run_id, 'benchmark', code_version, receipts, findings_open, row_counts, 'benchmark'
from release.release where release_id = 1;
insert into release.manifest (release_id, table_name, part_id, part_value)
select 2, table_name, part_id, part_value from release.manifest where release_id = 1
union all
select 2, table_name, part_id, part_key::bigint from release.part where first_release_id = 2;
update release.pointer set release_id = 2;
"""


def _compare(settings: Settings, runs: int, rows: dict[str, int]) -> None:
    """Both sides of each query in turn, warm; milliseconds."""
    sides = {"published": [], "bare": []}
    ratios = []
    with psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as admin:
        _make_bare(admin)
        version = admin.execute("show server_version").fetchone()
    print(f"PostgreSQL {version[0]}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(", ".join(f"{fact} {count:,}" for fact, count in rows.items()))
    print(f"{'query':<28}{'rows':>7}{'published':>12}{'bare':>10}{'ratio':>8}   (ms, median of {runs}, warm)")
    with (
        connect(settings, "bi_reader", autocommit=True) as reader,
        psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as bare,
    ):
        for path in sorted(QUERIES.glob("*.sql")):
            text = path.read_text("utf-8").format(**FIGURE)
            found = reader.execute(text).fetchall()
            assert found, f"{path.name} has no answer: it measures nothing"
            bare_text = text.replace("published.", "bare.")
            assert sorted(map(str, bare.execute(bare_text).fetchall())) == sorted(map(str, found))
            ours, theirs = zip(*((_timed(reader, text), _timed(bare, bare_text)) for _ in range(runs)), strict=True)
            medians = statistics.median(ours), statistics.median(theirs)
            sides["published"].append(medians[0])
            sides["bare"].append(medians[1])
            ratios.append(medians[0] / medians[1])
            print(f"{path.stem:<28}{len(found):>7,}{medians[0]:>12.1f}{medians[1]:>10.1f}{ratios[-1]:>8.2f}")
    for name, times in sides.items():
        print(f"{name}: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")
    print(f"ratio: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    print(json.dumps({name: [round(each, 1) for each in times] for name, times in sides.items()}))


def _make_bare(admin: psycopg.Connection) -> None:
    """Schema `bare`: the same rows of release 2 and the same report views, with no release in between."""
    admin.execute("create schema bare")
    published = admin.execute(
        """select table_name from information_schema.views
           where table_schema = 'published' and table_name ~ '^(dim|fct|bridge)_'"""
    ).fetchall()
    for (name,) in published:
        columns = ", ".join(
            "2 as release_id" if column.name == "release_id" else column.name
            for column in admin.execute(f"select * from published.{name} limit 0").description or ()
        )
        admin.execute(f"create view bare.{name} as select {columns} from release.{name}")
    import vwu.publish

    for view in report_views():
        text = (Path(vwu.publish.__file__).parent / "views" / f"{view}.sql").read_text("utf-8")
        admin.execute(text.replace("published.", "bare."))


def _timed(connection: psycopg.Connection, text: str) -> float:
    started = time.perf_counter()
    connection.execute(text).fetchall()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
