"""The roll-up of one period, read from `published` as `bi_reader` does: one release, one snapshot.

Figures are rolled up in the warehouse (`fct_indicator_rollup`, ARCHITECTURE D2); this module reads them with what
stands beside them: bounds, coverage, targets, credit, who has not reported, open findings, and the release's number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vwu.comparison import POINTS, Beside, Cell, read_beside
from vwu.database import read_rows
from vwu.language import phrase

if TYPE_CHECKING:
    import psycopg

    from vwu.publish.vintage import Vintage
    from vwu.readiness import Readiness
    from vwu.settings import Settings


HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


class NothingPublishedError(Exception):
    """There is no release, or the release has no such period; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """The release that everything is read from (INTERFACES 6, `release_info`)."""

    release_id: int
    published_at: datetime
    verdict: str
    coverage_pct: Decimal | None
    receipts: int
    findings_open: int
    code_version: str


@dataclass(frozen=True, slots=True)
class Period:
    """The period in the Union's calendar, or in the bank's where the Union has none of that code."""

    calendar: str
    period_code: str
    period_kind: str
    start_date: date
    end_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Figure:
    """One rolled-up figure of a region; an open bound is None, and so is the value of a figure that is held out.

    `missing_estimate` is what the branches that have not reported may have; it is never part of `value`.
    """

    programme_code: str
    programme_name_vi: str
    programme_name_en: str
    indicator_code: str
    name_vi: str
    name_en: str
    unit_code: str
    measure: str
    definition_vi: str
    definition_en: str
    level: str
    region_code: str
    region_name: str
    scenario: str
    basis: str
    boundary: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    is_lower_open: bool
    is_upper_open: bool
    is_approximate: bool
    is_estimated: bool
    blocked_reason_vi: str | None
    blocked_reason: str | None
    level_used: str | None
    branches_expected: int | None
    branches_reported: int | None
    coverage_pct: Decimal | None
    coverage_members_pct: Decimal | None
    missing_estimate: Decimal | None
    missing_estimate_by: str | None
    data_to_date: date | None

    @property
    def cell(self) -> Cell:
        return Cell(self.programme_code, self.indicator_code, self.scenario, self.basis, self.region_code)


@dataclass(frozen=True, slots=True)
class Source:
    """What a branch above the commune reported, as it wrote it, and where: the first step of a trace."""

    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    branch_code: str
    branch_name: str
    region_code: str | None
    raw_text: str
    position: str
    receipt_id: str
    findings: int

    @property
    def cell(self) -> Cell:
        return Cell(self.programme_code, self.indicator_code, self.scenario, self.basis, self.region_code or "")


@dataclass(frozen=True, slots=True)
class Target:
    """An official target beside what was attained; money in đồng."""

    programme_code: str
    indicator_code: str
    name_vi: str
    name_en: str
    unit_code: str
    region_name: str
    horizon_start: date
    horizon_end: date
    legal_basis: str | None
    target_value: Decimal
    actual_value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    attained_pct: Decimal | None
    outcome: str
    as_of_period: str | None
    coverage_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Credit:
    """A bank's lending by programme, province and organisation: flows of the period, balances at its last month end.

    Figures are None where a bank does not give them, or where they are of too few people; `is_protected` says that some
    were put together with others, here or in another row. `withheld` are the families of figures (docs/privacy.md) that
    are in no row at all.
    """

    bank_code: str
    bank_name_vi: str
    bank_name_en: str
    credit_programme: str
    programme_name_vi: str
    programme_name_en: str
    province_code: str
    province_name: str
    organisation: str
    loans: int | None
    borrowers: int | None
    female_borrowers: int | None
    lent: Decimal | None
    collected: Decimal | None
    closing_balance: Decimal | None
    overdue: Decimal | None
    frozen: Decimal | None
    par30_balance: Decimal | None
    is_protected: bool = False
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """What one branch owed for the period and what became of it; `province_now` is today's province around it."""

    branch_code: str
    name_vi: str
    level: str
    province_now: str | None
    form: str
    state: str
    is_expected: bool
    due_date: date
    received_at: datetime | None
    days_late: int | None
    receipt_id: str | None


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that nobody has answered yet, of the period or of a file that was turned away before it had one."""

    is_of_period: bool
    rule_id: str
    family: str
    severity: str
    file_name: str
    position: str
    value: str
    message_vi: str
    message_en: str


@dataclass(frozen=True, slots=True)
class Rollup:
    """Everything that is told about one period."""

    release: Release
    period: Period
    figures: tuple[Figure, ...]
    sources: tuple[Source, ...]
    targets: tuple[Target, ...]
    credit: tuple[Credit, ...]
    credit_month_ends: tuple[date, ...]
    submissions: tuple[Submission, ...]
    findings: tuple[OpenFinding, ...]
    beside: Beside
    status: str = "provisional"
    vintage: Vintage | None = None

    @property
    def credit_month_end(self) -> date | None:
        """The day of the balances; None when no bank reported."""
        return self.credit_month_ends[-1] if self.credit_month_ends else None

    @property
    def national(self) -> tuple[Figure, ...]:
        """The nation's figures; boundaries make no difference to a whole nation, so each stands once."""
        return tuple(each for each in self.figures if each.level == "nation" and each.boundary == "as_reported")


@contextmanager
def open_release(settings: Settings, release_id: int | None = None) -> Iterator[tuple[psycopg.Connection, Release]]:
    """A connection as `bi_reader` whose every statement sees one release: the one named, or the one in force.

    Raises NothingPublishedError when there is none.
    """
    import psycopg

    from vwu.database import connect

    with connect(settings, "bi_reader") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if release_id is not None:
            connection.execute("select set_config('vwu.release', %s, true)", [str(release_id)])
        try:
            found = read_rows(connection, Release, _RELEASE, [])
        except psycopg.errors.InvalidParameterValue as error:
            raise NothingPublishedError(
                phrase(
                    f"không có bản phát hành {release_id}: xem `vwu releases`",
                    f"there is no release {release_id}: see `vwu releases`",
                )
            ) from error
        if not found:
            raise NothingPublishedError(
                phrase("chưa có bản phát hành nào: hãy chạy `vwu run`", "nothing is published yet: run `vwu run`")
            )
        connection.execute("select set_config('vwu.release', %s, true)", [str(found[0].release_id)])
        yield connection, found[0]


def read_rollup(connection: psycopg.Connection, release: Release, period_code: str) -> Rollup:
    """The roll-up of a period from an open release. Raises NothingPublishedError for an unknown period."""
    from vwu.publish.vintage import read_vintages, status_of

    period = _period(connection, period_code)
    months = _months(connection, period_code, period)
    digest = next((own.digest for own in own_digests(connection, period_code=period_code)), "")
    status, vintage = status_of(read_vintages(connection, period_code), digest)
    return Rollup(
        release=release,
        period=period,
        figures=read_rows(connection, Figure, _FIGURES, [period_code]),
        sources=read_rows(connection, Source, _SOURCES, [period_code]),
        targets=read_rows(connection, Target, _TARGETS, {"start": period.start_date, "end": period.end_date}),
        credit=read_rows(connection, Credit, _CREDIT, {"months": months}) if months else (),
        credit_month_ends=tuple(months),
        submissions=read_rows(connection, Submission, _SUBMISSIONS, [period_code]),
        findings=read_rows(connection, OpenFinding, _FINDINGS, {"code": period_code, "months": months}),
        beside=read_beside(connection, release.release_id, period_code, digest),
        status=status,
        vintage=vintage,
    )


def list_due_periods(settings: Settings, today: date | None = None) -> list[str]:
    """Periods whose report is due: ready (`vwu.readiness`), and with figures that no report shows yet.

    What a report shows is known by a digest that is kept beside it, so a release that left a period as it was writes
    nothing anew. Nothing is due before the first release.
    """
    from vwu.readiness import read_readiness
    from vwu.report import written_digest

    now = today or datetime.now(HANOI).date()
    try:
        with open_release(settings) as (connection, _):
            periods = own_digests(connection)
            complete = {each.period_code for each in read_readiness(connection) if each.is_ready(now)}
    except NothingPublishedError:
        return []
    found = series_digests(periods)
    return [
        each.period_code
        for each in periods
        if (each.due_date < now or each.period_code in complete)
        and written_digest(settings, each.period_code) != found[each.period_code]
    ]


def list_waiting_periods(settings: Settings, today: date | None = None) -> list[Readiness]:
    """Periods that have ended and are not ready yet, with who is awaited."""
    from vwu.readiness import read_readiness

    now = today or datetime.now(HANOI).date()
    try:
        with open_release(settings) as (connection, _):
            return [each for each in read_readiness(connection) if each.end_date < now and not each.is_ready(now)]
    except NothingPublishedError:
        return []


@dataclass(frozen=True, slots=True)
class Digest:
    """A checksum of a period's figures, submissions and credit in one release."""

    period_code: str
    period_kind: str
    due_date: date
    digest: str


def own_digests(
    connection: psycopg.Connection, *, period_code: str | None = None, alike: str | None = None
) -> tuple[Digest, ...]:
    """The checksum of each period that has figures, in the order of time: all, one, or those of the kind of `alike`."""
    return read_rows(connection, Digest, _DIGESTS, {"period": period_code, "alike": alike})


def series_digests(periods: Iterable[Digest]) -> dict[str, str]:
    """Period code -> a checksum of all that its report shows: its own figures and the series up to them."""
    kinds: dict[str, list[str]] = {}
    found = {}
    for each in periods:
        series = kinds.setdefault(each.period_kind, [])
        series.append(each.digest)
        found[each.period_code] = hashlib.sha256("".join(series[-POINTS:]).encode()).hexdigest()
    return found


def national_rollup(settings: Settings, period_code: str, vintage: int | None = None) -> Path:
    """Write the report of a period into `<home>/reports/<period>/`, send it on, and return that folder (INTERFACES 7).

    Of a `vintage` it is what that vintage gave, byte for byte, in `vintage-N` below that folder, and is sent to nobody.
    Raises NothingPublishedError for a vintage that is not there, MailError when a mail server is set and does not take
    the letter; the report stands all the same.
    """
    from vwu.report import report_folder, write_report
    from vwu.report.letter import send_report

    folder = report_folder(settings, period_code)
    if vintage is not None:
        folder /= f"vintage-{vintage}"
        write_report(settings, period_code, folder, _release_of(settings, period_code, vintage))
        return folder
    write_report(settings, period_code, folder)
    send_report(settings, folder)
    return folder


def _release_of(settings: Settings, period_code: str, vintage: int) -> int:
    from vwu.publish.vintage import read_vintages

    with open_release(settings) as (connection, _):
        found = [each.release_id for each in read_vintages(connection, period_code) if each.vintage == vintage]
    if not found:
        raise NothingPublishedError(
            phrase(
                f"kỳ {period_code} không có số chính thức lần {vintage}",
                f"period {period_code} has no vintage {vintage}",
            )
        )
    return found[0]


def _period(connection: psycopg.Connection, period_code: str) -> Period:
    found = read_rows(connection, Period, _PERIOD, [period_code])
    if not found:
        raise NothingPublishedError(
            phrase(
                f"không có kỳ {period_code}: hãy viết như 2024-01, 2024-Q2, 2024-6M, 2024-9M, 2024, T2021-2026-H1 hoặc "
                "2024-04/2024-09",
                f"there is no period {period_code}: write it as 2024-01, 2024-Q2, 2024-6M, 2024-9M, 2024, "
                "T2021-2026-H1 or 2024-04/2024-09",
            )
        )
    return found[0]


def _months(connection: psycopg.Connection, period_code: str, period: Period) -> list[date]:
    """Month ends that have credit: of the bank's period of that code, else within the Union's dates."""
    rows = connection.execute(
        _CREDIT_MONTHS, {"code": period_code, "start": period.start_date, "end": period.end_date}
    ).fetchall()
    return [month_end for (month_end,) in rows]


_RELEASE = """
select release_id, published_at, verdict, coverage_pct, receipts, findings_open, code_version
from published.release_info
"""

_PERIOD = """
select calendar, period_code, period_kind, start_date, end_date, due_date
from published.dim_period
where period_code = %s
order by calendar = 'union' desc, calendar
limit 1
"""

_FIGURES = """
select
    programme.programme_code, programme.name_vi as programme_name_vi, programme.name_en as programme_name_en,
    indicator.indicator_code, indicator.name_vi, indicator.name_en, indicator.unit_code, indicator.measure,
    indicator.definition_vi, indicator.definition_en, region.level, region.region_code, region.name_vi as region_name,
    rollup.scenario, rollup.basis, rollup.boundary, rollup.value, rollup.lower_bound, rollup.upper_bound,
    rollup.is_lower_open, rollup.is_upper_open, rollup.is_approximate, rollup.is_estimated, rollup.blocked_reason_vi,
    rollup.blocked_reason, rollup.level_used, rollup.branches_expected, rollup.branches_reported, rollup.coverage_pct,
    rollup.coverage_members_pct, rollup.missing_estimate, rollup.missing_estimate_by, rollup.data_to_date
from published.fct_indicator_rollup as rollup
inner join published.dim_period as period on rollup.period_key = period.period_key
inner join published.dim_region as region on rollup.region_key = region.region_key
inner join published.dim_programme as programme on rollup.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on rollup.indicator_key = indicator.indicator_key
where period.period_code = %s and region.level in ('nation', 'province')
order by
    programme.programme_code, indicator.indicator_code, rollup.scenario, rollup.basis, rollup.boundary desc,
    region.level, region.region_code
"""

_SOURCES = """
select
    programme.programme_code, indicator.indicator_code, reported.scenario, reported.basis, branch.branch_code,
    branch.name_vi as branch_name, region.region_code, reported.raw_text, reported.position, reported.receipt_id,
    reported.findings
from published.fct_indicator_value as reported
inner join published.dim_period as period on reported.period_key = period.period_key
inner join published.dim_programme as programme on reported.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on reported.indicator_key = indicator.indicator_key
inner join published.dim_branch as branch on reported.branch_key = branch.branch_key
left join published.dim_region as region on branch.region_key = region.region_key
where period.period_code = %s and branch.level in ('central', 'province', 'unit')
order by branch.branch_code, reported.position
"""

_CREDIT_MONTHS = """
select month.end_date
from published.dim_period as month
left join published.dim_period as same on same.calendar = 'bank' and same.period_code = %(code)s
where month.calendar = 'bank' and month.period_kind = 'month'
    and month.end_date between coalesce(same.start_date, %(start)s) and coalesce(same.end_date, %(end)s)
    and exists (select 1 from published.fct_credit_month as credit where credit.period_key = month.period_key)
order by month.end_date
"""

# Flows add over the months; a balance is that of the last one (D2).
_CREDIT = """
with last_month as (select max(month_end) as end_date from unnest(%(months)s::date[]) as given (month_end))
select
    bank.bank_code, bank.name_vi as bank_name_vi, bank.name_en as bank_name_en, scheme.credit_programme,
    scheme.name_vi as programme_name_vi, scheme.name_en as programme_name_en,
    -- What was put together over provinces, for too few people, is the nation's.
    coalesce(province.region_code, region.region_code) as province_code,
    coalesce(province.name_vi, region.name_vi) as province_name, credit.organisation,
    sum(credit.loans) filter (where month.end_date = last_month.end_date)::bigint as loans,
    sum(credit.borrowers) filter (where month.end_date = last_month.end_date)::bigint as borrowers,
    sum(credit.female_borrowers) filter (where month.end_date = last_month.end_date)::bigint as female_borrowers,
    sum(credit.lent) as lent, sum(credit.collected) as collected,
    sum(credit.closing_balance) filter (where month.end_date = last_month.end_date) as closing_balance,
    sum(credit.overdue) filter (where month.end_date = last_month.end_date) as overdue,
    sum(credit.frozen) filter (where month.end_date = last_month.end_date) as frozen,
    sum(credit.par30_balance) filter (where month.end_date = last_month.end_date) as par30_balance,
    bool_or(credit.value_state <> 'reported') as is_protected,
    coalesce(
        string_to_array(
            string_agg(nullif(credit.suppressed_figures, ''), ',') filter (where credit.value_state = 'remainder'), ','
        ),
        '{}'
    ) as withheld
from published.fct_credit_month as credit
inner join published.dim_period as month on credit.period_key = month.period_key
cross join last_month
inner join published.dim_bank as bank on credit.bank_key = bank.bank_key
inner join published.dim_credit_programme as scheme on credit.credit_programme_key = scheme.credit_programme_key
inner join published.dim_region as region on credit.region_key = region.region_key
left join published.dim_region as province
    on province.level = 'province' and region.province_code = province.region_code
    and region.valid_from between province.valid_from and coalesce(province.valid_to, 'infinity')
where month.calendar = 'bank' and month.period_kind = 'month' and month.end_date = any(%(months)s)
group by
    bank.bank_code, bank.name_vi, bank.name_en, scheme.credit_programme, scheme.name_vi, scheme.name_en,
    coalesce(province.region_code, region.region_code), coalesce(province.name_vi, region.name_vi), credit.organisation
order by bank.bank_code, scheme.credit_programme, province_code, credit.organisation
"""

# Each old province lies wholly in one of today's, so its code leads there whatever the period.
_SUBMISSIONS = """
with recursive succession as (
    select region_key as from_key, region_key, region_code, valid_to
    from published.dim_region
    where level = 'province'
    union all
    select succession.from_key, successor.region_key, successor.region_code, successor.valid_to
    from succession
    inner join published.bridge_region_succession as bridge on succession.region_key = bridge.from_region_key
    inner join published.dim_region as successor on bridge.to_region_key = successor.region_key
),

today as (select from_key, region_code from succession where valid_to is null)

select
    branch.branch_code, branch.name_vi, branch.level, today.region_code as province_now, submission.form,
    submission.state, submission.is_expected, submission.due_date, submission.received_at, submission.days_late,
    submission.receipt_id
from published.fct_submission as submission
inner join published.dim_period as period on submission.period_key = period.period_key
inner join published.dim_branch as branch on submission.branch_key = branch.branch_key
left join published.dim_region as region on branch.region_key = region.region_key
left join published.dim_region as province
    on province.level = 'province' and region.province_code = province.region_code
    and region.valid_from between province.valid_from and coalesce(province.valid_to, 'infinity')
left join today on province.region_key = today.from_key
where period.period_code = %s
order by branch.level, branch.branch_code, submission.form
"""

_FINDINGS = """
select
    period_code is not null or as_of_date is not null as is_of_period, rule_id, family, severity, file_name, position,
    value, message_vi, message_en
from published.finding
where period_code = %(code)s or as_of_date = any(%(months)s) or (period_code is null and as_of_date is null)
order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, file_name, rule_id, position
"""

# Targets whose horizon the period touches.
_TARGETS = """
select
    programme.programme_code, indicator.indicator_code, indicator.name_vi, indicator.name_en, indicator.unit_code,
    region.name_vi as region_name, target.horizon_start, target.horizon_end, target.legal_basis, target.target_value,
    target.actual_value, target.lower_bound, target.upper_bound, target.attained_pct, target.outcome,
    target.as_of_period, target.coverage_pct
from published.fct_target_attainment as target
inner join published.dim_programme as programme on target.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on target.indicator_key = indicator.indicator_key
inner join published.dim_region as region on target.region_key = region.region_key
where target.horizon_start <= %(end)s and target.horizon_end >= %(start)s
order by programme.programme_code, target.horizon_end, indicator.indicator_code, region.region_code
"""

# Only periods that have figures; the Union's and the bank's month of the same code are one report.
_DIGESTS = """
with shown as (
    select
        rollup.period_key,
        concat_ws(
            '|', rollup.programme_key, rollup.indicator_key, rollup.region_key, rollup.scenario, rollup.basis,
            rollup.boundary, rollup.value, rollup.lower_bound, rollup.upper_bound, rollup.blocked_reason,
            rollup.branches_reported
        ) as line
    from published.fct_indicator_rollup as rollup
    inner join published.dim_region as region on rollup.region_key = region.region_key
    where region.level in ('nation', 'province')
    union all
    select period_key, concat_ws('|', branch_key, form, state, receipt_id)
    from published.fct_submission
    where receipt_id is not null
    union all
    select period_key, concat_ws('|', bank_key, sum(loans), sum(lent), sum(closing_balance), sum(overdue))
    from published.fct_credit_month
    group by period_key, bank_key
)

select
    period.period_code, period.period_kind, min(period.due_date) as due_date,
    md5(string_agg(shown.line, ' ' order by shown.line)) as digest
from shown
inner join published.dim_period as period on shown.period_key = period.period_key
where (%(period)s::text is null or period.period_code = %(period)s)
    and (%(alike)s::text is null or period.period_kind in (
        select same.period_kind from published.dim_period as same where same.period_code = %(alike)s
    ))
group by period.period_code, period.period_kind
order by max(period.end_date), period.period_code
"""
