"""What stands beside the figures of a period: its series, a year ago, what a release before said, what the bank says.

Read from `published` like the figures themselves, in the same snapshot. A region is compared with itself only: where
its territory changed in between (1 July 2025), both sides are taken in today's boundaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from vwu.database import read_rows

if TYPE_CHECKING:
    import psycopg

# How many releases to look back for another figure, and how many periods a series shows: two years of months.
RELEASES_BACK, POINTS = 20, 25


class Cell(NamedTuple):
    """What a figure is of, whatever the period and the release."""

    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    region_code: str


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one period as one release says it; an open bound is None. An equal `region_key` is the same land."""

    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    region_code: str
    region_key: int
    boundary: str
    period_code: str
    start_date: date
    end_date: date
    unit_code: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    is_lower_open: bool
    is_upper_open: bool
    blocked_reason: str | None
    coverage_pct: Decimal | None

    @property
    def cell(self) -> Cell:
        return Cell(self.programme_code, self.indicator_code, self.scenario, self.basis, self.region_code)

    @property
    def exact(self) -> Decimal | None:
        """The value where nothing is left open about it."""
        return self.value if self.value is not None and self.lower_bound == self.upper_bound == self.value else None


@dataclass(frozen=True, slots=True)
class YearAgo:
    """A figure and the same one a year before, on the same land; `is_restated` where that took today's boundaries."""

    now: Point
    then: Point
    is_restated: bool

    @property
    def change_pct(self) -> Decimal | None:
        """Change in per cent; None where a side is a bound or held out, and where it started from nought."""
        if self.now.exact is None or not self.then.exact:
            return None
        return 100 * (self.now.exact - self.then.exact) / abs(self.then.exact)


@dataclass(frozen=True, slots=True)
class Former:
    """The last earlier release that told this period otherwise: its figures, and whose reports changed since."""

    release_id: int
    published_at: datetime
    figures: Mapping[Cell, Point]
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgainstBank:
    """What branches say held against what the bank says; `outcome` as in `fct_reconciliation`."""

    matter: str
    region_code: str
    region_name: str
    level: str
    branch_value: Decimal | None
    bank_value: Decimal | None
    difference: Decimal | None
    difference_pct: Decimal | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it, for one period. `series` has both boundaries, in the order of time."""

    series: Mapping[Cell, tuple[Point, ...]]
    former: Former | None
    bank: tuple[AgainstBank, ...]

    def year_ago(self, cell: Cell, period_code: str) -> YearAgo | None:
        """The figure of a period beside that of a year earlier; None where the series does not reach back."""
        points = self.series.get(cell, ())
        for boundary in ("as_reported", "as_now"):
            of_boundary = [point for point in points if point.boundary == boundary]
            now = next((point for point in of_boundary if point.period_code == period_code), None)
            then = next((point for point in of_boundary if now and _is_year_before(point, now)), None)
            if now and then and now.region_key == then.region_key:
                return YearAgo(now, then, is_restated=boundary == "as_now")
        return None


def _is_year_before(point: Point, now: Point) -> bool:
    year, month, day = now.start_date.year, now.start_date.month, now.start_date.day
    return (point.start_date.year, point.start_date.month, point.start_date.day) == (year - 1, month, day)


def read_beside(connection: psycopg.Connection, release_id: int, period_code: str, digest: str) -> Beside:
    """What stands beside the figures of a period, whose checksum is given, of the release that the connection has."""
    series: dict[Cell, list[Point]] = {}
    for point in read_rows(connection, Point, _SERIES, {"period": period_code, "points": POINTS}):
        series.setdefault(point.cell, []).append(point)
    return Beside(
        series={cell: tuple(points) for cell, points in series.items()},
        former=_read_former(connection, release_id, period_code, digest),
        bank=read_rows(connection, AgainstBank, _BANK, {"period": period_code}),
    )


def _read_former(connection: psycopg.Connection, release_id: int, period_code: str, digest: str) -> Former | None:
    """The connection is pinned to its own release again at the end."""
    from vwu.rollup import own_digests

    def shown() -> str | None:
        return next((own.digest for own in own_digests(connection, period_code=period_code)), None)

    reports = _reports(connection, period_code)
    earlier = connection.execute(
        "select release_id, published_at from published.release_history where release_id < %s "
        "order by release_id desc limit %s",
        [release_id, RELEASES_BACK],
    ).fetchall()
    try:
        for before, published_at in earlier:
            _pin(connection, before)
            if shown() in (None, digest):
                continue
            points = read_rows(connection, Point, _SERIES, {"period": period_code, "points": 1})
            figures = {point.cell: point for point in points if point.boundary == "as_reported"}
            return Former(before, published_at, figures, _changed(reports, _reports(connection, period_code)))
    finally:
        _pin(connection, release_id)
    return None


def _pin(connection: psycopg.Connection, release_id: int) -> None:
    connection.execute("select set_config('vwu.release', %s, true)", [str(release_id)])


def _reports(connection: psycopg.Connection, period_code: str) -> set[tuple[str, str, str]]:
    """(branch, form, receipt) of every report in force for the period."""
    return set(connection.execute(_REPORTS, {"period": period_code}).fetchall())


def _changed(now: Iterable[tuple[str, str, str]], then: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    return tuple(sorted({name for name, _, _ in set(now) ^ set(then)}))


# The period and those of its kind before it.
_SERIES = """
with this_period as (
    select calendar, period_kind, end_date
    from published.dim_period
    where period_code = %(period)s and calendar = 'union'
),

periods as (
    select period.period_key, period.period_code, period.start_date, period.end_date
    from published.dim_period as period
    inner join this_period
        on period.calendar = this_period.calendar and period.period_kind = this_period.period_kind
        and period.end_date <= this_period.end_date
    order by period.end_date desc
    limit %(points)s
)

select
    programme.programme_code, indicator.indicator_code, rollup.scenario, rollup.basis, region.region_code,
    region.region_key, rollup.boundary, periods.period_code, periods.start_date, periods.end_date,
    indicator.unit_code, rollup.value, rollup.lower_bound, rollup.upper_bound, rollup.is_lower_open,
    rollup.is_upper_open, rollup.blocked_reason, rollup.coverage_pct
from published.fct_indicator_rollup as rollup
inner join periods on rollup.period_key = periods.period_key
inner join published.dim_region as region on rollup.region_key = region.region_key
inner join published.dim_programme as programme on rollup.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on rollup.indicator_key = indicator.indicator_key
where region.level in ('nation', 'province')
order by periods.end_date
"""

_REPORTS = """
select branch.name_vi, submission.form, submission.receipt_id
from published.fct_submission as submission
inner join published.dim_period as period on submission.period_key = period.period_key
inner join published.dim_branch as branch on submission.branch_key = branch.branch_key
where period.period_code = %(period)s and submission.receipt_id is not null
"""

_BANK = """
select
    reconciliation.matter, region.region_code, region.name_vi as region_name, region.level,
    reconciliation.branch_value, reconciliation.bank_value, reconciliation.difference, reconciliation.difference_pct,
    reconciliation.outcome
from published.fct_reconciliation as reconciliation
inner join published.dim_period as period on reconciliation.period_key = period.period_key
inner join published.dim_region as region on reconciliation.region_key = region.region_key
where period.period_code = %(period)s and region.level in ('nation', 'province')
order by reconciliation.matter, region.level, region.region_code
"""
