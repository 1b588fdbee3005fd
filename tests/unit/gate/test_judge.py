"""The verdict: what refuses, what is published with warnings, and that nothing fails open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vwu.gate.run import Verdict, judge
from vwu.gate.suites import Check
from vwu.gate.validation import CheckResult, _result


def check(severity: str = "error", query: str | None = None) -> Check:
    kwargs = {"unexpected_rows_query": query} if query else {"column": "a"}
    return Check("GATE_A", "dim_a", "validity", severity, "warehouse", "vì", "because", {"kwargs": kwargs})


def outcome(success: bool, exception_info: dict[str, Any] | None = None, **result: Any) -> SimpleNamespace:
    """What Great Expectations returns for one expectation."""
    return SimpleNamespace(success=success, exception_info=exception_info or {"raised_exception": False}, result=result)


@pytest.mark.parametrize(
    ("severity", "success", "failure", "problems", "verdict"),
    [
        ("error", True, "", [], "publish"),
        ("error", False, "", [], "refuse"),
        ("error", True, "", ["a suite is missing"], "refuse"),
        ("warning", False, "", [], "publish_with_warnings"),
        ("info", False, "", [], "publish"),
        ("warning", False, "raised", ["GATE_A could not run"], "refuse"),
    ],
)
def test_verdict(severity: str, success: bool, failure: str, problems: list[str], verdict: str) -> None:
    assert judge([CheckResult(check(severity), success, failure=failure)], problems) == verdict


def test_summary_names_what_stands_in_the_way() -> None:
    verdict = Verdict(1, "refuse", "0" * 64, 2, (CheckResult(check(), False),), ("a suite is missing",), 1.0)
    assert not verdict.passed
    assert verdict.summary() == "refuse: 1 of 2 checks ran; a suite is missing; GATE_A (error)"


@pytest.mark.parametrize("found", [[], [outcome(True), outcome(True)]])
def test_anything_but_one_result_is_a_failure(found: list[Any]) -> None:
    result = _result(check(), found)
    assert not result.success
    assert "could not be loaded" in result.failure


@pytest.mark.parametrize(
    "info",
    [
        {"raised_exception": True, "exception_message": "no  such\ncolumn"},
        {"metric": {"raised_exception": True, "exception_message": "no such column"}},
    ],
)
def test_an_exception_is_a_failure_even_if_the_library_says_success(info: dict[str, Any]) -> None:
    result = _result(check(), [outcome(True, info)])
    assert (result.success, result.failure) == (False, "no such column")


def test_only_true_is_success() -> None:
    assert not _result(check(), [outcome(None)]).success  # type: ignore[arg-type]
    assert _result(check(), [outcome(True)]).success


def test_an_sql_check_counts_its_rows() -> None:
    result = _result(check(query="select 1"), [outcome(False, observed_value=7)])
    assert (result.unexpected_count, result.observed) == (7, "7")
