"""Every cell of the roll-up against a second computation that shares no code with the models (`rollup_oracle`)."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from vwu.build import build, run_dbt
from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.generate.landing_zone import generate
from vwu.generate.request import Request
from vwu.intake.arrivals import list_arrivals
from vwu.intake.receive import receive
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

    @property
    def scope_key(self) -> str:
        return f"submission|{self.branch_code}|{self.period}|BM01"


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
    """Land reports as the loader does, past the parsers: one receipt in force for each; a later one replaces."""
    with connect(settings, "loader") as connection:
        for report in reports:
            key = report.scope_key
            digest = hashlib.sha256(repr(report).encode()).hexdigest()
            receipt = connection.execute(
                """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by)
                   values (%s, %s, 'submission', %s, 1, 'landed', 'test') on conflict do nothing""",
                [digest[:16], digest, key],
            )
            connection.execute(
                """insert into intake.scope (scope_key, kind, branch_code, period_code, form, receipt_id, precedence)
                   values (%s, 'submission', %s, %s, 'BM01', %s, 1)
                   on conflict (scope_key) do update set receipt_id = excluded.receipt_id, is_held = false""",
                [key, report.branch_code, report.period, digest[:16]],
            )
            if not receipt.rowcount:  # the same bytes again
                continue
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
                      blocked_code, level_used, branches_expected, branches_reported, coverage_pct,
                      coverage_members_pct, data_to_date
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
        "not_additive_over_regions", "cumulative_falls",
    }  # fmt: skip


@pytest.mark.parametrize("steps", [2, pytest.param(30, marks=[pytest.mark.campaign, pytest.mark.timeout(14_400)])])
def test_rolling_up_what_changed_gives_what_rolling_up_everything_gives(module_database: Settings, steps: int) -> None:
    """Reports come, are replaced, put back as they were, withdrawn and held at random; each build rolls up the rest."""
    chance, seeds = random.Random(steps), module_database.root / "seeds"
    first, second = ({r.scope_key: r for r in some_nation(seeds, seed) if chance.random() < 0.3} for seed in (2, 3))
    empty(module_database)
    put(module_database, first.values())
    again(module_database)
    for step in range(steps):
        change(module_database, chance, first, second)
        again(module_database)
        _, different = check(module_database)
        assert different == [], "\n".join([f"step {step}", *different])
    in_steps = rolled_up(module_database)
    again(module_database, "--full-refresh")
    assert {table: rows.total() for table, rows in in_steps.items() if not rows} == {}
    for table, rows in rolled_up(module_database).items():
        assert (rows - in_steps[table], in_steps[table] - rows) == (Counter(), Counter()), table


def change(settings: Settings, chance: random.Random, *sent: Mapping[str, Report]) -> None:
    """A handful of reports land (new, other, or as they were before), some are withdrawn, some held."""
    put(settings, (chance.choice(list(chance.choice(sent).values())) for _ in range(chance.randrange(1, 12))))
    keys = sorted({key for reports in sent for key in reports})
    with connect(settings, "owner") as connection:
        for statement in ("delete from intake.scope where scope_key = any(%s)",
                          "update intake.scope set is_held = not is_held where scope_key = any(%s)"):  # fmt: skip
            connection.execute(statement, [chance.sample(keys, chance.randrange(0, 5))])


def rolled_up(settings: Settings) -> dict[str, Counter[str]]:
    """Every row of what is rolled up by change, and of what is made from it."""
    tables = ("marts.fct_indicator_rollup", "intermediate.int_children_check", "marts.fct_reconciliation",
              "marts.fct_target_attainment")  # fmt: skip
    with connect(settings, "builder") as connection:
        return {
            table: Counter(row for (row,) in connection.execute(f"select to_jsonb(held)::text from {table} as held"))
            for table in tables
        }


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
def test_every_cell_of_a_generated_nation(database: Settings) -> None:
    """Three provinces that became two, districts and then communes, each month of three years: received and built."""
    nation = Request(
        provinces=2, months=36, loans=500, first_month=date(2024, 1, 1), with_lower_level=True, with_undetermined=True,
        provincial_form="csv",
    )  # fmt: skip
    list(generate(Path(database.landing), nation, load_catalogue(database.root / "seeds")))
    arrivals = list_arrivals(database, "branch_submissions", settle_seconds=0.0)
    assert [each.summary() for each in receive_all(database, arrivals) if each.state != "landed"] == []
    result = build(database)
    assert result.ok, result.failures
    rows, different = check(database)
    assert different == [], "\n".join(different)
    assert len({key.cell.indicator for key, row in rows.items() if row.value is not None}) >= 20
    print(f"{len(arrivals):,} reports, {len(rows):,} cells")


def receive_all(settings: Settings, arrivals: Sequence[str]) -> Iterator[Any]:
    for path in arrivals:
        yield receive(settings, path)


# What must not be added ------------------------------------------------------------------------------------------

KIN = (
    *("TW", "P19", "P06", "P22", "P19-X01", "P22-D200", "P19-D164", "P06-D058"),
    *("P22-06895", "P22-06913", "P22-06862", "P22-06799", "P19-01840"),
)
NEAR = (
    *("2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09", "2025-12", "2026-01", "2024-12"),
    *("2025-Q2", "2025-Q3", "2025-6M", "2025-9M", "2025", "2024", "2025-05/2025-08", "2025-04/2025-05"),
)
WHOLE = 10**6  # of a share of six decimals
DIGIT = 10**8


@st.composite
def some_series(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Of one indicator: who reports for which period on which basis, so near to each other that much could go wrong."""
    few = st.lists(st.sampled_from(KIN), min_size=2, max_size=5, unique=True)
    many = st.lists(st.sampled_from(NEAR), min_size=3, max_size=6, unique=True)
    bases = st.sampled_from(("in_period", "in_period", "as_of", "year_to_date", "programme_to_date"))
    told = {(branch, period, draw(bases)) for branch in draw(few) for period in draw(many)}
    return sorted(told)


def as_digits(seeds: Path, series: Sequence[list[tuple[str, str, str]]]) -> tuple[list[Report], dict[Any, list[Any]]]:
    """One series an indicator; the n-th report of a series says one in the n-th digit, so a sum tells its parts."""
    world = oracle.World(seeds)
    world.add_spans(NEAR)
    sent: dict[tuple[str, str], list[Any]] = {}
    told: dict[Any, list[Any]] = {}
    for (indicator, programme), each in zip(ASKED, series, strict=True):
        for branch, period, basis in each:
            digits = told.setdefault((programme, indicator), [])
            until = world.periods[period][1].until
            if any(world.tenure[version].has(until) for version in world.branch_versions[branch]):  # as intake asks
                value = Fraction(WHOLE * DIGIT ** len(digits))
                cell = oracle.Cell(programme, indicator, period, "actual", basis)
                digits.append(oracle.Said(branch, cell, value, value, value, "exact", "reported"))
                sent.setdefault((branch, period), []).append(digits[-1])
    return [Report(branch, period, tuple(values)) for (branch, period), values in sent.items()], told


def parts_of(value: Fraction, told: Sequence[Any]) -> list[tuple[Any, Fraction]]:
    """Which reports a sum is made of, and the share of each: negative where one was taken away."""
    assert value.denominator == 1
    rest, found = int(value), []
    for report in told:
        digit = (rest + DIGIT // 2) % DIGIT - DIGIT // 2
        rest = (rest - digit) // DIGIT
        if digit:
            found.append((report, Fraction(digit, WHOLE)))
    assert rest == 0
    return found


class Watch:
    """Says what is wrong with a published sum, knowing the reports that it is made of."""

    def __init__(self, seeds: Path) -> None:
        self.world = oracle.World(seeds)
        self.world.add_spans(NEAR)
        self._grounds: dict[Any, Any] = {}

    def wrong(self, key: Any, value: Fraction, told: Sequence[Any]) -> Iterator[str]:
        measure = self.world.indicators[key.cell.indicator]["measure"]
        if measure == "undetermined":
            yield "what is undetermined was added"
        elif measure == "ratio":
            if value > 100 and value not in [report.value for report in told]:
                yield "ratios were added"
        else:
            parts = parts_of(value, told)
            if any(abs(share) > 1 for _, share in parts):
                yield "one report counts twice"
            is_flow = measure == "flow" and key.cell.basis == "in_period"
            yield from self._days(key, parts) if is_flow else self._dates(key, parts)
            yield from self._places(parts, is_flow)

    def _life(self, report: Any) -> Any:
        """The days that a report speaks of: a year so far begins with the year, whatever its period does."""
        life = self.world.periods[report.cell.period][1]
        if report.cell.basis == "year_to_date":
            since = max(y.since for kind, y in self.world.periods.values() if kind == "year" and y.has(life.until))
            return oracle.Life(since, life.until)
        return life

    def _days(self, key: Any, parts: Sequence[tuple[Any, Fraction]]) -> Iterator[str]:
        """What happened is added over days: each day of a branch once, none from outside the period."""
        days: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        for report, share in parts:
            if report.cell.basis not in ("in_period", "year_to_date"):
                yield f"a figure {report.cell.basis} is in a sum over time"
            for day in range(self._life(report).since, self._life(report).until + 1):
                days[report.branch_code, day] += share
        if any(not 0 <= share <= 1 for share in days.values()):
            yield "a day counts twice"
        if any(share and not self.world.periods[key.cell.period][1].has(day) for (_, day), share in days.items()):
            yield "a day from outside the period counts"

    def _dates(self, key: Any, parts: Sequence[tuple[Any, Fraction]]) -> Iterator[str]:
        """What is counted at or to a date is never added over time, nor are people over periods."""
        if len({report.branch_code for report, _ in parts}) < len(parts):
            yield "two dates of one branch were added"
        if any(report.cell.basis != key.cell.basis for report, _ in parts):
            yield "another basis was added"
        if any(share < 0 for _, share in parts):
            yield "something was taken away"
        ends = {self._life(report).until for report, _ in parts} - {self.world.periods[key.cell.period][1].until}
        if key.cell.basis == "year_to_date" and ends:
            yield "a year so far that ends earlier stands for the period"
        if key.cell.basis == "in_period" and any(report.cell.period != key.cell.period for report, _ in parts):
            yield "people of another period were added"

    def _places(self, parts: Sequence[tuple[Any, Fraction]], is_flow: bool) -> Iterator[str]:
        for (one, _), (other, _) in combinations(parts, 2):
            if self._hold_each_other(one, other) and (not is_flow or self._life(one).meets(self._life(other))):
                yield f"{one.branch_code} {one.cell.period} and {other.branch_code} {other.cell.period} hold the same"

    def _hold_each_other(self, one: Any, other: Any) -> bool:
        """One lies in the other, at their time or as what followed it; or one is on ground that was the other's."""
        homes = []
        for report in (one, other):
            branch, region = self.world.resolve(report.branch_code, report.cell.period)
            on = min(self._life(report).until, self.world.tenure[branch].until)
            above = self.world.up(region, on)
            heirs = [heir for whole in above if whole.level == "province" for heir in self.world.today(whole)]
            homes.append((branch, region, (*above, *heirs)))
        (branch, home, above), (other_branch, other_home, other_above) = homes
        if branch == other_branch or "unit" in (self.world.level(branch), self.world.level(other_branch)):
            return False
        if home in other_above or other_home in above:
            return True
        return other_branch in self._ground(branch) or branch in self._ground(other_branch)

    def _ground(self, branch: Any) -> Any:
        if branch not in self._grounds:
            self._grounds[branch] = self.world.stands_on(branch)
        return self._grounds[branch]


@pytest.mark.parametrize("examples", [2, pytest.param(60, marks=[pytest.mark.campaign, pytest.mark.timeout(14_400)])])
def test_no_path_adds_what_must_not_be_added(module_database: Settings, examples: int) -> None:
    """Distinct people or balances over time, ratios, what is undetermined; a day or a place twice."""
    seeds = module_database.root / "seeds"
    watch = Watch(seeds)
    seen: list[int] = []

    @hypothesis.settings(
        max_examples=examples, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.tuples(*(some_series() for _ in ASKED)))
    def holds(series: tuple[list[tuple[str, str, str]], ...]) -> None:
        reports, told = as_digits(seeds, series)
        empty(module_database)
        put(module_database, reports)
        again(module_database)
        sums = {key: row["value"] for key, row in stored(module_database).items() if row["value"] is not None}
        found = [
            f"{' '.join([*key.cell, *key.region, key.boundary])}: {wrong}"
            for key, value in sums.items()
            for wrong in watch.wrong(key, Fraction(value), told[key.cell.programme, key.cell.indicator])
        ]
        assert found == [], "\n".join(found[:20])
        seen.append(len(sums))

    holds()
    assert sum(seen) > 1000


def empty(settings: Settings) -> None:
    """Forget every report, as only a test may."""
    with connect(settings, "owner") as connection:
        connection.execute("truncate raw.submission_value, intake.scope, intake.receipt cascade")


def again(settings: Settings, *how: str) -> None:
    """The roll-up anew from what has landed."""
    if not built(settings):
        result = build(settings)
        assert result.ok, result.failures
    made = ("+fct_indicator_rollup", "+fct_reconciliation", "+fct_target_attainment")
    nodes = run_dbt(settings, "run", *how, "--select", *made, "--exclude", "tag:reference")
    assert [str(node) for node in nodes if not node.is_good] == []


def built(settings: Settings) -> bool:
    with connect(settings, "builder") as connection:
        return connection.execute("select to_regclass('marts.fct_indicator_rollup')").fetchone() != (None,)


# The worked example ------------------------------------------------------------------------------------------------

ADMITTED = ("ALL", "MEMBERS_ADMITTED")
EXAMPLE = {
    "2025-06": {
        "P19": 120, "P06": 35,
        "P22-06895": 6, "P22-06898": 2, "P22-06901": 3, "P22-06904": 4, "P22-06910": 5, "P22-06913": 7, "P22-06916": 8,
        "P22-06917": 1, "P22-06919": 9,
        "P22-06655": 10, "P22-06799": 12, "P22-06820": 14, "P22-06853": 16, "P22-06868": 18, "P22-06877": 20,
        "P22-06880": 22, "P22-06886": 24, "P22-06946": 26, "P22-07042": 28,
    },
    "2025-09": {"P19": 150, "P22-06895": 30, "P22-06913": 12},
}  # fmt: skip
VIEWS = ("as_reported", "as_now")
PAGE = Path(__file__).parents[2] / "docs" / "time-and-place.md"
README = PAGE.parents[1] / "README.md"


def test_the_page_on_time_and_place_shows_what_the_product_gives(module_database: Settings) -> None:
    seeds = module_database.root / "seeds"
    empty(module_database)
    put(
        module_database,
        [
            Report(branch, period, (oracle.Said(branch, oracle.Cell(*ADMITTED, period, "actual", "in_period"), *[
                Fraction(value)
            ] * 3, "exact", "reported"),))
            for period, values in EXAMPLE.items()
            for branch, value in values.items()
        ],
    )  # fmt: skip
    again(module_database)
    world, rows = oracle.World(seeds), stored(module_database)
    page = PAGE.read_text("utf-8")
    for period in EXAMPLE:
        assert f"{table(world, rows, period)}\n" in page, table(world, rows, period)
    for period, values in EXAMPLE.items():
        for branch, value in values.items():
            name = world.branches[world.resolve(branch, period)[0]]["name_vi"]
            assert f"| {period} | {branch} {name} | {value} |\n" in page, f"| {period} | {branch} {name} | {value} |"
    for line in short_form(rows):
        assert f"{line}\n" in README.read_text("utf-8"), line


def short_form(rows: Mapping[Any, Mapping[str, Any]]) -> list[str]:
    """The lines of June 2025 in README."""
    cell, before, today = oracle.Cell(*ADMITTED, "2025-06", "actual", "in_period"), "2015-01-01", "2025-07-01"

    def then(level: str, code: str) -> str:
        return f"{rows[oracle.Key(cell, oracle.Region(level, code, before), 'as_reported')]['value'].normalize():f}"

    def now(level: str, code: str, since: str = today) -> str:
        return f"{rows[oracle.Key(cell, oracle.Region(level, code, since), 'as_now')]['value'].normalize():f}"

    merged = f"{then('province', '19')}; {then('province', '06')} | {now('province', '19')}"
    kept = f"{then('commune', '06913')} | {now('commune', '06913')}"
    return [
        f"| nation | {then('nation', 'VN')} | {now('nation', 'VN', before)} |",
        f"| 19 Thái Nguyên; 06 Bắc Kạn, merged into it | {merged} |",
        f"| 22 Quảng Ninh | {then('province', '22')} | {now('province', '22')} |",
        f"| 200 Đầm Hà district, until June 2025 | {then('district', '200')} | in 06895 and 06913 |",
        f"| 06895, then the town, now xã Đầm Hà | {then('commune', '06895')} | {now('commune', '06895')} |",
        f"| 06913 xã Quảng Tân: same code and name, other land | {kept} |",
        f"| 06862 xã Tiên Yên, shares of four split communes | none | ~ {now('commune', '06862')} |",
    ]


def table(world: Any, rows: Mapping[Any, Mapping[str, Any]], period: str) -> str:
    """A period's rows in both views, widest region first, as they stand on the page."""
    lines = [f"| {period} | as_reported | as_now |", "|---|---:|---:|"]
    cell = oracle.Cell(*ADMITTED, period, "actual", "in_period")
    places = {key.region for key in rows if key.cell == cell and key.boundary in VIEWS}
    for region in sorted(places, key=lambda region: (-oracle.HEIGHT[region.level], region.code, region.since)):
        shown = [
            "" if row is None else f"{'~ ' if row['is_estimated'] else ''}{row['value'].normalize():f}"
            for row in (rows.get(oracle.Key(cell, region, boundary)) for boundary in VIEWS)
        ]
        since = "" if region.since == "2015-01-01" else " (today)"
        lines.append(f"| {region.code} {world.regions[region]['name_vi']}{since} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines)
