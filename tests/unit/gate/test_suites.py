"""What the gate expects is counted from the files before anything runs; every way to lose a check is a problem."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from vwu.gate.suites import CATALOGUE, read_expected
from vwu.intake.rules import FAMILIES

PROJECT = Path(__file__).resolve().parents[3] / "expectations"
TABLES = sorted(path.stem for path in PROJECT.glob("*.yml") if path.name != CATALOGUE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project's suites to spoil."""
    shutil.copytree(PROJECT, tmp_path / "expectations")
    return tmp_path / "expectations"


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = yaml.safe_load(path.read_text("utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def test_the_projects_suites_are_whole() -> None:
    expected = read_expected(PROJECT, TABLES)
    assert expected.problems == ()
    assert expected.count == len(expected.checks) > 100
    assert {check.family for check in expected.checks} <= set(FAMILIES)
    assert {check.severity for check in expected.checks} == {"error", "warning"}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_scanned_for_identities_and_has_a_tested_grain(table: str) -> None:
    checks = [check for check in read_expected(PROJECT, TABLES).checks if check.table_name == table]
    rules = {check.rule_id.rpartition("_")[2] for check in checks}
    assert {"NUMBER", "COLUMN", "GRAIN"} <= rules, rules
    assert all(check.severity == "error" for check in checks if check.family == "privacy")


@pytest.mark.parametrize("table", TABLES)
def test_great_expectations_loads_every_check_of_a_suite(table: str) -> None:
    """The library drops what it cannot load without an error, so the numbers are compared."""
    import great_expectations as gx

    content = yaml.safe_load((PROJECT / f"{table}.yml").read_text("utf-8"))
    assert len(gx.ExpectationSuite(**content).expectations) == len(content["expectations"])


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda suite: suite["expectations"].pop(), "in no suite"),
        (lambda suite: suite.update(expectations=[]), "at least one expectation"),
        (lambda suite: suite.update(name="other"), "name: dim_bank"),
        (lambda suite: suite["expectations"][0].update(severity="fatal"), "severity"),
        (lambda suite: suite["expectations"][0].pop("severity"), "severity"),
        (lambda suite: suite["expectations"][0]["meta"].pop("owner"), "owner"),
        (lambda suite: suite["expectations"][0]["meta"].update(reason_vi=""), "reason_vi"),
        (lambda suite: suite["expectations"][0]["meta"].update(family="gossip"), "family"),
        (lambda suite: suite["expectations"][0].pop("kwargs"), "kwargs"),
        (lambda suite: suite["expectations"][0]["meta"].update(rule_id="GATE_NEW"), "not in catalogue.yml"),
        (lambda suite: suite["expectations"].append(suite["expectations"][0]), "twice"),
    ],
)
def test_a_spoiled_suite_is_a_problem(folder: Path, edit: Callable[[dict[str, Any]], object], says: str) -> None:
    change(folder / "dim_bank.yml", edit)
    problems = read_expected(folder, TABLES).problems
    assert any(says in problem for problem in problems), problems


def test_a_published_table_without_a_suite_is_a_problem(folder: Path) -> None:
    assert "expectations/fct_new.yml is missing" in read_expected(folder, [*TABLES, "fct_new"]).problems


def test_a_suite_of_a_table_that_is_no_longer_published_is_a_problem(folder: Path) -> None:
    tables = [table for table in TABLES if table != "dim_bank"]
    assert "expectations/dim_bank.yml is for no published table" in read_expected(folder, tables).problems


@pytest.mark.parametrize("name", ["dim_bank.yml", CATALOGUE])
def test_a_file_that_cannot_be_read_is_a_problem(folder: Path, name: str) -> None:
    (folder / name).write_text("a: [", "utf-8")
    problems = read_expected(folder, TABLES).problems
    assert any(f"{name} cannot be read" in problem for problem in problems)
    (folder / name).write_text("[]", "utf-8")
    assert any(f"{name} is not a mapping" in problem for problem in read_expected(folder, TABLES).problems)
    (folder / name).unlink()
    assert f"expectations/{name} is missing" in read_expected(folder, TABLES).problems


def _judging(path: Path, query: str, severity: str = "critical") -> None:
    """Let the suite's first check by SQL say that it judges parts, and ask this."""

    def edit(content: dict[str, Any]) -> None:
        check = next(each for each in content["expectations"] if "unexpected_rows_query" in each["kwargs"])
        check["kwargs"]["unexpected_rows_query"], check["severity"] = query, severity
        check["meta"]["judges"] = "part"

    change(path, edit)


JUDGES = "with candidate as (select * from {batch}) select * from candidate where value < 0"


@pytest.mark.parametrize(
    ("query", "severity", "may"),
    [
        (JUDGES, "critical", True),
        (f"{JUDGES} and region_key in (select region_key from marts.dim_region)", "critical", True),
        (JUDGES, "warning", False),
        (f"{JUDGES} and received_at > now ()", "critical", False),
        (f"{JUDGES} and received_on > Current_Date", "critical", False),
        (f"{JUDGES} and received_at > localtimestamp", "critical", False),
        (f"{JUDGES} and receipt_id in (select receipt_id from intake.scope)", "critical", False),
        (f"{JUDGES} and value > (select max(value) from published.report_indicator)", "critical", False),
        (f"{JUDGES} union all select * from {{batch}}", "critical", False),
        (JUDGES.replace("{batch})", "{batch} as own)"), "critical", False),
    ],
)
def test_only_an_error_that_rests_on_what_is_published_judges_parts(
    folder: Path, query: str, severity: str, may: bool
) -> None:
    _judging(folder / "fct_indicator_value.yml", query, severity)
    problems = read_expected(folder, TABLES).problems
    assert any("judges: part" in problem for problem in problems) is not may
