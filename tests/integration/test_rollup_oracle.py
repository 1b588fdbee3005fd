"""Every cell of the roll-up against a second computation that shares no code with the models (`rollup_oracle`)."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vwu.build import build
from vwu.database import connect
from vwu.settings import Settings

pytestmark = pytest.mark.timeout(900)

QUALIFIERS = ("exact",) * 8 + ("more_than", "less_than", "at_least", "at_most", "about")
STATES = ("reported",) * 12 + ("nil", "missing", "not_applicable")
MONTHS = tuple(f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13))
LONGER = (
    *(f"{year}-{kind}" for year in (2024, 2025, 2026) for kind in ("Q1", "Q2", "Q3", "Q4", "6M", "9M")),
    *("2024", "2025", "2026", "T2021-2026-H1", "T2022-2027-H2"),
    *("2024-02/2024-04", "2024-04/2024-05", "2025-05/2025-08", "2025-07/2025-08"),
)  # fmt: skip
# Both sides of the reform where it is hardest: merged, renamed in between, split communes, units without territory.
BRANCHES = (
    *("TW", "P19", "P06", "P22", "P46", "P75", "P19-X01", "P19-X02"),
    *("P22-D200", "P22-D195", "P06-D058", "P19-D164", "P46-D476", "P75-D731"),
    *("P22-06895", "P22-06913", "P19-05521", "P75-26485"),
)

# Every measure, ratios with their parts, provincial programmes, what is not added over regions.
ASKED = (
    ("WOMEN_STARTUP_SUPPORTED", "DA939"), ("WOMEN_STARTUP_SUPPORTED", "DA2415"), ("TRAINING_CLASSES", "DA938"),
    ("MEMBERS_REACHED_STARTUP_AWARENESS", "DA939"), ("MEMBERS_REACHED_STARTUP_AWARENESS_PCT", "DA939"),
    ("MEMBERS_TOTAL", "ALL"), ("WOMEN_18_PLUS", "ALL"), ("MEMBERSHIP_RATE_PCT", "ALL"), ("STAFF_TOTAL", "ALL"),
    ("PEOPLE_INFORMED_SOCIAL_ISSUES", "DA938"), ("BEHAVIOUR_CHANGED", "DA938"), ("BEHAVIOUR_CHANGED_PCT", "DA938"),
    ("VICTIMS_DETECTED", "NQ_TW_XIII"), ("VICTIMS_REACHING_SERVICE", "NQ_TW_XIII"),
    ("VICTIMS_REACHING_SERVICE_PCT", "NQ_TW_XIII"), ("POOR_NEARPOOR_HOUSEHOLDS_HELPED", "GIAMNGHEO"),
    ("CREDIT_GUARANTEED_AMOUNT", "TINCHAP"), ("LOAN_TURNS", "TINCHAP"), ("SAFE_PRODUCE_SHOPS_MAINTAINED", "NQ_TN_XIV"),
    ("COOPERATIVES_NEW", "NQ_TN_XIV"), ("COOPERATIVES_NEW", "NQ_TW_XIII"), ("CHILDREN_NUTRITION_HELPED", "DDTE_QN"),
    ("RESOLUTION_TARGETS_MET", "NQ_TN_XIV"), ("SHELTER_FUND", "MAIAM"), ("COMMUNICATION_TEAMS", "DA8"),
)  # fmt: skip
VALUES_A_REPORT = 6


def load_oracle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rollup_oracle", Path(__file__).with_name("rollup_oracle.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


oracle = load_oracle()


@dataclass(frozen=True, slots=True)
class Report:
    """What one branch sends for one period."""

    branch_code: str
    period: str
    values: tuple[Any, ...]


def split_communes(seeds: Path, province: str, most: int) -> list[str]:
    """Branches of old communes that were split, and of what became of them."""
    rows = oracle.rows_of(seeds, "region_succession")
    inside = {
        row["region_code"]: row["province_code"]
        for row in oracle.rows_of(seeds, "region")
        if row["level"] == "commune" and row["valid_to"] == "2025-06-30"
    }
    chosen = sorted(
        {r["from_code"] for r in rows if r["is_split"] == "true" and inside.get(r["from_code"]) == province}
    )
    chosen = chosen[:most]
    heirs = sorted({row["to_code"] for row in rows if row["from_level"] == "commune" and row["from_code"] in chosen})
    return [f"P{province}-{code}" for code in (*chosen, *heirs)]


def some_nation(seeds: Path, seed: int) -> Iterator[Report]:
    """Reports of every kind, measure, basis, state and qualifier, of branches that report now and then."""
    chance, world = random.Random(seed), oracle.World(seeds)
    world.add_spans(LONGER)
    indicators = {row["indicator_code"]: row for row in oracle.rows_of(seeds, "indicator")}
    asked = [
        (programme, indicator, scenario, basis)
        for indicator, programme in ASKED
        for scenario, bases in (("actual", indicators[indicator]["bases"].split("|")), ("plan", ["in_period"]))
        for basis in bases
        if scenario == "actual" or programme == "ALL"
    ]
    for branch in dict.fromkeys((*BRANCHES, *split_communes(seeds, "22", 3), *split_communes(seeds, "19", 2))):
        for period in (*MONTHS, *LONGER):
            is_sent = chance.random() < (0.25 if period in MONTHS else 0.2)
            if is_sent and world.resolve(branch, period):  # intake refuses a branch that was not there
                cells = chance.sample(asked, VALUES_A_REPORT)
                yield Report(branch, period, tuple(say(chance, branch, period, cell) for cell in sorted(set(cells))))


def say(chance: random.Random, branch: str, period: str, cell: tuple[str, str, str, str]) -> Any:
    programme, indicator, scenario, basis = cell
    state, qualifier = chance.choice(STATES), chance.choice(QUALIFIERS)
    value = Fraction(chance.randrange(0, 5000)) if state == "reported" else None
    qualifier = qualifier if state == "reported" else "exact"
    return oracle.Said(
        branch,
        oracle.Cell(programme, indicator, period, scenario, basis),
        value,
        value if qualifier in ("exact", "more_than", "at_least") else None,
        value if qualifier in ("exact", "less_than", "at_most") else None,
        qualifier,
        state,
    )


def put(settings: Settings, reports: Iterable[Report]) -> None:
    """Land reports as the loader does, past the parsers: one receipt in force for each."""
    with connect(settings, "loader") as connection:
        for report in reports:
            key = f"submission|{report.branch_code}|{report.period}|BM01"
            digest = hashlib.sha256(repr(report).encode()).hexdigest()
            connection.execute(
                """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by)
                   values (%s, %s, 'submission', %s, 1, 'landed', 'test')""",
                [digest[:16], digest, key],
            )
            connection.execute(
                """insert into intake.scope (scope_key, kind, branch_code, period_code, form, receipt_id, precedence)
                   values (%s, 'submission', %s, %s, 'BM01', %s, 1)""",
                [key, report.branch_code, report.period, digest[:16]],
            )
            with connection.cursor().copy(
                """copy raw.submission_value (receipt_id, line_no, scope_key, branch_code, period_code, form,
                       form_version, programme_code, indicator_code, scenario, basis, value, lower_bound, upper_bound,
                       qualifier, value_state, unit_code, position, raw_text) from stdin"""
            ) as copy:
                for line, said in enumerate(report.values, start=1):
                    cell = said.cell
                    amounts = (None if each is None else str(each) for each in (said.value, said.lower, said.upper))
                    copy.write_row((
                        digest[:16], line, key, report.branch_code, report.period, "BM01", "1", cell.programme,
                        cell.indicator, cell.scenario, cell.basis, *amounts, said.qualifier, said.state, "PERSON",
                        f"line {line}", "",
                    ))  # fmt: skip


def said(settings: Settings) -> list[Any]:
    """What receipts in force say, from raw alone."""
    with connect(settings, "builder") as connection:
        rows = connection.execute(
            """select value.branch_code, programme_code, indicator_code, value.period_code, scenario, basis, value,
                      lower_bound, upper_bound, qualifier, value_state
               from raw.submission_value as value
               inner join intake.scope using (receipt_id, scope_key)
               where not scope.is_held"""
        ).fetchall()
    return [
        oracle.Said(
            branch,
            oracle.Cell(programme, indicator, period, scenario, basis),
            *(None if amount is None else Fraction(amount) for amount in amounts),
            qualifier,
            state,
        )
        for branch, programme, indicator, period, scenario, basis, *amounts, qualifier, state in rows
    ]


def stored(settings: Settings) -> dict[Any, dict[str, Any]]:
    """The product's roll-up, by the same keys."""
    with connect(settings, "builder") as connection:
        cursor = connection.execute(
            """select programme.programme_code, indicator.indicator_code, period_code, scenario, basis, region.level,
                      region.region_code, region.valid_from::text as valid_from, boundary, value,
                      rollup.lower_bound as lower, rollup.upper_bound as upper, is_lower_open, is_upper_open,
                      is_approximate, is_estimated,
                      blocked_code, level_used, branches_expected, branches_reported, coverage_pct, data_to_date
               from marts.fct_indicator_rollup as rollup
               inner join marts.dim_programme as programme using (programme_key)
               inner join marts.dim_indicator as indicator using (indicator_key)
               inner join marts.dim_region as region using (region_key)
               inner join marts.dim_period using (period_key)"""
        )
        names = [column.name for column in cursor.description or ()]
        found = {}
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            cell = oracle.Cell(*(row.pop(name) for name in names[:5]))
            region = oracle.Region(*(row.pop(name) for name in names[5:8]))
            row["data_to_date"] = row["data_to_date"].toordinal()
            found[oracle.Key(cell, region, row.pop("boundary"))] = row
    return found


def check(settings: Settings) -> tuple[dict[Any, Any], Sequence[str]]:
    """Every cell both ways; the rows and the first differences."""
    worked_out = oracle.expected_rollup(settings.root / "seeds", said(settings))
    return worked_out, oracle.differences(worked_out, stored(settings))


def test_every_cell_of_the_rollup_is_what_a_second_computation_gives(module_database: Settings) -> None:
    put(module_database, some_nation(module_database.root / "seeds", seed=1))
    result = build(module_database)
    assert result.ok, result.failures
    rows, different = check(module_database)
    assert different == [], "\n".join(different)
    indicators = oracle.World(module_database.root / "seeds").indicators
    shown = {key.cell.indicator for key, row in rows.items() if row.value is not None}
    assert {indicators[code]["measure"] for code in shown} == {"flow", "stock", "ratio", "distinct"}
    assert len(shown) >= 20
    assert {row.blocked_code for row in rows.values()} >= {
        None, "undetermined", "ratio_without_parts", "ratio_parts_differ", "distinct_over_time", "overlapping_parts",
        "not_additive_over_regions",
    }  # fmt: skip
