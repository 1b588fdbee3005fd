"""What the branches of a clean nation report: nothing to find, and figures that add up in every direction."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from vwu.catalogue import Catalogue
from vwu.generate.landing_zone import generate
from vwu.generate.nation import places_of
from vwu.generate.request import Request
from vwu.intake.check import check
from vwu.intake.model import Outcome, SubmissionScope, SubmissionValue

TODAY = date(2026, 11, 21)
Values = Mapping[tuple[str, str, str, str, str], SubmissionValue]  # branch, period, indicator, scenario, basis


def checked(zone: Path, catalogue: Catalogue) -> dict[str, Outcome]:
    """Outcome of each submission of a landing zone by file name."""
    paths = sorted(path for path in (zone / "branch_submissions").rglob("*") if path.is_file())
    return {path.name: check(path, catalogue, TODAY) for path in paths}


def values_of(outcomes: Mapping[str, Outcome]) -> Values:
    found = {}
    for outcome in outcomes.values():
        (scope,) = outcome.scopes
        assert isinstance(scope, SubmissionScope)
        for value in outcome.values:
            if value.quantity.value_state != "missing":
                key = (scope.branch_code, scope.period_code, value.indicator_code, value.scenario, value.basis)
                assert key not in found
                found[key] = value
    return found


def amount(value: SubmissionValue) -> Decimal:
    """What was reported, nothing being zero."""
    return value.quantity.value or Decimal(0)


def agrees(value: SubmissionValue, truth: Decimal) -> bool:
    """Whether a figure, to the precision that it declares, can be the true one."""
    quantity = value.quantity
    if quantity.qualifier == "more_than":
        return quantity.lower_bound is not None and quantity.lower_bound < truth
    if quantity.qualifier == "less_than":
        return quantity.upper_bound is not None and truth < quantity.upper_bound
    return amount(value) == truth


@pytest.fixture(scope="module")
def year(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One year of two provinces and everything below them, as long CSV, across the reform and the end of a scheme."""
    directory = tmp_path_factory.mktemp("year")
    request = Request(
        provinces=2, months=13, loans=600, seed=5, first_month=date(2025, 1, 1), with_lower_level=True,
        provincial_form="csv",
    )  # fmt: skip
    list(generate(directory, request, catalogue))
    return directory


@pytest.fixture(scope="module")
def outcomes(year: Path, catalogue: Catalogue) -> dict[str, Outcome]:
    return checked(year, catalogue)


@pytest.fixture(scope="module")
def values(outcomes: Mapping[str, Outcome]) -> Values:
    return values_of(outcomes)


def test_intake_finds_nothing(nation: Path, outcomes: Mapping[str, Outcome], catalogue: Catalogue) -> None:
    workbooks = checked(nation, catalogue)
    assert {name.rsplit(".", 1)[1] for name in workbooks} == {"xlsx"}
    found = [finding for each in (*workbooks.values(), *outcomes.values()) for finding in each.findings]
    assert {finding.rule_id for finding in found} == {"BRANCH_CODE_REUSED"}  # in these months
    assert {str(each.state) for each in (*workbooks.values(), *outcomes.values())} == {"checked"}


def test_every_branch_of_its_time_reports_every_month(values: Values, catalogue: Catalogue) -> None:
    places = places_of(catalogue.seeds_dir, 2)
    for period, day in (("2025-06", date(2025, 6, 14)), ("2025-07", date(2025, 7, 14))):
        expected = {p.province_branch_at(day) for p in places} | {p.lower_branch_at(day) for p in places}
        assert {key[0] for key in values if key[1] == period} == expected
    assert {key[1] for key in values} == {
        *(f"2025-{month:02d}" for month in range(1, 13)),
        "2025-6M",
        "2025",
        "2026-01",
    }
    assert {key[0] for key in values if key[1] == "2025-6M"} == {"P06", "P19", "P22"}
    assert {key[0] for key in values if key[1] == "2025"} == {"P19", "P22"}


def test_every_measure_that_adds_up_is_there(values: Values, catalogue: Catalogue) -> None:
    indicators = {key[2] for key in values}
    assert len(indicators) >= 25
    assert {catalogue.indicators[code].measure for code in indicators} == {"flow", "stock", "ratio", "distinct"}
    assert {key[3:] for key in values} == {
        ("actual", "in_period"), ("actual", "year_to_date"), ("actual", "programme_to_date"), ("actual", "as_of"),
        ("plan", "in_period"),
    }  # fmt: skip
    assert {value.quantity.value_state for value in values.values()} == {"reported", "nil", "not_applicable"}
    assert {"exact", "more_than", "less_than"} == {value.quantity.qualifier for value in values.values()}


def test_a_province_is_the_sum_of_what_lies_below(values: Values, catalogue: Catalogue) -> None:
    parts: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for (branch, *rest), value in values.items():
        if "-" in branch:
            parts[branch.split("-")[0], *rest] += amount(value)
    compared = 0
    for key, value in values.items():
        if key in parts and catalogue.indicators[key[2]].measure != "ratio":
            assert agrees(value, parts[key]), (key, value, parts[key])
            compared += 1
    assert compared > 1000


def test_the_year_so_far_is_the_sum_of_its_months(values: Values, catalogue: Catalogue) -> None:
    """For a branch that the reform left alone: Quảng Ninh, all year."""
    compared = 0
    for (branch, period, indicator, _, basis), value in values.items():
        if branch != "P22" or basis != "year_to_date" or catalogue.indicators[indicator].measure == "ratio":
            continue
        months = [
            values[branch, f"{period[:5]}{month:02d}", indicator, "actual", "in_period"]
            for month in range(1, int(period[5:]) + 1)
        ]
        if any(month.quantity.qualifier != "exact" for month in months):
            continue
        sums = [amount(month) for month in months]
        if catalogue.indicators[indicator].measure == "distinct":
            assert max(sums) <= amount(value) <= sum(sums)
        else:
            assert amount(value) == sum(sums), (period, indicator)
        compared += 1
    assert compared > 100


def test_results_of_a_programme_never_fall_and_grow_by_the_month(values: Values) -> None:
    key = ("P22", "{}", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date")
    to_date = [amount(values["P22", f"2025-{month:02d}", *key[2:]]) for month in range(1, 13)]
    flows = [
        values["P22", f"2025-{month:02d}", "WOMEN_STARTUP_SUPPORTED", "actual", "in_period"] for month in range(1, 13)
    ]
    for before, after, flow in zip(to_date, to_date[1:], flows[1:], strict=False):
        assert after > before
        assert agrees(flow, after - before)
    # The next scheme counts from its own beginning.
    successor = values["P22", "2026-01", *key[2:]]
    assert successor.programme_code == "DA2415"
    assert amount(successor) < 1000 < to_date[-1]


def test_six_months_and_the_year_are_the_months_together(values: Values) -> None:
    for indicator in ("MEMBERS_ADMITTED", "SHELTER_FUND", "LOAN_TURNS"):
        june = values["P22", "2025-06", indicator, "actual", "year_to_date"]
        assert agrees(values["P22", "2025-6M", indicator, "actual", "in_period"], amount(june))
        december = values["P22", "2025-12", indicator, "actual", "year_to_date"]
        assert agrees(values["P22", "2025", indicator, "actual", "in_period"], amount(december))
        assert values["P22", "2025", indicator, "plan", "in_period"].quantity.qualifier == "exact"


def test_loan_turns_are_those_of_the_bank(year: Path, values: Values, catalogue: Catalogue) -> None:
    by_commune = {place.commune: f"P{place.province}" for place in places_of(catalogue.seeds_dir, 2)}
    turns: dict[tuple[str, str], int] = defaultdict(int)
    for month in range(1, 7):
        (path,) = (year / "bank_feeds").glob(f"VBSP_loan_2025-{month:02d}-*.csv")
        with path.open(encoding="utf-8", newline="") as text:
            for line in csv.DictReader(text):
                if line["organisation"] == "PN" and line["lent"] != "0":
                    turns[by_commune[line["commune_code"]], f"2025-{month:02d}"] += 1
    assert sum(turns.values()) > 30
    for branch in ("P06", "P19", "P22"):
        for month in range(1, 7):
            period = f"2025-{month:02d}"
            assert agrees(values[branch, period, "LOAN_TURNS", "actual", "in_period"], Decimal(turns[branch, period]))
            so_far = sum(turns[branch, f"2025-{each:02d}"] for each in range(1, month + 1))
            assert agrees(values[branch, period, "LOAN_TURNS", "actual", "year_to_date"], Decimal(so_far))


def test_turns_of_months_before_the_first_feed_are_known(catalogue: Catalogue, tmp_path: Path, values: Values) -> None:
    """A nation that begins in June says of the year so far what one that begins in January says."""
    june = Request(provinces=2, months=1, loans=600, seed=5, first_month=date(2025, 6, 1), provincial_form="csv")
    list(generate(tmp_path, june, catalogue))
    for key, value in values_of(checked(tmp_path, catalogue)).items():
        assert amount(value) == amount(values[key]), key


def test_vouched_credit_is_reported_on_request(catalogue: Catalogue, tmp_path: Path) -> None:
    request = Request(provinces=1, months=1, loans=600, with_undetermined=True)
    list(generate(tmp_path, request, catalogue))
    outcomes = checked(tmp_path, catalogue)
    assert {each.rule_id for outcome in outcomes.values() for each in outcome.findings} == {"MEASURE_UNDETERMINED"}
    balance = 0
    for path in (tmp_path / "bank_feeds").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as text:
            for line in csv.DictReader(text):
                if "_group_" not in path.name and line["organisation"] == "PN":
                    balance += int(line["closing_balance"])
    reported = values_of(outcomes)
    of_branches = [
        reported[branch, "2025-05", "CREDIT_GUARANTEED_AMOUNT", "actual", "as_of"] for branch in ("P06", "P19")
    ]
    assert balance == sum(amount(value) for value in of_branches)


def test_forms_and_seeds_change_the_paper_not_the_figures(catalogue: Catalogue, tmp_path: Path) -> None:
    request = Request(provinces=1, months=1, loans=300)
    for name, form in (("workbook", "workbook"), ("csv", "csv")):
        list(generate(tmp_path / name, replace(request, provincial_form=form), catalogue))
    as_workbook, as_csv = (values_of(checked(tmp_path / name, catalogue)) for name in ("workbook", "csv"))
    assert {key: value.quantity for key, value in as_workbook.items()} == {
        key: value.quantity for key, value in as_csv.items()
    }
