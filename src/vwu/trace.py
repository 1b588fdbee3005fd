"""From a published cell back to the values that it is made of, and from each to its file, sheet and cell.

Reads `published` alone. For every branch in the region it finds what was said of the cell: for the period itself, or,
where the branch said nothing of the whole, for parts of it; and marks which values count (ARCHITECTURE D1, D2).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, LiteralString

from vwu.database import read_rows
from vwu.language import phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from vwu.rollup import Release


# How many releases back a trace looks for what was said otherwise.
_RELEASES_BACK = 10


class UnknownCellError(LookupError):
    """Nothing is published for what was asked; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The published cell: a rolled-up figure in one boundary, or why it is held out."""

    programme_code: str
    indicator_code: str
    level: str
    region_code: str
    region_name: str
    period_code: str
    scenario: str
    basis: str
    boundary: str
    unit_code: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    is_lower_open: bool
    is_upper_open: bool
    is_estimated: bool
    blocked_reason_vi: str | None
    blocked_reason: str | None
    level_used: str | None
    branches_reported: int | None
    branches_expected: int | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """A reported value in the cell's region and period, and where it stands.

    `role`: `counted`; `spoken_for` (a branch above it reported the same, which counts instead); `earlier` (a later
    value took its place); `within` (a longer part covers it); `held_out` (no quantity, or its kind is not stated).
    The two flags say towards which cell it stands: the region of its time, today's region of that code, or both.
    """

    branch_code: str
    branch_name: str
    branch_level: str
    period_code: str
    start_date: date
    end_date: date
    scenario: str
    basis: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    qualifier: str
    value_state: str
    unit_code: str
    raw_text: str
    receipt_id: str
    file_name: str
    position: str
    received_at: datetime | None
    finding_rules: str | None
    is_in_as_reported: bool
    is_in_as_now: bool
    role: str


@dataclass(frozen=True, slots=True)
class Former:
    """What an earlier release said of the cell where that differs from the release after it: figures and receipts."""

    release_id: int
    cells: tuple[Cell, ...]
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A cell for each scenario, basis and boundary that is published, and every value behind them.

    `former`: the same of earlier releases, the latest first, where it was otherwise: a report that was replaced or
    withdrawn is seen beside the one that stands now.
    """

    release_id: int
    cells: tuple[Cell, ...]
    contributions: tuple[Contribution, ...]
    former: tuple[Former, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Objects whose keys are the column names; numbers are decimal strings."""
        return {
            "release_id": self.release_id,
            "cells": [asdict(each) for each in self.cells],
            "values": [asdict(each) for each in self.contributions],
            "former": [asdict(each) for each in self.former],
        }


def trace(
    connection: psycopg.Connection, release: Release, *,
    programme_code: str, indicator_code: str, region_code: str, period_code: str,
) -> Trace:  # fmt: skip
    """Trace one cell of the release. `region_code` is a region's code (`VN`, `22`) or a branch's (`P22`).

    Raises UnknownCellError when nothing is published there.
    """
    wanted = {
        "programme": programme_code,
        "indicator": indicator_code,
        "region": _region_of(region_code),
        "period": period_code,
    }
    cells = read_rows(connection, Cell, _CELLS, wanted)
    contributions = read_rows(connection, Contribution, _CONTRIBUTIONS, wanted)
    if not cells and not contributions:
        raise UnknownCellError(_explain(connection, wanted))
    former = tuple(_former(connection, release.release_id, (cells, contributions), wanted))
    return Trace(release.release_id, cells, contributions, former)


def _former(
    connection: psycopg.Connection, release_id: int, said: tuple[Any, Any], wanted: dict[str, str]
) -> Iterator[Former]:
    """What the releases before said otherwise; the connection is pinned to its own release again at the end."""
    before = connection.execute(
        "select release_id from published.release_history where release_id < %s order by release_id desc limit %s",
        [release_id, _RELEASES_BACK],
    ).fetchall()
    for (earlier,) in before:
        connection.execute("select set_config('vwu.release', %s, true)", [str(earlier)])
        then = (
            read_rows(connection, Cell, _CELLS, wanted),
            read_rows(connection, Contribution, _CONTRIBUTIONS, wanted),
        )
        if _essence(then) != _essence(said):
            yield Former(earlier, *then)
        said = then
    connection.execute("select set_config('vwu.release', %s, true)", [str(release_id)])


def _essence(said: tuple[tuple[Cell, ...], tuple[Contribution, ...]]) -> tuple[Any, ...]:
    """Figures and the receipts behind them: a name that was corrected in between is no other figure."""
    cells, contributions = said
    return (
        [(each.scenario, each.basis, each.boundary, each.value, each.lower_bound, each.upper_bound) for each in cells],
        [(each.branch_code, each.period_code, each.basis, each.receipt_id, each.raw_text) for each in contributions],
    )


def _region_of(code: str) -> str:
    """The region of a branch code: `P22` is province 22, `P22-D200` district 200, `P22-06895` commune 06895."""
    if code == "TW":
        return "VN"
    return code.rsplit("-", 1)[-1].lstrip("PD") if code.startswith("P") else code


def _explain(connection: psycopg.Connection, wanted: dict[str, str]) -> str:
    """Which of the four codes is unknown and what was probably meant, else that they do not meet in this release."""
    unknown, meant = [], phrase("ý bạn là", "meant")
    for name, code in wanted.items():
        codes = {known for (known,) in connection.execute(_CODES[name])}
        if code not in codes:
            near = ", ".join(get_close_matches(code, codes, n=3))
            unknown.append(f"{phrase(_NAMES[name], name)} {code}{f' ({meant}: {near}?)' if near else ''}")
    if unknown:
        return f"{phrase('không có mã', 'unknown')}: {', '.join(unknown)}"
    return phrase(
        "không có số liệu nào được công bố cho ô này: xem `vwu rollup --period P`",
        "nothing is published for this cell: see `vwu rollup --period P`",
    )


_NAMES = {"programme": "chương trình", "indicator": "chỉ tiêu", "region": "địa bàn", "period": "kỳ"}
_CODES: dict[str, LiteralString] = {
    "programme": "select programme_code from published.dim_programme",
    "indicator": "select indicator_code from published.dim_indicator",
    "region": "select region_code from published.dim_region",
    "period": "select period_code from published.dim_period",
}

_CELLS = """
select
    programme.programme_code, indicator.indicator_code, region.level, region.region_code,
    region.name_vi as region_name, period.period_code, rollup.scenario, rollup.basis, rollup.boundary,
    indicator.unit_code, rollup.value, rollup.lower_bound, rollup.upper_bound, rollup.is_lower_open,
    rollup.is_upper_open, rollup.is_estimated, rollup.blocked_reason_vi, rollup.blocked_reason, rollup.level_used,
    rollup.branches_reported, rollup.branches_expected
from published.fct_indicator_rollup as rollup
inner join published.dim_programme as programme on rollup.programme_key = programme.programme_key
inner join published.dim_indicator as indicator on rollup.indicator_key = indicator.indicator_key
inner join published.dim_period as period on rollup.period_key = period.period_key
inner join published.dim_region as region on rollup.region_key = region.region_key
where programme.programme_code = %(programme)s and indicator.indicator_code = %(indicator)s
    and period.period_code = %(period)s and region.region_code = %(region)s
order by rollup.scenario, rollup.basis, rollup.boundary desc, region.valid_from
"""

# From the regions of `said` up to their parents and on to their successors, and whether a succession was on the way.
CLIMB = """
-- All steps at once, so that each round of a recursion is one hashed join and not a scan for every row.
step as materialized (
    select region_key as below_key, parent_region_key as region_key, false as is_crossed
    from published.dim_region
    where parent_region_key is not null
    union all
    select from_region_key, to_region_key, true from published.bridge_region_succession
),

climb as (
    select distinct region_key as from_key, region_key, false as is_crossed from said
    union
    select climb.from_key, step.region_key, climb.is_crossed or step.is_crossed
    from climb
    inner join step on climb.region_key = step.below_key
)
"""

# What was said of the cell anywhere, then which of it lies in the region: each value's region is followed up to its
# parents and on to its successors. A region reached without a succession holds it as reported, today's holds it as now.
_CONTRIBUTIONS = f"""
with recursive whole as (
    select start_date, end_date, period_key
    from published.dim_period
    where period_code = %(period)s and calendar = 'union'
),

said as materialized (
    select
        value.*, branch.branch_code, branch.name_vi as branch_name, branch.level as branch_level,
        part.period_code, part.start_date, part.end_date, part.period_key = whole.period_key as is_whole,
        value.value_state in ('reported', 'nil') and indicator.measure <> 'undetermined' as is_quantity
    from published.fct_indicator_value as value
    inner join published.dim_programme as programme on value.programme_key = programme.programme_key
    inner join published.dim_indicator as indicator on value.indicator_key = indicator.indicator_key
    inner join published.dim_branch as branch on value.branch_key = branch.branch_key
    inner join published.dim_period as part on value.period_key = part.period_key
    inner join whole on part.start_date >= whole.start_date and part.end_date <= whole.end_date
    where programme.programme_code = %(programme)s and indicator.indicator_code = %(indicator)s
        and value.value_state <> 'missing'
),

{CLIMB},

placed as (
    select
        climb.from_key, bool_or(not climb.is_crossed) as is_in_as_reported,
        bool_or(region.valid_to is null) as is_in_as_now
    from climb
    inner join published.dim_region as region on climb.region_key = region.region_key
    where region.region_code = %(region)s
    group by climb.from_key
),

superior as materialized (
    select branch_key, parent_branch_key from published.dim_branch where parent_branch_key is not null
),

above as (
    select said.branch_key, superior.parent_branch_key as above_key
    from said
    inner join superior on said.branch_key = superior.branch_key
    union
    select above.branch_key, superior.parent_branch_key
    from above
    inner join superior on above.above_key = superior.branch_key
)

select
    said.branch_code, said.branch_name, said.branch_level, said.period_code, said.start_date, said.end_date,
    said.scenario, said.basis, said.value, said.lower_bound, said.upper_bound, said.qualifier, said.value_state,
    said.unit_code, said.raw_text, said.receipt_id, coalesce(submission.file_name, '') as file_name, said.position,
    submission.received_at, said.finding_rules, placed.is_in_as_reported, placed.is_in_as_now,
    case
        when not said.is_quantity then 'held_out'
        when exists (
            select 1 from said as spokesman
            inner join above on spokesman.branch_key = above.above_key
            where above.branch_key = said.branch_key and spokesman.branch_level <> 'unit' and spokesman.is_quantity
                and spokesman.scenario = said.scenario and spokesman.basis = said.basis
        ) then 'spoken_for'
        when not said.is_whole and exists (
            select 1 from said as longer
            where longer.branch_key = said.branch_key and longer.scenario = said.scenario
                and longer.basis = said.basis and longer.is_quantity and longer.period_key <> said.period_key
                and (
                    longer.is_whole
                    or (
                        said.basis = 'in_period' and longer.start_date <= said.start_date
                        and longer.end_date >= said.end_date
                        and longer.end_date - longer.start_date > said.end_date - said.start_date
                    )
                )
        ) then 'within'
        when not said.is_whole and said.basis <> 'in_period' and exists (
            select 1 from said as later
            where later.branch_key = said.branch_key and later.scenario = said.scenario
                and later.basis = said.basis and later.is_quantity and later.end_date > said.end_date
        ) then 'earlier'
        else 'counted'
    end as role
from said
inner join placed on said.region_key = placed.from_key
left join published.fct_submission as submission
    on said.receipt_id = submission.receipt_id and said.branch_key = submission.branch_key
    and said.period_key = submission.period_key
order by said.scenario, said.basis, role, said.branch_code, said.start_date, said.position
"""
