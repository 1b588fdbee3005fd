"""What the pipeline did and holds, read from the tables that the steps write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vwu.build import GOOD
from vwu.database import connect, read_rows

if TYPE_CHECKING:
    from vwu.readiness import Readiness
    from vwu.settings import Settings

_NEWEST = {"last": 30}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file that came lately, or is held."""

    receipt_id: str
    kind: str
    file_name: str
    state: str
    reason_vi: str
    reason_en: str
    row_count: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many files of a kind are in a state."""

    kind: str
    state: str
    files: int
    last_received_at: datetime


@dataclass(frozen=True, slots=True)
class Build:
    """One build and how long its parts took."""

    build_id: int
    status: str
    is_full_refresh: bool
    started_at: datetime
    seconds: float | None
    models: int
    tests: int
    failures: int


@dataclass(frozen=True, slots=True)
class Gate:
    """One run of the gate; `failed` are the checks that reported something."""

    gate_run_id: int
    verdict: str
    expected_checks: int
    executed_checks: int
    started_at: datetime
    seconds: float
    problems: list[str]
    failed: list[str]


@dataclass(frozen=True, slots=True)
class Node:
    """One model, seed or test of the last build."""

    node_id: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None


@dataclass(frozen=True, slots=True)
class PastRelease:
    """One release of the register."""

    release_id: int
    published_at: datetime
    verdict: str
    coverage_pct: Any
    receipts: int
    findings_open: int
    code_version: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to which day a source has said something in the release in force."""

    source_vi: str
    source_en: str
    until: date


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All of it, newest first."""

    arrivals: tuple[Arrivals, ...]
    held: tuple[Receipt, ...]
    latest: tuple[Receipt, ...]
    builds: tuple[Build, ...]
    slowest: tuple[Node, ...]
    gates: tuple[Gate, ...]
    releases: tuple[PastRelease, ...]
    freshness: tuple[Freshness, ...]
    waiting: tuple[Readiness, ...]

    @property
    def in_force(self) -> PastRelease | None:
        return next((release for release in self.releases if release.is_in_force), None)


def read_pipeline(settings: Settings) -> Pipeline:
    """The state of the pipeline. Raises psycopg.OperationalError without a database."""
    from vwu.rollup import list_waiting_periods

    with connect(settings, "loader") as connection:
        arrivals = read_rows(connection, Arrivals, _ARRIVALS, _NEWEST)
        held = read_rows(connection, Receipt, _HELD, _NEWEST)
        latest = read_rows(connection, Receipt, _LATEST, _NEWEST)
    with connect(settings, "publisher") as connection:
        builds = read_rows(connection, Build, _BUILDS, _NEWEST | {"good": list(GOOD)})
        slowest = read_rows(connection, Node, _SLOWEST, _NEWEST)
        gates = read_rows(connection, Gate, _GATES, _NEWEST)
    with connect(settings, "bi_reader") as connection:
        releases = read_rows(connection, PastRelease, _RELEASES, _NEWEST)
        freshness = read_rows(connection, Freshness, _FRESHNESS, _NEWEST) if releases else ()
    waiting = tuple(list_waiting_periods(settings))
    return Pipeline(arrivals, held, latest, builds, slowest, gates, releases, freshness, waiting)


_ARRIVALS = """
select kind, state, count(*)::int as files, max(received_at) as last_received_at
from intake.receipt
group by kind, state
order by kind, state
"""
_RECEIPTS = """
select receipt_id, kind, file_name, state, reason_vi, reason_en, row_count, received_at
from intake.receipt
"""
_HELD = f"{_RECEIPTS} where state = 'held' order by received_at desc, receipt_id limit %(last)s"
_LATEST = f"{_RECEIPTS} order by received_at desc, receipt_id limit %(last)s"
_BUILDS = """
select
    run.build_id, run.status, run.is_full_refresh, run.started_at,
    extract(epoch from run.finished_at - run.started_at)::float8 as seconds,
    count(*) filter (where result.resource_type = 'model')::int as models,
    count(*) filter (where result.resource_type = 'test')::int as tests,
    count(*) filter (where result.status <> all(%(good)s))::int as failures
from quality.build_run as run
left join quality.dbt_result as result on run.build_id = result.build_id
where run.build_id > (select coalesce(max(last.build_id), 0) from quality.build_run as last) - %(last)s
group by run.build_id, run.status, run.is_full_refresh, run.started_at, run.finished_at
order by run.build_id desc
"""
_SLOWEST = """
select node_id, resource_type, status, seconds, rows_affected
from quality.dbt_result
where build_id = (select max(build_id) from quality.dbt_result)
order by seconds desc, node_id
limit 15
"""
_GATES = """
select
    run.gate_run_id, run.verdict, run.expected_checks, run.executed_checks, run.started_at,
    extract(epoch from run.finished_at - run.started_at)::float8 as seconds, run.problems,
    coalesce(
        array_agg(result.rule_id order by result.rule_id) filter (where not result.success), '{}'
    ) as failed
from quality.gate_run as run
left join quality.check_result as result on run.gate_run_id = result.gate_run_id
where run.gate_run_id > (select coalesce(max(last.gate_run_id), 0) from quality.gate_run as last) - %(last)s
group by
    run.gate_run_id, run.verdict, run.expected_checks, run.executed_checks, run.started_at, run.finished_at,
    run.problems
order by run.gate_run_id desc
"""
_RELEASES = """
select
    release_id, published_at, verdict, coverage_pct, receipts::int as receipts, findings_open::int as findings_open,
    code_version, coalesce(is_in_force, false) as is_in_force
from published.release_history
order by release_id desc
limit %(last)s
"""
_FRESHNESS = """
select 'Các cấp Hội' as source_vi, 'Branches' as source_en, max(period.end_date) as until
from published.fct_submission as submission
inner join published.dim_period as period on submission.period_key = period.period_key
where submission.receipt_id is not null
having max(period.end_date) is not null
union all
select bank.bank_code, bank.bank_code, max(period.end_date)
from published.fct_credit_month as credit
inner join published.dim_period as period on credit.period_key = period.period_key
inner join published.dim_bank as bank on credit.bank_key = bank.bank_key
group by bank.bank_code
order by 2
"""
