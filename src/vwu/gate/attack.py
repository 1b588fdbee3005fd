"""What a reader could work out of the candidate's credit: linear programmes over all that is published of it.

Blocks of cells (docs/privacy.md) are published as sums. A sum that is stated elsewhere and takes whole blocks only says
nothing new: that is told by counting, for all of them at once. Where one cuts a block, HiGHS finds the most that each
cell can be; less than what protects its largest borrower is a problem, and so is a programme that is not solved.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from vwu.database import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vwu.settings import Settings

SECONDS = 30.0  # for the programmes of one gate run
MOST_CELLS = 2_000  # of one figure in blocks that are cut: more are a fault of the protection itself


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the fact, its family, how much a cell must at least seem to be, and where sums of it are stated."""

    column: str
    family: str
    needed: str
    is_flow: bool
    matters: dict[str, str]


_OF_UNION = "cell.organisation = 'PN'"
FIGURES = (
    Figure(
        "closing_balance", "people", "(2 + {share}) * contributor.own_largest_closing_balance", False,
        {"credit_balance": _OF_UNION, "group_balance": "cell.source_kind = 'loan' and cell.organisation <> 'TT'"},
    ),
    Figure("lent", "flow", "(2 + {share}) * contributor.own_largest_lent", True, {"credit_guaranteed": _OF_UNION}),
    Figure("turns", "flow", "case when truth.turns > 0 then {small} else 0 end", True, {"loan_turns": _OF_UNION}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is left out: its block (None when that is not published either) and the sums that take it."""

    block: str | None
    sums: tuple[int, ...]
    value: float
    needed: float


def attack(connection: psycopg.Connection, settings: Settings, seconds: float = SECONDS) -> list[str]:
    """Every reason why what is published of credit may tell of too few people; a problem each, which shuts the gate.

    `connection` is the publisher's and sees the candidate; its transaction goes on.
    """
    until = time.monotonic() + seconds
    problems = []
    for figure in FIGURES:
        try:
            with connection.transaction():
                told = too_narrow(_cut_cells(connection, settings, figure), until - time.monotonic())
        except (UnsolvedError, psycopg.Error) as error:
            problems.append(f"privacy of {figure.column} is not proven: {error}")
            continue
        if told:
            problems.append(f"{len(told)} protected cells of {figure.column} can be worked out of what is published")
    return problems


class UnsolvedError(Exception):
    """A linear programme was not solved, so that nothing is known of what it would have told."""


def too_narrow(cells: Sequence[Cell], seconds: float) -> list[Cell]:
    """Cells that can at most be less than needed, given the sums of their blocks and the sums that are stated.

    Raises UnsolvedError when that was not found within the time, or there are too many.
    """
    if not cells:
        return []
    if len(cells) > MOST_CELLS:
        raise UnsolvedError(f"{len(cells)} cells stand in blocks that another sum cuts")
    import numpy
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    equations: dict[Any, list[int]] = {}
    for number, cell in enumerate(cells):
        for name in (*cell.sums, *([cell.block] if cell.block else [])):
            equations.setdefault(name, []).append(number)
    unit = max(cell.value for cell in cells) or 1.0
    values = numpy.array([cell.value for cell in cells]) / unit
    places = [(row, number) for row, members in enumerate(equations.values()) for number in members]
    rows, columns = zip(*places, strict=True) if places else ((), ())
    matrix = csr_array((numpy.ones(len(places)), (rows, columns)), shape=(len(equations), len(cells)))
    until, told = time.monotonic() + seconds, []
    for number, cell in enumerate(cells):
        if cell.value <= 0:
            continue
        left = until - time.monotonic()
        goal = numpy.zeros(len(cells))
        goal[number] = -1
        found = linprog(
            goal, A_eq=matrix, b_eq=matrix @ values, method="highs", options={"time_limit": max(left, 0.0)}
        ) if left > 0 else None  # fmt: skip
        if found is None or found.status not in (0, 3):  # 3: it may be as much as one likes
            raise UnsolvedError(found.message if found is not None else "the time is over")
        if found.status == 0 and -found.fun * unit < cell.needed * (1 - 1e-6):
            told.append(cell)
    return told


def _cut_cells(connection: psycopg.Connection, settings: Settings, figure: Figure) -> tuple[Cell, ...]:
    limits = {"share": settings.dominance_pct / 100, "small": settings.small_cell}
    takes = " or ".join(f"(stated.matter = '{matter}' and {which})" for matter, which in figure.matters.items())
    time_of = "between whole.start_date and whole.end_date" if figure.is_flow else "= whole.end_date"
    query = _CUT_CELLS.format(
        column=figure.column, family=figure.family, needed=figure.needed.format(**limits), takes=takes, time_of=time_of
    )
    return read_rows(connection, Cell, query)


# Of the periods of which some bank's month is not in force as it is here; what is in force was attacked before.
_CUT_CELLS = """
with content as (
    select scope_key, sum(hashtextextended(candidate::text, 0)) as mark
    from marts.protected_credit_month as candidate
    group by scope_key
),
changed as (
    select distinct month.period_key, month.end_date
    from content
    left join release.content_marks('fct_credit_month', 'scope_key', 'marts.protected_credit_month') as former
        on former.key = content.scope_key and former.mark = content.mark
    inner join intermediate.int_credit_scope as scope on scope.scope_key = content.scope_key
    inner join marts.dim_period as month on month.period_key = scope.period_key
    where former.key is null
),
stated as (
    select
        row_number() over () as sum_id, said.region_key as province_key, said.matter, month.period_key
    from marts.fct_reconciliation as said
    inner join marts.dim_period as period on period.period_key = said.period_key
    inner join marts.dim_period as whole on whole.period_code = period.period_code and whole.calendar = 'bank'
    cross join lateral (
        select array_agg(month.period_key) as period_key
        from marts.dim_period as month
        where month.calendar = 'bank' and month.period_kind = 'month' and month.end_date {time_of}
    ) as month
    where said.bank_value is not null
        and said.matter in ('credit_balance', 'group_balance', 'credit_guaranteed', 'loan_turns')
        and exists (select 1 from changed where changed.end_date between whole.start_date and whole.end_date)
),
cell as (
    select
        truth.scope_key, truth.credit_programme_key, truth.region_key, truth.organisation, truth.source_kind,
        truth.period_key, protection.province_key,
        case protection.{family}_level
            when 1 then concat_ws(
                '|', 1, truth.scope_key, truth.credit_programme_key, protection.province_key, truth.organisation
            )
            when 2 then concat_ws('|', 2, truth.scope_key, protection.province_key, truth.organisation)
            when 3 then concat_ws('|', 3, truth.scope_key, truth.organisation)
            when 4 then concat_ws('|', 4, truth.scope_key)
        end as block,
        coalesce(truth.{column}, 0) as value, {needed} as needed
    from marts.fct_credit_month as truth
    inner join intermediate.int_credit_protection as protection
        using (scope_key, credit_programme_key, region_key, organisation)
    inner join intermediate.int_credit_contributor as contributor
        using (scope_key, credit_programme_key, region_key, organisation)
    where protection.{family}_level > 0 and truth.period_key in (select unnest(period_key) from stated)
),
piece as (
    select block, province_key, organisation, source_kind, period_key, count(*) as cells
    from cell
    group by block, province_key, organisation, source_kind, period_key
),
size as (
    select block, sum(cells) as cells from piece group by block
),
cutting as (
    select stated.sum_id, cell.block
    from stated
    inner join piece as cell
        on cell.province_key = stated.province_key and cell.period_key = any(stated.period_key) and ({takes})
    left join size on size.block = cell.block
    group by stated.sum_id, cell.block, size.cells
    having cell.block is null or sum(cell.cells) < size.cells
)
select
    cell.block, cell.value::float as value, cell.needed::float as needed,
    array_remove(array_agg(stated.sum_id), null) as sums
from cell
left join stated
    on cell.province_key = stated.province_key and cell.period_key = any(stated.period_key) and ({takes})
    and stated.sum_id in (select sum_id from cutting)
where cell.block in (select block from cutting)
    or (cell.block is null and exists (select 1 from cutting where block is null))
group by
    cell.scope_key, cell.credit_programme_key, cell.region_key, cell.organisation, cell.block, cell.value, cell.needed
"""
