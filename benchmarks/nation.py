"""What one corrected workbook, and one more month, cost at national size (SCALE P2, P4, P7); the gate check by check.

    export VWU_HOME=/data/nation
    .venv/bin/python benchmarks/nation.py lay --months 12 --indicators 5 --loans 20000
    .venv/bin/python benchmarks/nation.py correct      # a commune's workbook: receive, build, gate, publish (P4)
    .venv/bin/python benchmarks/nation.py airflow      # another, by the real scheduler (P4), to its reports and site
    .venv/bin/python benchmarks/nation.py airflow --anew  # the same, with every report that is due written anew
    .venv/bin/python benchmarks/nation.py month        # one more month of every commune and a loan feed (P2)
    .venv/bin/python benchmarks/nation.py gate         # of what is built, and of everything; the slowest checks
    .venv/bin/python benchmarks/nation.py rollback     # and forward again (P7)
    .venv/bin/python benchmarks/nation.py remove       # stops the server of this home and deletes its data

`lay` makes a server in that home, lays months of a made-up nation up to June 2026 in `raw` by SQL (whoever the form
asks each month: districts until June 2025, communes from July 2025; a loan feed of one bank each month), builds, gates
and publishes it. Branches, periods, indicators and rates are the real ones. What comes after arrives as files, through
the product's own steps, each of which is told by the clock and by processor time, ours and the server's. For P2 the
same `month` is run in two homes, of which one was laid with ten times the months. `gate` runs in any home.
"""

from __future__ import annotations

import argparse
import csv
import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from effort import Effort, measured
from laid import lay_reports

from vwu.build import build
from vwu.catalogue import Catalogue, load_catalogue
from vwu.database import connect
from vwu.gate import run_gate
from vwu.gate.suites import read_expected
from vwu.gate.validation import MARTS, open_context, run_suite, session
from vwu.intake.arrivals import BANK_FEEDS, BRANCH_SUBMISSIONS, list_arrivals
from vwu.intake.receive import receive_files
from vwu.intake.submission.template import FormHead, FormValue, form_lines, write_form
from vwu.publish import publish, releases, rollback
from vwu.publish.models import load_models
from vwu.run import run_through_airflow
from vwu.settings import Settings, load_settings
from vwu.stack import postgres
from vwu.stack.progress import Progress
from vwu.stack.server import admin_url, warehouse_name
from vwu.stack.up import down, up

NEWEST = "2026-06"  # the last month that is laid; its communes are today's
COMMUNE = "P22-06895"  # whose workbook is corrected
SLOW_CHECKS = 12
SITE, ROLL_UP = "warehouse_release.report_status", "national_rollup.roll_up_period"

# Whoever the form asks each month.
DUTIES = """
from seeds.period as period
inner join seeds.form_assignment as duty
    on duty.form = 'BM01' and duty.level in ('district', 'commune') and duty.period_kind = period.period_kind
    and duty.valid_from <= period.end_date and coalesce(duty.valid_to, 'infinity') >= period.end_date
inner join seeds.branch as branch
    on branch.level = duty.level
    and branch.valid_from <= period.end_date and coalesce(branch.valid_to, 'infinity') >= period.end_date
where period.calendar = 'union' and period.period_kind = 'month' and period.period_code = any(%(months)s)"""

# A bank's loans of a month end: each takes 200,000 and repays 100,000 a month, so that months follow from each other.
LOANS = """
with place as (
    select region.region_code, row_number() over (order by region.region_code) - 1 as number
    from seeds.region as region
    where region.level = 'commune' and region.valid_from <= %(as_of)s::date
        and coalesce(region.valid_to, 'infinity') >= %(as_of)s::date
),
scheme as (
    select credit_programme, annual_rate_pct, row_number() over (order by credit_programme) - 1 as number
    from seeds.credit_programme_rate
    where credit_programme in ('HN', 'HCN', 'HMTN', 'SXKDVKK') and variant = 'standard'
        and valid_from <= %(as_of)s::date and coalesce(valid_to, 'infinity') >= %(as_of)s::date
),
loan as (
    select number, number %% (%(loans)s / 8) as team, abs(hashint8(number)) as noise, number * 9 / 10 as person
    from generate_series(0, %(loans)s - 1) as number
)
select
    'VBSP' as bank_code, 'VBSP-' || lpad((loan.team %% 63)::text, 2, '0') as bank_branch_code,
    %(as_of)s::date as as_of_date, '66' || lpad(loan.number::text, 12, '0') as loan_id,
    lpad(loan.person::text, 10, '0') as customer_id, '0221' || lpad(loan.person::text, 8, '0') as citizen_id,
    'Nguyễn Thị Hồng ' || loan.person %% 977 as full_name,
    (date '1960-01-01' + (loan.person %% 15000)::integer) as birth_date, 'F' as sex, place.region_code as commune_code,
    case when %(as_of)s::date < '2025-07-01' then 'GSO-2024' else 'GSO-2025' end as commune_code_system,
    'TO' || lpad(loan.team::text, 7, '0') as group_id, 'PN' as organisation, scheme.credit_programme,
    100000000 as approved_amount, (date '2014-01-01' + (loan.noise %% 300)::integer) as disbursed_on,
    (date '2028-01-01' + (loan.noise %% 1000)::integer) as maturity_on, scheme.annual_rate_pct,
    (loan.noise %% 80 + 1) * 1000000 + %(month)s * 100000 as opening_balance, 200000 as lent, 100000 as collected,
    0 as written_off, 0 as transferred,
    (loan.noise %% 80 + 1) * 1000000 + (%(month)s + 1) * 100000 as closing_balance,
    case when loan.noise %% 20 = 0 then 1000000 else 0 end as overdue, 0 as frozen,
    case when loan.noise %% 20 = 0 then 45 else 0 end as overdue_days, loan.noise %% 500000 as interest_due,
    loan.noise %% 400000 as interest_collected, loan.noise %% 3000000 as savings_balance, 'active' as status
from loan
inner join place on place.number = loan.team %% (select count(*) from place)
inner join scheme on scheme.number = loan.person %% 4
order by loan.number
"""
FEED = "'loan|VBSP|' || to_char(%(as_of)s::date, 'YYYY-MM')"
LAND_LOANS = (
    """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by, received_at)
       values (left(md5(%(as_of)s::text), 16), md5(%(as_of)s::text) || md5(%(as_of)s::text), 'loan', 'loan.csv', 1,
           'landed', 'benchmark', %(as_of)s::date + 2)""",
    f"""insert into intake.scope (scope_key, kind, bank_code, as_of_date, receipt_id, precedence)
        values ({FEED}, 'loan', 'VBSP', %(as_of)s, left(md5(%(as_of)s::text), 16), 1)""",
    f"""insert into intake.receipt_scope (receipt_id, scope_key, precedence)
        values (left(md5(%(as_of)s::text), 16), {FEED}, 1)""",
    "select raw.ensure_month(%(as_of)s)",
    f"""insert into raw.loan
        select left(md5(%(as_of)s::text), 16), row_number() over (), as_of_date, bank_code, bank_branch_code, loan_id,
            md5(citizen_id)::uuid, sex, commune_code, commune_code_system, group_id,
            organisation, credit_programme, approved_amount, disbursed_on, maturity_on, annual_rate_pct,
            opening_balance, lent, collected, written_off, transferred, closing_balance, overdue, frozen, overdue_days,
            interest_due, interest_collected, savings_balance, status
        from ({LOANS}) as line""",
    f"""insert into raw.feed_control (receipt_id, scope_key, bank_code, kind, as_of_date, sequence, file_name, sha256,
            row_count, sum_lent, sum_collected, sum_closing_balance, sum_overdue, sum_frozen, distinct_customers,
            distinct_groups, created_at)
        select left(md5(%(as_of)s::text), 16), {FEED}, 'VBSP', 'loan', %(as_of)s, 1, 'loan.csv',
            md5(%(as_of)s::text) || md5(%(as_of)s::text), count(*), sum(lent), sum(collected), sum(closing_balance),
            sum(overdue), sum(frozen), count(distinct citizen_token), count(distinct group_id), %(as_of)s::date + 1
        from raw.loan where as_of_date = %(as_of)s""",
)


def main() -> None:
    options = _options()
    settings = load_settings()
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    if options.step == "remove":
        down(settings, Progress())
        postgres.remove(settings.home)
        shutil.rmtree(settings.home)
        return
    settings = up(settings, Progress(), with_airflow=options.step == "airflow").settings
    if options.step == "lay":
        _lay(settings, options)
    elif options.step == "airflow":
        _airflow(settings, options.anew)
    else:
        {"correct": _correct, "month": _month, "gate": _gate, "rollback": _rollback}[options.step](settings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("lay", "correct", "airflow", "month", "gate", "rollback", "remove"))
    parser.add_argument("--months", type=int, default=12, help="lay: months stored, up to June 2026")
    parser.add_argument("--indicators", type=int, default=5, help="lay: that each branch reports each month")
    parser.add_argument("--loans", type=int, default=20_000, help="lay: lines of each month's feed; 0 for no feeds")
    parser.add_argument("--anew", action="store_true", help="airflow: every report that is due, not only what changed")
    return parser.parse_args()


# What lies there before


def _lay(settings: Settings, options: argparse.Namespace) -> None:
    catalogue = load_catalogue(settings.root / "seeds")
    assert build(settings).ok, "the empty warehouse does not build"
    months = _months_until(NEWEST, options.months)
    lines = [
        {
            "line_no": number, "programme_code": line.programme_code, "indicator_code": line.indicator_code,
            "basis": catalogue.indicators[line.indicator_code].bases[0],
            "unit_code": catalogue.indicators[line.indicator_code].unit_code,
        }
        for number, line in enumerate(_lines(catalogue, options.indicators), start=1)
    ]  # fmt: skip
    with psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as admin:
        lay_reports(admin, DUTIES, {"months": months}, lines)
        for number, month in enumerate(months) if options.loans else ():
            values = {"as_of": _month_end(month), "month": number, "loans": options.loans}
            for statement in LAND_LOANS:
                admin.execute(statement.encode(), values)
        admin.execute("vacuum analyze")
    _say_size(settings)
    _tell("the first release", _release(settings, full_refresh=True))


def _lines(catalogue: Catalogue, count: int) -> list[Any]:
    """The first lines of the form that hold whole numbers which add up, of programmes that every province has."""
    lines = [
        line
        for line in form_lines(catalogue, COMMUNE, NEWEST)
        if catalogue.indicators[line.indicator_code].measure in ("flow", "stock")
        and line.is_whole
        and catalogue.programmes[line.programme_code].level == "national"
    ]
    assert len(lines) >= count, f"the form has only {len(lines)} such lines"
    return lines[:count]


def _months_until(newest: str, count: int) -> list[str]:
    year, month = map(int, newest.split("-"))
    last = year * 12 + month - 1
    return [f"{each // 12}-{each % 12 + 1:02}" for each in range(last - count + 1, last + 1)]


def _following(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def _month_end(month: str) -> date:
    return date.fromisoformat(f"{_following(month)}-01") - timedelta(days=1)


def _say_size(settings: Settings) -> None:
    with connect(settings, "builder") as connection:
        row = connection.execute(
            """select count(distinct period_code), count(distinct indicator_code), count(*),
                   (select count(*) from raw.loan), (select count(distinct as_of_date) from raw.loan)
               from raw.submission_value where value is not null"""
        ).fetchone()
    assert row is not None
    assert row[2], "nothing is laid: run `lay`"
    print(f"PostgreSQL {_server(settings)}; stored: {row[0]} months of {row[1]} indicators, {row[2]:,} values; "
          f"{row[3]:,} loan lines of {row[4]} months", flush=True)  # fmt: skip


def _server(settings: Settings) -> str:
    with connect(settings, "loader") as connection:
        return str(connection.info.parameter_status("server_version"))


# What arrives


def _correct(settings: Settings) -> None:
    """One figure of one commune's newest workbook, higher by one."""
    _say_size(settings)
    _write_correction(settings)
    _tell("one corrected workbook", {"receive": _received(settings, BRANCH_SUBMISSIONS)} | _release(settings))


def _month(settings: Settings) -> None:
    """One more month: a workbook of each commune, and the bank's feed."""
    _say_size(settings)
    following = _following(_newest(settings))
    values = _write_month(settings, following)
    lines = _write_feed(settings, following)
    print(f"arrived: {following}, {values:,} values of communes in one file a province, {lines:,} loan lines")
    found = {"receive": _received(settings, BRANCH_SUBMISSIONS), "receive feed": _received(settings, BANK_FEEDS)}
    _tell("one more month", found | _release(settings))


def _newest(settings: Settings) -> str:
    with connect(settings, "builder") as connection:
        row = connection.execute("select max(period_code) from intake.scope where kind = 'submission'").fetchone()
    assert row is not None
    return str(row[0])


def _said(settings: Settings, month: str) -> list[tuple[Any, ...]]:
    """What is in force of a month: branch, form version, programme, indicator, basis, value, unit."""
    with connect(settings, "builder") as connection:
        return connection.execute(
            """select branch_code, programme_code, indicator_code, basis, value::bigint, unit_code
               from raw.submission_value inner join intake.scope using (receipt_id, scope_key, branch_code, period_code)
               where period_code = %s and value is not null order by branch_code, line_no""",
            [month],
        ).fetchall()


def _write_correction(settings: Settings, alike: bool = False) -> None:
    """The form with the lines that are reported here: one that is left blank would be a report of its own.

    One figure is higher by one; or all are `alike`, since of many that are made up a part is soon more than its whole.
    """
    month = _newest(settings)
    catalogue = load_catalogue(settings.root / "seeds")
    period = catalogue.period(month)
    assert period is not None
    branch = catalogue.branch(COMMUNE, period.end_date)
    assert branch is not None
    mine = {row[2]: row for row in _said(settings, month) if row[0] == COMMUNE}
    lines = [line for line in form_lines(catalogue, COMMUNE, month) if line.indicator_code in mine]
    values = [
        FormValue(line.programme_code, line.indicator_code, "actual", mine[line.indicator_code][3],
                  int(mine[lines[0].indicator_code if alike else line.indicator_code][4]) + (alike or number == 0))
        for number, line in enumerate(lines)
    ]  # fmt: skip
    head = FormHead(COMMUNE, branch.name_vi, month, period.start_date, period.end_date, f"Ban Kinh tế {time.time_ns()}")
    _put(settings, BRANCH_SUBMISSIONS, f"BM01 {COMMUNE} {month} {time.time_ns()}.xlsx", write_form(head, lines, values))


def _write_month(settings: Settings, month: str) -> int:
    """Each province sends one long CSV with the reports of all its communes; figures are those of the month before."""
    rows = _said(settings, _months_until(month, 2)[0])
    provinces: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        provinces.setdefault(row[0].partition("-")[0], []).append(row)
    head = ("form", "form_version", "branch_code", "period_code", "programme_code", "indicator_code", "scenario",
            "basis", "value", "unit", "note")  # fmt: skip
    for province, said in provinces.items():
        text = [",".join(head)] + [
            f"BM01,1,{branch},{month},{programme},{indicator},actual,{basis},{value + 1},{unit},"
            for branch, programme, indicator, basis, value, unit in said
        ]
        _put(settings, BRANCH_SUBMISSIONS, f"BM01 {province} {month}.csv", ("\n".join(text) + "\n").encode())
    return len(rows)


def _write_feed(settings: Settings, month: str) -> int:
    as_of = _month_end(month)
    with connect(settings, "builder") as connection:
        row = connection.execute(
            """select count(*) filter (where as_of_date = newest), count(distinct as_of_date),
                   sum(closing_balance) filter (where as_of_date = newest)
               from raw.loan cross join (select max(as_of_date) from raw.loan) as of (newest)"""
        ).fetchone()
        assert row is not None
        loans, months, before = row
        if not loans:
            return 0
        path = Path(settings.landing) / BANK_FEEDS / f"VBSP_loan_{as_of}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        found = connection.execute(LOANS.encode(), {"as_of": as_of, "month": months, "loans": loans})
        names = [column.name for column in found.description or ()]
        lines = [dict(zip(names, line, strict=True)) for line in found.fetchall()]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(lines)
    sums = {f"sum_{name}": sum(line[name] for line in lines)
            for name in ("lent", "collected", "closing_balance", "overdue", "frozen")}  # fmt: skip
    control = {
        "bank_code": "VBSP", "kind": "loan", "as_of_date": str(as_of), "sequence": 1, "file_name": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "row_count": len(lines), **sums,
        "distinct_customers": len({line["customer_id"] for line in lines}),
        "distinct_groups": len({line["group_id"] for line in lines}),
        "previous_sum_closing_balance": int(before), "created_at": f"{as_of}T23:00:00+07:00",
    }  # fmt: skip
    path.with_name(path.name + ".control.json").write_text(json.dumps(control))
    return len(lines)


def _put(settings: Settings, zone: str, name: str, content: bytes) -> None:
    """Under its name only when it is whole, and older than what is still being written may be."""
    path = Path(settings.landing) / zone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# What it costs


def _received(settings: Settings, zone: str) -> Effort:
    outcomes, effort = measured(settings, lambda: list(receive_files(settings, list_arrivals(settings, zone))))
    told = [each if isinstance(each, Exception) else each.summary() for each in outcomes]
    if not all(not isinstance(each, Exception) and each.state == "landed" for each in outcomes):
        raise SystemExit(f"not everything landed: {told[:3]}")
    return effort


def _release(settings: Settings, full_refresh: bool = False) -> dict[str, Effort]:
    """Build, gate and publish, each of which must do what it is there for."""
    built, of_build = measured(settings, lambda: build(settings, full_refresh))
    assert built.ok, built.failures[:5]
    _say_nodes(settings, built.build_id)
    verdict, of_gate = measured(settings, lambda: run_gate(settings))
    assert verdict.passed, verdict.summary()
    release, of_publish = measured(settings, lambda: publish(settings))
    assert release.is_new, release.reason
    print(f"{built.models} models, {built.tests} tests; {verdict.summary()[:200]}; "
          f"{release.parts_written:,} parts and {release.rows_written:,} rows written")  # fmt: skip
    return {"build": of_build, "gate": of_gate, "publish": of_publish}


def _say_nodes(settings: Settings, build_id: int) -> None:
    with connect(settings, "builder") as connection:
        kinds = connection.execute(
            """select resource_type, count(*), sum(seconds) from quality.dbt_result where build_id = %s
               group by resource_type order by sum(seconds) desc""",
            [build_id],
        ).fetchall()
        slow = connection.execute(
            """select split_part(node_id, '.', 3), seconds, rows_affected from quality.dbt_result
               where build_id = %s order by seconds desc limit %s""",
            [build_id, SLOW_CHECKS],
        ).fetchall()
    print("  dbt: " + ", ".join(f"{count} {kind}s {seconds:.1f} s" for kind, count, seconds in kinds))
    for name, seconds, rows in slow:
        print(f"  {seconds:8.2f} s  {name}" + (f", {rows:,} rows" if rows else ""))


def _tell(what: str, efforts: dict[str, Effort]) -> None:
    for name, effort in efforts.items():
        print(f"{name:<20}{effort}")
    print(f"{'all of ' + what:<24}{sum(efforts.values(), Effort())}", flush=True)


def _airflow(settings: Settings, anew: bool) -> None:
    """From the workbook's arrival to the new release and what it rebuilds, by the scheduler; the tasks' own time."""
    _say_size(settings)
    if anew:
        shutil.rmtree(settings.home / "reports", ignore_errors=True)
    before = releases(settings)[0].release_id
    arrived = datetime.now(UTC)
    _write_correction(settings, alike=anew)
    failures = run_through_airflow(settings, Progress().show)
    ended = datetime.now(UTC)
    assert not failures, failures
    newest = releases(settings)[0]
    assert newest.release_id > before, "no release came of it"
    print(f"from arrival to release {newest.release_id}: {(newest.published_at - arrived).total_seconds():.1f} s; "
          f"to the end of every run: {(ended - arrived).total_seconds():.1f} s")  # fmt: skip
    with psycopg.connect(settings.database_url("airflow")) as connection:
        tasks = connection.execute(
            """select dag_id || '.' || task_id, start_date, end_date from task_instance
               where start_date > %s and end_date is not null order by start_date""",
            [arrived],
        ).fetchall()
    for name, started, finished in tasks:
        print(f"{(started - arrived).total_seconds():8.1f} s  {name} took {(finished - started).total_seconds():.1f} s")
    _tell_rebuilt(settings, newest.published_at, tasks)


def _tell_rebuilt(settings: Settings, published_at: datetime, tasks: list[tuple[str, datetime, datetime]]) -> None:
    """When what people see had been written by the DAGs, counted from when the release was in force."""
    ends = {task: [finished for name, _, finished in tasks if name == task and finished > published_at]
            for task in (SITE, ROLL_UP)}  # fmt: skip
    assert all(ends.values()), "site or reports were not written"
    site, reports = (
        (min(ends[SITE]) - published_at).total_seconds(),
        (max(ends[ROLL_UP]) - published_at).total_seconds(),
    )
    print(f"from the release in force to site and status page: {site:.1f} s; "
          f"to the last of {len(ends[ROLL_UP])} reports: {reports:.1f} s")  # fmt: skip
    files = [path for path in (settings.home / "reports").rglob("*") if path.stat().st_mtime > published_at.timestamp()]
    kept = [path.stat().st_size for path in files if path.is_file()]
    print(f"written: {len(kept):,} files, {sum(kept) / 1e6:,.0f} MB")


def _rollback(settings: Settings) -> None:
    """To the release before and forward again: the function, and the command from its start to its end."""
    newest, former = (each.release_id for each in releases(settings)[:2])
    for release_id in (former, newest):
        _, effort = measured(settings, lambda release_id=release_id: rollback(settings, release_id))
        print(f"rollback to {release_id}, the function   {effort}")
    vwu = Path(sys.executable).with_name("vwu")
    for release_id in (former, newest):
        _, effort = measured(
            settings,
            lambda release_id=release_id: subprocess.run(
                [vwu, "rollback", str(release_id)], check=True, capture_output=True
            ),
        )
        print(f"vwu rollback {release_id}, the command   {effort}")


def _gate(settings: Settings) -> None:
    """The gate, and as if nothing were in force; then each suite by itself, then the query of each check, over all."""
    for name, whole in {"the gate": False, "the gate, of everything (--whole)": True}.items():
        verdict, effort = measured(settings, functools.partial(run_gate, settings, whole=whole))
        print(f"{name:<40}{effort}  {verdict.summary()[:200]}", flush=True)
    tables = [table for model in load_models(settings) for table in (model.name, model.relation)]
    expected = read_expected(settings.root / "expectations", tables)
    with open_context(settings) as context:
        for suite in expected.suites:
            started = time.perf_counter()
            run_suite(context, suite)
            print(f"{'suite ' + suite.table_name:<40}{time.perf_counter() - started:8.2f} s")
    slow = sorted(_queries(settings, expected.checks), reverse=True)
    print(f"the queries of {len(slow)} checks: {sum(seconds for seconds, _ in slow):.1f} s; the slowest:")
    for seconds, rule in slow[:SLOW_CHECKS]:
        print(f"{rule:<40}{seconds:8.2f} s")


def _queries(settings: Settings, checks: Any) -> list[tuple[float, str]]:
    """Seconds of each check that is a query, run by itself."""
    found = []
    with connect(settings, "publisher", autocommit=True) as connection:
        for name, value in session(settings).items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        for check in checks:
            if check.query is None:
                continue
            query = check.query.format(batch=f"{MARTS}.{check.table_name} as batch")
            started = time.perf_counter()
            connection.execute(query.encode()).fetchall()
            found.append((time.perf_counter() - started, check.rule_id))
    return found


if __name__ == "__main__":
    main()
