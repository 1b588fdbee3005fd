"""Every planted fault is found by its own rule, where it was planted, and nothing else is flagged."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from vwu.catalogue import Catalogue
from vwu.generate.landing_zone import generate
from vwu.generate.planted import CHECK, RECEIVE, Planted, read_planted
from vwu.generate.request import Request
from vwu.intake.check import check
from vwu.intake.model import Finding
from vwu.intake.rules import rules
from vwu.intake.submission.rules import HISTORY_RULES

TODAY = date(2026, 11, 21)
# Catch-alls behind the other rules of structure, and a name of two indicators, which the catalogue does not have.
# What needs several periods of a branch is seen firing in tests/unit/intake/submission/test_history.py.
NOT_PLANTED = {"FEED_UNREADABLE", "INDICATOR_LABEL_AMBIGUOUS", *(rule.rule_id for rule in HISTORY_RULES)}
COUNTED = {"LOAN_BORROWER_MALE", "BRANCH_CODE_REUSED"}


@pytest.fixture(scope="module")
def faulty(small: Request, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nation of `small`, with two faults in a thousand."""
    directory = tmp_path_factory.mktemp("faulty")
    list(generate(directory, replace(small, faults=0.002), catalogue))
    return directory


@pytest.fixture(scope="module")
def planted(faulty: Path) -> list[Planted]:
    return read_planted(faulty)


@pytest.fixture(scope="module")
def findings(faulty: Path, catalogue: Catalogue) -> dict[str, list[Finding]]:
    """What the offline check finds in each file, by its path below the landing zone."""
    paths = [path for path in sorted(faulty.rglob("*")) if path.is_file() and path.parent != faulty]
    return {
        str(path.relative_to(faulty)): [
            each for each in check(path, catalogue, TODAY).findings if each.rule_id not in COUNTED
        ]
        for path in paths
        if not path.name.endswith(".control.json")
    }


def test_clean_files_are_the_same_with_faults_beside_them(nation: Path, faulty: Path) -> None:
    clean = [path for path in nation.rglob("*") if path.is_file()]
    assert len(clean) > 30
    for path in clean:
        assert (faulty / path.relative_to(nation)).read_bytes() == path.read_bytes()


def test_every_rule_of_intake_is_planted(planted: list[Planted]) -> None:
    assert {each.rule_id for each in planted} == set(rules()) - COUNTED - NOT_PLANTED


def test_each_fault_is_found_by_its_rule_and_nothing_else_is(
    planted: list[Planted], findings: dict[str, list[Finding]]
) -> None:
    expected: dict[str, dict[str, list[Planted]]] = {file: defaultdict(list) for file in findings}
    for each in planted:
        if each.found_by == CHECK:
            expected[each.file][each.rule_id].append(each)
    for file, found in findings.items():
        assert {each.rule_id for each in found} == set(expected[file]), file
        for finding in found:
            faults = expected[file][finding.rule_id]
            assert finding.line_count == sum(fault.lines for fault in faults), (file, finding)
            assert finding.position == faults[0].position, (file, finding)


def test_each_faulty_line_is_named(planted: list[Planted], findings: dict[str, list[Finding]]) -> None:
    compared = 0
    for each in planted:
        line = each.position.rpartition(":")[2]
        if each.found_by == CHECK and line.isdigit() and each.file.startswith("bank_feeds/faulty_lines"):
            (finding,) = (found for found in findings[each.file] if found.rule_id == each.rule_id)
            listed = re.findall(r"\d+", finding.message_en.partition(" line ")[2].partition(" (")[0].partition(":")[0])
            assert line in listed or len(listed) == 100 < finding.line_count, (each, listed)
            compared += line in listed
    assert compared > 50


def test_what_needs_history_looks_clean_alone(planted: list[Planted], findings: dict[str, list[Finding]]) -> None:
    files = {each.file for each in planted if each.found_by == RECEIVE}
    assert len(files) == 9
    assert all(findings[file] == [] for file in files)


def test_more_faults_for_a_higher_rate(catalogue: Catalogue, tmp_path: Path, planted: list[Planted]) -> None:
    list(generate(tmp_path, Request(provinces=1, months=1, loans=2_500, seed=11, faults=0.0001), catalogue))
    fewer = [each.rule_id for each in read_planted(tmp_path)]
    assert fewer.count("LOAN_CITIZEN_ID_PREFIX") == 1
    assert [each.rule_id for each in planted].count("LOAN_CITIZEN_ID_PREFIX") == 5


def test_faults_are_deterministic(small: Request, faulty: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    list(generate(tmp_path, replace(small, faults=0.002), catalogue))
    for path in faulty.rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(faulty)).read_bytes() == path.read_bytes(), path.name
