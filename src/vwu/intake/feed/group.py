"""The rules on the lines of kinds `group` and `summary` (INTERFACES 3, DOMAIN C.1 and C.5). Amounts in đồng."""

from __future__ import annotations

from vwu.intake.feed.reference import COMMUNE_UNKNOWN, PROGRAMME_UNKNOWN
from vwu.intake.feed.rulebook import Condition, Search
from vwu.intake.feed.table import LINE

FEWEST_MEMBERS, MOST_MEMBERS = 5, 60
"""QĐ 15/QĐ-HĐQT of 5/3/2013. A group that was merged into another has no members of its own any more."""


def _overdue_and_frozen(rule_id: str) -> Condition:
    fault = "overdue + frozen > closing_balance"
    return Condition(rule_id, "overdue", fault, "overdue + frozen", "closing_balance")


GROUP_CONDITIONS = (
    _overdue_and_frozen("GROUP_OVERDUE_FROZEN_OVER_BALANCE"),
    Condition(
        "GROUP_SIZE",
        "members",
        f"members not between {FEWEST_MEMBERS} and {MOST_MEMBERS} and merged_into is null",
        "members",
    ),
    Condition(
        "GROUP_CODE_IS_IDENTITY",
        "group_id",
        "leader_name in (group_id, rating, merged_into)",
        "repeat('•', length(leader_name))",
    ),
    Condition("GROUP_BORROWERS_OVER_MEMBERS", "borrowers", "borrowers > members", "borrowers", "members"),
)

GROUP_SEARCHES = (
    Search(
        "GROUP_ID_REPEATED",
        "group_id",
        f"""with repeated as (select group_id from line group by group_id having count(*) > 1)
            select {LINE}, group_id, null from line semi join repeated using (group_id)""",
    ),
    COMMUNE_UNKNOWN,
)

SUMMARY_CONDITIONS = (
    _overdue_and_frozen("SUMMARY_OVERDUE_FROZEN_OVER_BALANCE"),
    Condition("SUMMARY_HOUSEHOLDS_OVER_LOANS", "households", "households > loans", "households", "loans"),
)

SUMMARY_SEARCHES = (
    Search(
        "SUMMARY_LINE_REPEATED",
        "commune_code",
        f"""with repeated as (
                select commune_code, commune_code_system, organisation, credit_programme from line
                group by all having count(*) > 1
            )
            select {LINE}, commune_code || ' ' || organisation || ' ' || credit_programme, null
            from line
            semi join repeated using (commune_code, commune_code_system, organisation, credit_programme)""",
    ),
    COMMUNE_UNKNOWN,
    PROGRAMME_UNKNOWN,
)
