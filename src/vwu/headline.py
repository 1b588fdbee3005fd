"""What to tell a person after a run: the release in force, headline figures, what was refused, why the gate is shut.

Figures come from `published` as `bi_reader` sees them, in one snapshot; the rest from the tables of intake and gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vwu.database import connect, read_rows
from vwu.rollup import NothingPublishedError, Release, open_release
from vwu.settings import Settings

MAX_PERIODS, MAX_REFUSED = 3, 20


@dataclass(frozen=True)
class Figure:
    """One rolled-up figure of the nation or a province; bounds are open where they are None (D3)."""

    period_code: str
    level: str
    region_name: str
    programme_code: str
    indicator_code: str
    name_vi: str
    name_en: str
    unit_code: str
    basis: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    is_approximate: bool
    is_estimated: bool
    blocked_code: str | None


@dataclass(frozen=True)
class Credit:
    """What one bank lends through the Union nationwide at the last month end; money in đồng."""

    bank_code: str
    period_code: str
    loans: int
    closing_balance: Decimal
    overdue: Decimal


@dataclass(frozen=True)
class Refused:
    """A file that was rejected or is held, with its reason and first fault in both languages."""

    receipt_id: str
    file_name: str
    state: str
    reason_vi: str
    reason_en: str
    position: str
    faults: int


@dataclass(frozen=True)
class Refusal:
    """A gate that is shut since the release in force: what shut it, one line each."""

    gate_run_id: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Headline:
    """Everything that a run ends by telling."""

    release: Release | None
    figures: tuple[Figure, ...]
    credit: tuple[Credit, ...]
    refused: tuple[Refused, ...]
    refused_count: int
    refusal: Refusal | None


def read_headline(settings: Settings) -> Headline:
    """Read it all; before the first release there are no figures."""
    release, figures, credit = _read_published(settings)
    with connect(settings, "loader") as connection:
        refused = read_rows(connection, Refused, _REFUSED)
    return Headline(
        release=release,
        figures=figures,
        credit=credit,
        refused=refused[:MAX_REFUSED],
        refused_count=len(refused),
        refusal=_read_refusal(settings),
    )


def read_release(settings: Settings) -> Release | None:
    """The release in force; None before the first."""
    return _read_published(settings, with_figures=False)[0]


def _read_published(
    settings: Settings, *, with_figures: bool = True
) -> tuple[Release | None, tuple[Figure, ...], tuple[Credit, ...]]:
    try:
        with open_release(settings) as (connection, release):
            if not with_figures:
                return release, (), ()
            return release, read_rows(connection, Figure, _FIGURES), read_rows(connection, Credit, _CREDIT)
    except NothingPublishedError:
        return None, (), ()


def _read_refusal(settings: Settings) -> Refusal | None:
    """The last gate run when it refused; None when it let the candidate through."""
    with connect(settings, "publisher") as connection:
        row = connection.execute(_LAST_GATE).fetchone()
        if row is None or row[1] != "refuse":
            return None
        gate_run_id, _, problems = row
        failed = connection.execute(_FAILED_CHECKS, [gate_run_id]).fetchall()
    return Refusal(gate_run_id, (*problems, *(f"{rule_id}: {vi} · {en}" for rule_id, vi, en in failed)))


# The latest periods that branches reported results for (not the longer ones that these add up to).
_FIGURES = f"""
with recent as (
    select period_key, period_code, end_date
    from published.dim_period as period
    where exists (
        select 1
        from published.fct_indicator_value as reported
        where reported.period_key = period.period_key and reported.scenario = 'actual'
            and reported.value_state = 'reported'
    )
    order by end_date desc, period_code
    limit {MAX_PERIODS}
)
select
    recent.period_code, region.level, region.name_vi as region_name, programme.programme_code,
    indicator.indicator_code, indicator.name_vi, indicator.name_en, indicator.unit_code, rollup.basis,
    rollup.value, rollup.lower_bound, rollup.upper_bound, rollup.is_approximate, rollup.is_estimated,
    rollup.blocked_code
from published.fct_indicator_rollup as rollup
inner join recent on rollup.period_key = recent.period_key
inner join published.dim_region as region on rollup.region_key = region.region_key
inner join published.dim_programme as programme on rollup.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on rollup.indicator_key = indicator.indicator_key
where rollup.scenario = 'actual' and rollup.boundary = 'as_reported' and region.level in ('nation', 'province')
order by
    recent.end_date desc, recent.period_code, programme.programme_code, indicator.indicator_code, rollup.basis,
    region.level, region.region_code
"""

_CREDIT = """
select
    bank.bank_code, period.period_code, sum(credit.loans)::bigint as loans,
    sum(credit.closing_balance) as closing_balance, sum(credit.overdue) as overdue
from published.fct_credit_month as credit
inner join published.dim_bank as bank on credit.bank_key = bank.bank_key
inner join published.dim_period as period on credit.period_key = period.period_key
where period.end_date = (
    select max(latest.end_date)
    from published.fct_credit_month as newest
    inner join published.dim_period as latest on newest.period_key = latest.period_key
)
group by bank.bank_code, period.period_code
order by bank.bank_code
"""

_REFUSED = """
select
    receipt.receipt_id, receipt.file_name, receipt.state, receipt.reason_vi, receipt.reason_en,
    coalesce(first_fault.position, '') as position,
    (
        select count(*) from intake.finding as fault
        where fault.receipt_id = receipt.receipt_id and fault.severity = 'error' and fault.check_no = receipt.check_no
    ) as faults
from intake.receipt as receipt
left join lateral (
    select fault.position
    from intake.finding as fault
    where fault.receipt_id = receipt.receipt_id and fault.severity = 'error' and fault.check_no = receipt.check_no
    order by fault.created_at, fault.finding_id
    limit 1
) as first_fault on true
where receipt.state in ('rejected', 'held')
order by receipt.received_at desc, receipt.file_name
"""

_LAST_GATE = "select gate_run_id, verdict, problems from quality.gate_run order by gate_run_id desc limit 1"
_FAILED_CHECKS = """
select rule_id, message_vi, message_en
from quality.check_result
where gate_run_id = %s and not success and severity = 'error'
order by rule_id
"""
