"""What an attacker can work out of a release: a linear programme over everything that is published of credit.

The attacker is given more than a reader has: which cells were put together with which. For each figure that is left
out, the least and the most that it can be must lie far enough apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy
import pytest
from scipy.optimize import linprog

from vwu.build import build
from vwu.database import connect
from vwu.example import write_example
from vwu.gate.attack import attack
from vwu.intake.arrivals import ZONES, list_arrivals
from vwu.intake.receive import receive
from vwu.settings import Settings

Cell = tuple[object, ...]
Equation = tuple[frozenset[Cell], float]
P = 0.10
FIGURES = {"closing_balance": "people", "lent": "flow", "collected": "flow", "overdue": "overdue"}


@pytest.fixture(scope="module")
def warehouse(module_database: Settings) -> Settings:
    """The example, built."""
    write_example(Path(module_database.landing))
    for path in [path for zone in ZONES for path in list_arrivals(module_database, zone, settle_seconds=0.0)]:
        receive(module_database, path)
    result = build(module_database)
    assert result.ok, result.failures
    return module_database


def feasible(hidden: list[Cell], equations: Iterable[Equation]) -> dict[Cell, tuple[float, float]]:
    """The least and the most that each hidden cell can be, no cell being negative; HiGHS decides."""
    place = {cell: number for number, cell in enumerate(hidden)}
    rows, sums = [], []
    for cells, total in equations:
        row = numpy.zeros(len(hidden))
        row[[place[cell] for cell in cells]] = 1
        rows.append(row)
        sums.append(total)
    ranges = {}
    for cell, number in place.items():
        ends = []
        for sign in (1, -1):
            goal = numpy.zeros(len(hidden))
            goal[number] = sign
            found = linprog(goal, A_eq=numpy.array(rows), b_eq=sums, method="highs", options={"time_limit": 30})
            assert found.status in (0, 3), found.message  # found, or without a bound: a time-out fails
            ends.append(sign * found.fun if found.status == 0 else float("inf"))
        ranges[cell] = (ends[0], ends[1])
    return ranges


def exposed(ranges: dict[Cell, tuple[float, float]], truth: dict[Cell, tuple[float, float]]) -> list[Cell]:
    """Cells that are told to p % of their largest share, from both sides; `truth` is (value, largest share)."""
    return [
        cell
        for cell, (least, most) in ranges.items()
        if max(most - truth[cell][0], truth[cell][0] - least) < P * truth[cell][1]
    ]


@pytest.mark.parametrize("figure", FIGURES)
def test_no_figure_that_is_left_out_can_be_worked_out(warehouse: Settings, figure: str) -> None:
    level = f"{FIGURES[figure]}_level"
    with connect(warehouse, "publisher") as connection:
        rows = connection.execute(
            f"""select truth.scope_key, period.period_code, truth.credit_programme_key, protection.province_key,
                       truth.region_key, truth.organisation, truth.{figure}::float, contributor.largest_{figure}::float,
                       protection.{level}, credit.{figure}::float
                from marts.fct_credit_month as truth
                inner join intermediate.int_credit_protection as protection
                    using (scope_key, credit_programme_key, region_key, organisation)
                inner join intermediate.int_credit_contributor as contributor
                    using (scope_key, credit_programme_key, region_key, organisation)
                inner join marts.protected_credit_month as credit
                    using (scope_key, credit_programme_key, region_key, organisation)
                inner join marts.dim_period as period on period.period_key = truth.period_key""".encode()
        ).fetchall()
        matter = {"closing_balance": "credit_balance", "lent": "credit_guaranteed"}.get(figure)
        stated = connection.execute(
            """select region_key, period_code, bank_value::float from marts.fct_reconciliation
               inner join marts.dim_period using (period_key) where matter = %s and bank_value is not null""",
            [matter],
        ).fetchall()
    truth: dict[Cell, tuple[float, float]] = {}
    blocks: dict[Cell, list[Cell]] = defaultdict(list)
    provinces: dict[Cell, list[tuple[Cell, float, bool]]] = defaultdict(list)
    for scope, period, programme, province, region, organisation, value, largest, at, shown in rows:
        cell = (scope, programme, region, organisation)
        assert (shown is None) == (at > 0)
        if organisation == "PN":
            provinces[province, period].append((cell, value, at > 0))
        if at > 0:
            truth[cell] = (value, largest)
        if 0 < at < 5:
            keys = [(scope, programme, province, organisation), (scope, province, organisation), (scope, organisation)]
            blocks[(at, *([*keys, (scope,)][at - 1]))].append(cell)
    equations = [(frozenset(cells), sum(truth[cell][0] for cell in cells)) for cells in blocks.values()]
    for province, period, value in stated:
        cells = provinces[province, period]
        left = value - sum(said for _, said, is_hidden in cells if not is_hidden)
        equations.append((frozenset(cell for cell, _, is_hidden in cells if is_hidden), left))
    assert len(truth) > 20
    ranges = feasible(list(truth), [each for each in equations if each[0]])
    told = {cell: each for cell, each in truth.items() if each[0] > 0}
    assert exposed({cell: ranges[cell] for cell in told}, told) == []


def told(settings: Settings, seconds: float = 30.0) -> list[str]:
    with connect(settings, "publisher") as connection:
        return attack(connection, settings, seconds)


def test_the_gate_finds_a_sum_that_cuts_a_block(warehouse: Settings) -> None:
    assert told(warehouse) == []
    with connect(warehouse, "builder") as connection:
        # Of each province the cell that its largest borrower has most of is put together with the other's.
        planted = connection.execute(
            """update intermediate.int_credit_protection as protection
               set people_level = case when alone.scope_key is null then 0 else 3 end
               from intermediate.int_credit_protection as known
               left join (
                   select distinct on (scope_key, province_key)
                       scope_key, credit_programme_key, region_key, organisation
                   from intermediate.int_credit_protection
                   inner join intermediate.int_credit_contributor as contributor
                       using (scope_key, credit_programme_key, region_key, organisation)
                   where organisation = 'PN' and contributor.closing_balance > 0
                   order by
                       scope_key, province_key, contributor.closing_balance / contributor.own_largest_closing_balance
               ) as alone using (scope_key, credit_programme_key, region_key, organisation)
               where known.ctid = protection.ctid"""
        ).rowcount
    assert planted > 20
    (problem,) = told(warehouse)
    assert "closing_balance can be worked out" in problem
    assert [each for each in told(warehouse, seconds=0) if "not proven" in each]


def test_counts_of_people_have_whole_blocks_only(warehouse: Settings) -> None:
    with connect(warehouse, "publisher") as connection:
        states = dict(
            connection.execute(
                "select value_state, count(*) from marts.fct_credit_borrower group by value_state"
            ).fetchall()
        )
        odd = connection.execute(
            "select count(*) from marts.fct_credit_borrower where borrowers % 5 <> 0 or female_borrowers % 5 <> 0"
        ).fetchone()
    assert set(states) == {"reported", "suppressed"}
    assert odd == (0,)


def test_naive_suppression_is_seen_through() -> None:
    """One cell left out beside its total: the audit must say so."""
    cell: Cell = ("a commune",)
    truth = {cell: (50.0, 30.0)}
    assert exposed(feasible([cell], [(frozenset({cell}), 50.0)]), truth) == [cell]
    both: list[Cell] = [cell, ("another",)]
    truth[both[1]] = (80.0, 20.0)
    assert exposed(feasible(both, [(frozenset(both), 130.0)]), truth) == []
