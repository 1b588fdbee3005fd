"""A rule holds for periods, not for the day of the check."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from vwu.intake.rules import finding, of_period, rules


def test_an_old_submission_keeps_the_rules_of_its_period() -> None:
    found = (finding("FILE_EMPTY", value="x.csv"), finding("FILE_UNKNOWN_KIND", value="x.csv"))
    dated = replace(rules()["FILE_EMPTY"], valid_from=date(2025, 7, 1), valid_to=date(2026, 12, 31), version=2)
    catalogue = {**rules(), "FILE_EMPTY": dated}
    for day, holds in (
        (date(2025, 6, 30), False), (date(2025, 7, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False),
    ):  # fmt: skip
        assert of_period(found, day, catalogue) == (found if holds else found[1:])


def test_every_rule_holds_for_the_first_period_that_anybody_can_report() -> None:
    """A rule with a later beginning is a decision: it is named here."""
    assert {rule.rule_id for rule in rules().values() if not rule.holds(date(1931, 1, 1))} == set()
