"""Two releases of one month, attacked together: no difference tells of too few people (docs/privacy.md).

The attacker is given all of release 1, cell by cell, and which cells were put together in release 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from test_feeds import Rows, example, write
from test_privacy import exposed, feasible

from vwu.build import build
from vwu.database import connect
from vwu.example import write_example
from vwu.gate import run_gate
from vwu.intake.arrivals import ZONES, list_arrivals
from vwu.intake.receive import receive
from vwu.publish import publish
from vwu.settings import Settings

MARCH = "2024-03-31"
SCOPE = "loan|VBSP|2024-03-31"
FIGURES = {"closing_balance": "people", "collected": "flow", "overdue": "overdue"}
MILLION = 1_000_000
Cell = tuple[Any, ...]


def release(settings: Settings) -> int:
    result = build(settings)
    assert result.ok, result.failures
    verdict = run_gate(settings)
    assert verdict.passed, verdict.summary()
    return publish(settings).release_id


def correct(settings: Settings, rows: Rows, sequence: int, folder: Path) -> str:
    """The month's loans again; returns the receipt."""
    _, control = example("loan", MARCH)
    stated = {"sequence": sequence, "previous_sum_closing_balance": control["previous_sum_closing_balance"]}
    outcome = receive(settings, str(write(folder, rows, control, **stated)))
    assert outcome.state == "landed", outcome.findings
    return outcome.receipt_id


def late(row: dict[str, str]) -> None:
    row.update(overdue=str(int(row["closing_balance"]) // 2), overdue_days="40")


def paid(row: dict[str, str]) -> None:
    row.update(
        collected=str(int(row["collected"]) + MILLION), closing_balance=str(int(row["closing_balance"]) - MILLION)
    )


def changed(rows: Rows, change: Callable[[dict[str, str]], None], count: int, per_commune: int = 1) -> None:
    """Change the loan of so many people, at most `per_commune` in each commune."""
    done: dict[str, int] = defaultdict(int)
    for row in rows:
        of_one = [each["citizen_id"] for each in rows].count(row["citizen_id"]) == 1
        is_plain = row["status"] == "active" and row["overdue"] == "0" and int(row["closing_balance"]) > 5 * MILLION
        if of_one and is_plain and done[row["commune_code"]] < per_commune and sum(done.values()) < count:
            change(row)
            done[row["commune_code"]] += 1
    assert sum(done.values()) == count


@pytest.fixture(scope="module")
def released(module_database: Settings) -> Settings:
    write_example(Path(module_database.landing))
    for path in [path for zone in ZONES for path in list_arrivals(module_database, zone, settle_seconds=0.0)]:
        receive(module_database, path)
    assert release(module_database) == 1
    return module_database


def query(settings: Settings, text: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(settings, "publisher") as connection:
        return connection.execute(text.encode(), values).fetchall()


def levels(settings: Settings, release_id: int, family: str) -> dict[Cell, int]:
    """Cells that a release has put together, with the level."""
    rows = query(
        settings,
        """select credit_programme_key, region_key, organisation, (levels ->> %s)::integer
           from release.credit_level where scope_key = %s and release_id = %s and levels ? %s""",
        family, SCOPE, release_id, family,
    )  # fmt: skip
    return {(programme, region, organisation): level for programme, region, organisation, level in rows}


def people(settings: Settings, receipt: str, figure: str) -> dict[tuple[Any, ...], float]:
    """What each person has in each cell, from the lines as they came."""
    rows = query(
        settings,
        f"""select programme.credit_programme_key, commune.region_key, loan.organisation, loan.citizen_token::text,
                   sum(loan.{figure})::float
            from raw.loan as loan
            inner join marts.dim_credit_programme as programme
                on programme.credit_programme = loan.credit_programme and programme.valid_from <= loan.as_of_date
                and coalesce(programme.valid_to, 'infinity') >= loan.as_of_date
            inner join (
                select distinct on (commune_code_system, commune_code) * from intermediate.int_commune_code
                where valid_from <= %s order by commune_code_system, commune_code, valid_from desc
            ) as commune using (commune_code_system, commune_code)
            where loan.receipt_id = %s group by 1, 2, 3, 4""",
        MARCH, receipt,
    )  # fmt: skip
    return {tuple(key): value for *key, value in rows}


def provinces(settings: Settings) -> dict[int, int]:
    return dict(query(settings, "select region_key, province_key from intermediate.int_credit_protection"))


def blocks(cells: Iterable[Cell], level: dict[Cell, int], province: dict[int, int]) -> dict[Cell, list[Cell]]:
    """Published sums of a release: its cells, and the blocks that cells were put into."""
    found: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in cells:
        programme, region, organisation = cell
        at = level.get(cell, 0)
        where = province[region]
        keys = [cell, (programme, where, organisation), (where, organisation), (organisation,), ()]
        if at < 5:
            found[at, *keys[at]].append(cell)
    return found


def attacked(
    settings: Settings, figure: str, first: tuple[int, str], second: tuple[int, str], protected: bool = True
) -> tuple[list[Cell], set[int]]:
    """Cells whose difference the two releases tell; and on how many people the difference of each block rests."""
    before, after = people(settings, first[1], figure), people(settings, second[1], figure)
    difference = {key: after.get(key, 0.0) - before.get(key, 0.0) for key in before.keys() | after.keys()}
    cells = sorted({key[:3] for key in difference})
    province = provinces(settings)
    shown = levels(settings, (second if protected else first)[0], FIGURES[figure])
    sums = blocks(cells, shown, province)
    truth: dict[Cell, tuple[float, float]] = {}
    for cell in cells:
        own = [value for key, value in difference.items() if key[:3] == cell and value]
        # A difference may have either sign; one cell is moved away from nothing, so that the programme may look.
        truth[cell] = (sum(own) + 1e9, max(map(abs, own), default=0.0))
    equations = [(frozenset(each), sum(truth[cell][0] for cell in each)) for each in sums.values()]
    ranges = feasible(cells, equations)
    told = exposed({cell: ranges[cell] for cell in cells if truth[cell][1]}, truth)
    counts = {len({key[3] for key, value in difference.items() if key[:3] in each and value}) for each in sums.values()}
    return told, counts


def test_a_correction_of_many_tells_of_no_few(released: Settings, tmp_path: Path) -> None:
    rows, _ = example("loan", MARCH)
    ((first,),) = query(released, "select receipt_id from intake.scope where scope_key = %s", SCOPE)
    changed(rows, paid, 8)
    changed(rows, late, 9)
    second = correct(released, rows, 2, tmp_path)
    assert release(released) == 2
    for figure in FIGURES:
        told, _ = attacked(released, figure, (1, first), (2, second), protected=False)
        assert told, f"{figure}: without protection the difference of two releases tells"
        told, counts = attacked(released, figure, (1, first), (2, second))
        assert told == []
        assert max(counts) >= 5
        assert not counts & {1, 2, 3, 4}
    ((total, truth),) = query(
        released,
        """select (select sum(closing_balance) from published.fct_credit_month where scope_key = %s),
                  (select sum(closing_balance) from raw.loan where receipt_id = %s)""",
        SCOPE, second,
    )  # fmt: skip
    assert total == truth
    for family in query(released, "select distinct jsonb_object_keys(levels) from release.credit_level"):
        first_levels, second_levels = (levels(released, number, *family) for number in (1, 2))
        assert all(second_levels.get(cell, 0) >= level for cell, level in first_levels.items())


def test_one_late_loan_waits_and_says_so(released: Settings, tmp_path: Path) -> None:
    rows, _ = example("loan", MARCH)
    changed(rows, paid, 8)
    changed(rows, late, 9)
    changed(rows, late, 1)
    shown = query(released, "select * from published.fct_credit_month where scope_key = %s order by 1, 2, 3, 4", SCOPE)
    receipt = correct(released, rows, 9, tmp_path)
    release(released)
    ((state, reason_vi),) = query(
        released, "select state, reason_vi from intake.receipt where receipt_id = %s", receipt
    )
    assert state == "held"
    assert "quá ít người vay" in reason_vi
    assert query(released, "select held_for from quality.held where receipt_id = %s", receipt) == [("few_people",)]
    ((outdated, cells),) = query(
        released,
        "select count(*) filter (where is_outdated), count(*) from published.fct_credit_month where scope_key = %s",
        SCOPE,
    )
    assert outdated == cells == len(shown)
    assert query(
        released,
        "select 1 from published.fct_credit_correction where receipt_id = %s and overdue_after is null",
        receipt,
    )
