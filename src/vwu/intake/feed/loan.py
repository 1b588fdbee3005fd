"""The rules on the lines of kind `loan` (INTERFACES 3, DOMAIN C.5 and C.6). Amounts in đồng."""

from __future__ import annotations

from vwu.intake.feed.columns import FINAL_STATUSES
from vwu.intake.feed.reference import COMMUNE_UNKNOWN, PROGRAMME_UNKNOWN
from vwu.intake.feed.rulebook import Condition, Search
from vwu.intake.feed.table import LINE

_CLOSING = "opening_balance + lent - collected - written_off + transferred"


def _is_identity(column: str) -> Condition:
    """A code that says who the line's borrower is: codes are kept outside the vault. Shown as dots."""
    # A `case`, since its branches are tried one after the other: all of it on every line would take half a second.
    return Condition(
        "LOAN_CODE_IS_IDENTITY",
        column,
        f"""case
                when {column} = full_name then true
                when strlen({column}) < 12 then false
                when contains({column}, citizen_id) then true
                when regexp_matches({column}, '[ .''"-]')
                    then contains(translate({column}, ' .-''"', ''), citizen_id)
            end""",
        f"repeat('•', length({column}))",
    )


LOAN_CONDITIONS = (
    *map(_is_identity, ("bank_branch_code", "loan_id", "group_id")),
    Condition(
        "LOAN_BALANCE_ARITHMETIC", "closing_balance", f"closing_balance <> {_CLOSING}", "closing_balance", _CLOSING
    ),
    Condition(
        "LOAN_OVERDUE_FROZEN_OVER_BALANCE",
        "overdue",
        "overdue + frozen > closing_balance",
        "overdue + frozen",
        "closing_balance",
    ),
    # A loan that is over may be left out from then on: with a balance that would be money gone without a word.
    Condition(
        "LOAN_FINAL_STATUS_BALANCE",
        "closing_balance",
        f"status in {FINAL_STATUSES} and closing_balance > 0",
        "closing_balance",
        "0",
    ),
    # Portfolio at risk counts by days: an amount without days would be missing there. A frozen loan may keep its days.
    Condition(
        "LOAN_OVERDUE_DAYS",
        "overdue_days",
        "(overdue > 0 and overdue_days = 0) or (overdue_days > 0 and overdue + frozen = 0)",
        "overdue_days",
    ),
    Condition(
        "LOAN_BALANCE_OVER_APPROVED",
        "closing_balance",
        "closing_balance > approved_amount",
        "closing_balance",
        "approved_amount",
    ),
)

LOAN_SEARCHES = (
    Search(
        "LOAN_ID_REPEATED",
        "loan_id",
        f"""with repeated as (select loan_id from line group by loan_id having count(*) > 1)
            select {LINE}, loan_id, null from line semi join repeated using (loan_id)""",
    ),
    COMMUNE_UNKNOWN,
    PROGRAMME_UNKNOWN,
    Search(
        "LOAN_APPROVED_OVER_CEILING",
        "approved_amount",
        f"""select line.{LINE}, line.approved_amount, programme.ceiling
            from line inner join programme using (credit_programme)
            where line.approved_amount > programme.ceiling""",
    ),
    Search(
        "LOAN_RATE_NOT_IN_TABLE",
        "annual_rate_pct",
        f"""with allowed as (
                select credit_programme, string_agg(annual_rate_pct::double::varchar, ', ') as rates
                from rate group by credit_programme
            ),
            odd as (
                select distinct line.credit_programme, line.annual_rate_pct, allowed.rates
                from line inner join allowed using (credit_programme)
                anti join rate using (credit_programme, annual_rate_pct)
            )
            select line.{LINE}, line.annual_rate_pct::double, odd.rates
            from line inner join odd using (credit_programme, annual_rate_pct)""",
    ),
    Search(
        "LOAN_CUSTOMER_CITIZEN_IDS",
        "customer_id",
        f"""with several as (
                select customer_id from line group by customer_id having min(citizen_id) <> max(citizen_id)
            )
            select {LINE}, customer_id, null from line semi join several using (customer_id)""",
    ),
    Search(
        "LOAN_CITIZEN_CUSTOMERS",
        "citizen_id",
        f"""with several as (
                select citizen_id from line group by citizen_id having min(customer_id) <> max(customer_id)
            )
            select {LINE}, citizen_id, null from line semi join several using (citizen_id)""",
    ),
    Search(
        "LOAN_GROUP_ORGANISATIONS",
        "organisation",
        f"""with several as (
                select group_id from line where group_id is not null
                group by group_id having min(organisation) <> max(organisation)
            )
            select {LINE}, group_id, null from line semi join several using (group_id)""",
    ),
    Search(
        "LOAN_GROUP_COMMUNES",
        "commune_code",
        f"""with several as (
                select group_id from line where group_id is not null
                group by group_id
                having min(commune_code) <> max(commune_code) or min(commune_code_system) <> max(commune_code_system)
            )
            select {LINE}, group_id, null from line semi join several using (group_id)""",
    ),
)

# A loan under a women's group may stand in a husband's name (DOMAIN C.5): counted, never refused.
MALE_BORROWERS = "select count(*) from line where sex = 'M' and organisation = 'PN'"
