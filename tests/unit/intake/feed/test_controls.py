"""Every control that a feed owes (INTERFACES 3, DOMAIN C.5), the rules that keep it, and where each is seen firing."""

from __future__ import annotations

from pathlib import Path

import pytest

from vwu.intake.feed.rules import FEED_RULES

HERE = Path(__file__).parent
ALONE, WITH_HISTORY = HERE / "test_check.py", HERE.parents[2] / "integration" / "test_feeds.py"

CONTROLS: dict[str, tuple[Path, tuple[str, ...]]] = {
    "1 lines and sums are those of the control record": (
        ALONE, ("FEED_SHA256", "FEED_ROW_COUNT", "FEED_SUM", "FEED_DISTINCT")),
    "2 a loan opens with what it closed with": (WITH_HISTORY, ("LOAN_OPENING_DIFFERS", "FEED_NEXT_MONTH_DIFFERS")),
    "2 so do all loans together": (
        WITH_HISTORY, ("FEED_PREVIOUS_SUM", "FEED_OPENING_SUM", "FEED_PREVIOUS_SUM_UNSTATED")),
    "3 closing = opening + lent - collected - written off + transferred": (ALONE, ("LOAN_BALANCE_ARITHMETIC",)),
    "4 in term, overdue and frozen make the balance": (
        ALONE, ("LOAN_OVERDUE_FROZEN_OVER_BALANCE", "GROUP_OVERDUE_FROZEN_OVER_BALANCE",
                "SUMMARY_OVERDUE_FROZEN_OVER_BALANCE", "LOAN_OVERDUE_DAYS")),
    "5 loans = groups = communes = organisations": (
        WITH_HISTORY, ("LOAN_GROUP_TOTALS_DIFFER", "LOAN_SUMMARY_TOTALS_DIFFER", "GROUP_SUMMARY_TOTALS_DIFFER")),
    "6 households, borrowers, members": (
        ALONE, ("SUMMARY_HOUSEHOLDS_OVER_LOANS", "GROUP_BORROWERS_OVER_MEMBERS", "GROUP_SIZE")),
    "7 closing ≤ approved ≤ ceiling": (ALONE, ("LOAN_BALANCE_OVER_APPROVED", "LOAN_APPROVED_OVER_CEILING")),
    "8 the rate is in the table": (ALONE, ("LOAN_RATE_NOT_IN_TABLE",)),
    "9 a group has one organisation and one commune": (ALONE, ("LOAN_GROUP_ORGANISATIONS", "LOAN_GROUP_COMMUNES")),
    "9 the same in its own line": (WITH_HISTORY, ("LOAN_GROUP_PLACE_DIFFERS",)),
    "10 a loan never vanishes": (WITH_HISTORY, ("LOAN_VANISHED",)),
    "10 and ends with nothing owed": (ALONE, ("LOAN_FINAL_STATUS_BALANCE",)),
    "11 as-of is a month end that has come": (ALONE, ("FEED_AS_OF_NOT_MONTH_END", "FEED_AS_OF_FUTURE")),
    # The control record counts direct lending too: its sums are those of all lines.
    "12 organisations and direct lending make the bank": (ALONE, ("FEED_SUM", "SUMMARY_LINE_REPEATED")),
    "nothing twice": (ALONE, ("LOAN_ID_REPEATED", "GROUP_ID_REPEATED", "SUMMARY_LINE_REPEATED")),
    "a citizen id": (
        ALONE, ("LOAN_CITIZEN_ID_LOST_ZERO", "LOAN_CITIZEN_ID_FORM", "LOAN_CITIZEN_ID_PREFIX",
                "LOAN_CITIZEN_ID_CENTURY")),
    "one customer, one id": (ALONE, ("LOAN_CUSTOMER_CITIZEN_IDS", "LOAN_CITIZEN_CUSTOMERS")),
    "one customer, one id over the months": (
        WITH_HISTORY, ("LOAN_CUSTOMER_CITIZEN_CHANGED", "LOAN_CITIZEN_CUSTOMER_CHANGED")),
    "codes of their time": (
        ALONE, ("FEED_CODE_SYSTEM_EARLY", "FEED_CODE_SYSTEM_OLD", "FEED_COMMUNE_UNKNOWN", "FEED_PROGRAMME_UNKNOWN",
                "FEED_BANK_UNKNOWN")),
    "a code says of nobody who it is": (ALONE, ("LOAN_CODE_IS_IDENTITY", "GROUP_CODE_IS_IDENTITY")),
    "men are counted": (ALONE, ("LOAN_BORROWER_MALE",)),
}  # fmt: skip


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_is_kept_by_rules_that_are_seen_firing(control: str) -> None:
    where, kept_by = CONTROLS[control]
    assert set(kept_by) <= {rule.rule_id for rule in FEED_RULES}
    code = where.read_text("utf-8").partition("PLANTS = [" if where == ALONE else "def test_")[2]
    assert [rule_id for rule_id in kept_by if f'"{rule_id}"' not in code] == []


def test_every_rule_of_content_keeps_a_control() -> None:
    """What is left are rules of files, lines and cells, and of the sequence of feeds."""
    of_content = {rule.rule_id for rule in FEED_RULES if rule.rule_id.startswith(("LOAN_", "GROUP_", "SUMMARY_"))}
    assert of_content - {rule_id for _, kept_by in CONTROLS.values() for rule_id in kept_by} == set()
