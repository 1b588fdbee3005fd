"""One planted fault for every check of the gate: SQL on a copy of its table, after which that check reports it.

Statements run on a copy of the table without constraints; `{table}` is the mart. `also` names the checks that rightly
see the same fault. A check without a mutation fails the test-suite.
"""

from __future__ import annotations

from dataclasses import dataclass

CITIZEN = "'so 001099123456'"


@dataclass(frozen=True)
class Mutation:
    """What is done to a copy of the candidate, and which other checks of the same suite see it too."""

    statements: tuple[str, ...]
    also: frozenset[str] = frozenset()


def does(*statements: str, also: str = "") -> Mutation:
    return Mutation(statements, frozenset(also.split()))


def one(where: str = "true") -> str:
    """Condition that picks exactly one row."""
    return f"ctid = (select min(ctid) from {{table}} where {where})"


def set_one(assignment: str, where: str = "true", also: str = "") -> Mutation:
    return does(f"update {{table}} set {assignment} where {one(where)}", also=also)


def twin(where: str = "true", also: str = "", **changes: str) -> Mutation:
    """The same row again, but for `changes`."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return does(
        "insert into {table} select (jsonb_populate_record(original, jsonb_build_object(" + pairs + "))).* "
        f"from {{table}} as original where original.{one(where)}",
        also=also,
    )


def identities(prefix: str, assignment: str, where: str = "true") -> dict[str, Mutation]:
    return {
        f"{prefix}_IDENTITY_NUMBER": set_one(assignment, where),
        f"{prefix}_IDENTITY_COLUMN": does("alter table {table} add column citizen_token uuid"),
    }


ECONOMIC_REGIONS = "region_key in (select region_key from marts.dim_region where level = 'economic_region')"
# A row that no sum to the nation rests on once it is not like its neighbours.
AN_ECONOMIC_REGION = f"boundary = 'as_before' and {ECONOMIC_REGIONS}"
# The example has no month that was sent again: a made-up correction is one that no control record knows.
A_CORRECTION = (
    "insert into {table} (receipt_id, replaced_receipt_id, bank_key, period_key, kind, sequence, reason) "
    "select 'new', 'old', bank_key, period_key, 'loan', 2, 'sent again' from marts.fct_credit_month limit 1"
)
SHOWN = "value_state = 'suppressed' and closing_balance > 0"
NOTHING = does("delete from {table}")
TURNS = "indicator_key in (select indicator_key from marts.dim_indicator where indicator_code = 'LOAN_TURNS')"
A_PROVINCE = "region_key in (select region_key from marts.dim_region where level = 'province')"
A_COMMUNE = "(select min(region_key) from marts.dim_region where level = 'commune')"


def commune(boundary: str, value: str) -> tuple[str, ...]:
    """The same turns of lending again as a commune's."""
    return twin(
        f"{TURNS} and value is not null and {A_PROVINCE}",
        region_key=A_COMMUNE, boundary=f"'{boundary}'", value=value, lower_bound="null", upper_bound="null",
    ).statements  # fmt: skip


MUTATIONS: dict[str, Mutation] = {
    "GATE_PROGRAMME_ROWS": NOTHING,
    "GATE_PROGRAMME_GRAIN": twin(also="GATE_PROGRAMME_CODE"),
    "GATE_PROGRAMME_CODE": twin(programme_key="1"),
    "GATE_PROGRAMME_NAMED": set_one("name_en = ' '"),
    "GATE_PROGRAMME_VALIDITY": set_one("valid_to = valid_from - 1"),
    "GATE_PROGRAMME_SUCCESSOR": set_one("successor_code = 'NOWHERE'"),
    **identities("GATE_PROGRAMME", f"name_vi = {CITIZEN}"),
    "GATE_INDICATOR_ROWS": NOTHING,
    "GATE_INDICATOR_GRAIN": twin(also="GATE_INDICATOR_CODE"),
    "GATE_INDICATOR_CODE": twin(indicator_key="1"),
    "GATE_INDICATOR_DEFINED": set_one("definition_vi = ''"),
    "GATE_INDICATOR_MEASURE": set_one("measure = 'average'", "measure = 'flow'"),
    "GATE_INDICATOR_PROGRAMME": set_one("programme_code = 'NOWHERE'"),
    "GATE_INDICATOR_RATIO": set_one("numerator_code = 'NOWHERE'", "measure = 'ratio'"),
    "GATE_INDICATOR_UNDETERMINED": set_one("undetermined_reason_vi = null", "measure = 'undetermined'"),
    **identities("GATE_INDICATOR", f"definition_en = {CITIZEN}"),
    "GATE_REGION_ROWS": NOTHING,
    "GATE_REGION_GRAIN": twin("level = 'commune'", also="GATE_REGION_IDENTITY"),
    "GATE_REGION_IDENTITY": twin("level = 'commune'", region_key="1"),
    "GATE_REGION_OVERLAP": set_one("valid_to = '2025-07-05'", "level = 'province' and valid_to = '2025-06-30'"),
    "GATE_REGION_VALIDITY": set_one("valid_to = valid_from - 1", "level = 'commune' and valid_to is null"),
    "GATE_REGION_PARENT": set_one("parent_region_key = 1", "level = 'commune'"),
    "GATE_REGION_LEVEL": set_one("level = 'hamlet'", "level = 'commune' and valid_to is null"),
    **identities("GATE_REGION", f"legal_basis = {CITIZEN}"),
    "GATE_SUCCESSION_ROWS": NOTHING,
    "GATE_SUCCESSION_GRAIN": twin(also="GATE_SUCCESSION_WEIGHTS"),
    "GATE_SUCCESSION_ENDS": set_one("to_region_key = 1"),
    "GATE_SUCCESSION_WEIGHTS": does(f"delete from {{table}} where {one('weight < 1')}"),
    "GATE_SUCCESSION_ESTIMATED": set_one("is_estimated = false", "weight < 1"),
    **identities("GATE_SUCCESSION", f"basis = {CITIZEN}"),
    "GATE_PERIOD_ROWS": NOTHING,
    "GATE_PERIOD_GRAIN": twin(also="GATE_PERIOD_CODE"),
    "GATE_PERIOD_CODE": twin(period_key="1"),
    "GATE_PERIOD_DATES": set_one("due_date = end_date - 1"),
    **identities("GATE_PERIOD", f"period_kind = {CITIZEN}"),
    "GATE_BRANCH_ROWS": NOTHING,
    "GATE_BRANCH_GRAIN": twin("level = 'commune'"),
    "GATE_BRANCH_OVERLAP": set_one("valid_to = '2025-07-05'", "level = 'province' and valid_to = '2025-06-30'"),
    "GATE_BRANCH_PLACE": set_one("region_key = 1", "level = 'commune'"),
    **identities("GATE_BRANCH", f"name_vi = {CITIZEN}"),
    "GATE_BANK_ROWS": NOTHING,
    "GATE_BANK_GRAIN": twin(),
    "GATE_BANK_NAMED": set_one("name_vi = ''"),
    **identities("GATE_BANK", f"name_en = {CITIZEN}"),
    "GATE_CREDIT_PROGRAMME_ROWS": NOTHING,
    "GATE_CREDIT_PROGRAMME_GRAIN": twin(),
    "GATE_CREDIT_PROGRAMME_RATES": set_one("highest_rate_pct = 99"),
    "GATE_CREDIT_PROGRAMME_OVERLAP": set_one(
        "valid_to = valid_to + 1", "credit_programme = 'HN' and valid_to is not null"
    ),
    **identities("GATE_CREDIT_PROGRAMME", f"name_en = {CITIZEN}"),
    "GATE_VALUE_GRAIN": twin("value > 0", also="GATE_VALUE_COMPLETE"),
    "GATE_VALUE_REFERENCES": set_one("indicator_key = 1"),
    "GATE_VALUE_STATE": set_one("value_state = 'nil'", "value is not null"),
    "GATE_VALUE_BOUNDS": set_one("upper_bound = value - 1", "qualifier = 'exact' and value > 1"),
    "GATE_VALUE_NEGATIVE": set_one(
        "value = -1, lower_bound = -1, upper_bound = -1", "qualifier = 'exact' and value > 0", "GATE_VALUE_COMPLETE"
    ),
    "GATE_VALUE_UNIT": set_one("unit_code = 'BUFFALO'"),
    "GATE_VALUE_BASIS": set_one("basis = 'as_of'", "scenario = 'plan'"),
    "GATE_VALUE_RECEIPT": set_one("receipt_id = '0000000000000000'"),
    "GATE_VALUE_COMPLETE": does(f"delete from {{table}} where {one('value is not null')}"),
    **identities("GATE_VALUE", f"raw_text = {CITIZEN}"),
    "GATE_SUBMISSION_GRAIN": twin("receipt_id is null"),
    "GATE_SUBMISSION_REFERENCES": set_one("branch_key = 1", "receipt_id is null"),
    "GATE_SUBMISSION_STATE": set_one("state = 'landed'", "receipt_id is null"),
    "GATE_SUBMISSION_COMPLETE": does(f"delete from {{table}} where {one('receipt_id is not null')}"),
    "GATE_SUBMISSION_HELD_SHARE": does(
        "update {table} set state = 'held' where receipt_id is not null", also="GATE_SUBMISSION_HELD"
    ),
    "GATE_SUBMISSION_HELD_TOO_LONG": does(
        "insert into {table} select (jsonb_populate_record(original, jsonb_build_object('form', 'F' || copy))).* "
        "from {table} as original, generate_series(1, 4) as copy where original.receipt_id is not null",
        f"update {{table}} set state = 'held', held_since = '2020-01-01' where {one('receipt_id is not null')}",
        also="GATE_SUBMISSION_HELD",
    ),
    "GATE_SUBMISSION_HELD": does(
        "insert into {table} select (jsonb_populate_record(original, jsonb_build_object('form', 'F' || copy))).* "
        "from {table} as original, generate_series(1, 4) as copy where original.receipt_id is not null",
        f"update {{table}} set state = 'held' where {one('receipt_id is not null')}",
    ),
    # Reports began two months earlier: of the month between there is none.
    "GATE_SUBMISSION_FRESH": twin(
        "receipt_id is not null",
        period_key="(select period_key from marts.dim_period where calendar = 'union' and period_code = '2023-11')",
    ),
    **identities("GATE_SUBMISSION", f"form = {CITIZEN}", "receipt_id is null"),
    "GATE_CREDIT_GRAIN": twin("closing_balance > 0", also="GATE_CREDIT_CONTROL"),
    "GATE_CREDIT_REFERENCES": set_one("region_key = 1"),
    "GATE_CREDIT_CONTROL": set_one("closing_balance = closing_balance + 1"),
    "GATE_CREDIT_COMPLETE": does("delete from {table} where scope_key = (select min(scope_key) from {table})"),
    "GATE_CREDIT_RECEIPT": does(
        "update {table} set receipt_id = '0000000000000000' where scope_key = (select min(scope_key) from {table})",
        also="GATE_CREDIT_CONTROL GATE_CREDIT_COMPLETE",
    ),
    "GATE_CREDIT_HELD_SHARE": does("update {table} set is_outdated = true", also="GATE_CREDIT_HELD"),
    "GATE_CREDIT_HELD": does(
        "update {table} set is_outdated = true where scope_key = (select min(scope_key) from {table})"
    ),
    "GATE_CREDIT_ARREARS": set_one("par30_balance = closing_balance + 1"),
    "GATE_CREDIT_NEGATIVE": set_one("written_off = -1"),
    "GATE_CREDIT_BORROWERS": set_one("female_borrowers = borrowers + 1", "borrowers is not null"),
    # The month between the first and the last falls silent.
    "GATE_CREDIT_SILENT": does(
        "delete from {table} where period_key = (select period.period_key from {table} as credit "
        "inner join marts.dim_period as period using (period_key) group by period.period_key, period.end_date "
        "order by period.end_date offset 1 limit 1)",
        also="GATE_CREDIT_COMPLETE",
    ),
    # The last month of all is gone: one more that is due.
    "GATE_CREDIT_FRESH": does(
        "delete from {table} where period_key = (select period.period_key from {table} as credit "
        "inner join marts.dim_period as period using (period_key) order by period.end_date desc limit 1)",
        also="GATE_CREDIT_COMPLETE",
    ),
    # Every amount of the newest month three times: consistent in itself, far from the month before.
    "GATE_CREDIT_DRIFT": does(
        "update {table} set closing_balance = 3 * closing_balance where period_key = (select period.period_key "
        "from {table} as credit inner join marts.dim_period as period using (period_key) "
        "order by period.end_date desc limit 1)",
        also="GATE_CREDIT_CONTROL",
    ),
    **identities("GATE_CREDIT", f"organisation = {CITIZEN}"),
    "GATE_BORROWER_GRAIN": twin(),
    "GATE_BORROWER_REFERENCES": set_one("bank_code = 'NOWHERE'", "bank_code <> 'all'"),
    "GATE_BORROWER_WITHIN": set_one("borrowers = 1000000000", "borrowers is not null and bank_code <> 'all'"),
    "GATE_BORROWER_COMPLETE": NOTHING,
    "GATE_BORROWER_SMALL": set_one(
        "borrowers = borrowers + 1, female_borrowers = null", "borrowers is not null and bank_code <> 'all'"
    ),
    "GATE_BORROWER_BLOCKS": set_one("borrowers = 5, value_state = 'reported'", "value_state = 'suppressed'"),
    **identities("GATE_BORROWER", f"organisation = {CITIZEN}"),
    "GATE_CORRECTION_GRAIN": does(A_CORRECTION, A_CORRECTION, also="GATE_CORRECTION_CONTROL"),
    "GATE_CORRECTION_REFERENCES": does(A_CORRECTION, "update {table} set bank_key = 1", also="GATE_CORRECTION_CONTROL"),
    "GATE_CORRECTION_CONTROL": does(A_CORRECTION),
    "GATE_CORRECTION_IDENTITY_NUMBER": does(
        A_CORRECTION, f"update {{table}} set reason = {CITIZEN}", also="GATE_CORRECTION_CONTROL"
    ),
    "GATE_CORRECTION_IDENTITY_COLUMN": does("alter table {table} add column citizen_token uuid"),
    "GATE_ROLLUP_GRAIN": twin(AN_ECONOMIC_REGION),
    "GATE_ROLLUP_REFERENCES": set_one("indicator_key = 1", AN_ECONOMIC_REGION),
    "GATE_ROLLUP_BOUNDS": set_one("lower_bound = value + 1", f"value is not null and {AN_ECONOMIC_REGION}"),
    "GATE_ROLLUP_COVERAGE": set_one("coverage_pct = 101"),
    "GATE_ROLLUP_BLOCKED": set_one("blocked_reason = null, blocked_reason_vi = null", "value is null"),
    "GATE_ROLLUP_UNDETERMINED": set_one(
        "value = 1, blocked_reason = null, blocked_reason_vi = null",
        f"{AN_ECONOMIC_REGION} and indicator_key in "
        "(select indicator_key from marts.dim_indicator where measure = 'undetermined')",
    ),
    "GATE_ROLLUP_PLAN": set_one(
        "scenario = 'actual'",
        f"scenario = 'plan' and {AN_ECONOMIC_REGION} and indicator_key in "
        "(select indicator_key from marts.dim_indicator where indicator_code = 'TRAINING_CLASSES')",
    ),
    "GATE_ROLLUP_ADDITIVE": set_one(
        "value = value + 1, lower_bound = null, upper_bound = null",
        f"{TURNS} and value is not null and {A_PROVINCE}",
    ),
    "GATE_ROLLUP_GROUPING": set_one(
        "value = value + 1, lower_bound = null, upper_bound = null",
        f"{TURNS} and value is not null and boundary <> 'as_before' and {ECONOMIC_REGIONS}",
    ),
    "GATE_ROLLUP_COMMUNES": does(*commune("as_reported", "1"), *commune("as_now", "2")),
    "GATE_ROLLUP_ESTIMATE": set_one("missing_estimate = 5, missing_estimate_by = null", "value is not null"),
    "GATE_ROLLUP_BOUNDARY": does(
        "update {table} set value = value + 1, lower_bound = null, upper_bound = null "
        f"where {TURNS} and boundary = 'as_now' and value is not null and region_key in "
        "(select region_key from marts.dim_region where level in ('province', 'economic_region', 'nation'))"
    ),
    "GATE_ROLLUP_COMPLETE": NOTHING,
    **identities("GATE_ROLLUP", f"blocked_reason = {CITIZEN}", "value is null"),
    "GATE_TARGET_GRAIN": twin(),
    "GATE_TARGET_REFERENCES": set_one("region_key = 1"),
    "GATE_TARGET_OUTCOME": set_one("outcome = 'won'", also="GATE_TARGET_ASSESSED"),
    "GATE_TARGET_ASSESSED": set_one("outcome = 'missed'", "coverage_pct is distinct from 100"),
    "GATE_TARGET_ATTAINED": set_one("attained_pct = 1234"),
    **identities("GATE_TARGET", f"legal_basis = {CITIZEN}"),
    "GATE_RECONCILIATION_GRAIN": twin("outcome = 'agrees'"),
    "GATE_RECONCILIATION_REFERENCES": set_one("period_key = 1"),
    "GATE_RECONCILIATION_OUTCOME": set_one("outcome = 'fine'", "outcome = 'agrees'"),
    "GATE_RECONCILIATION_DIFFERENCE": set_one("difference = difference + 1", "outcome = 'agrees'"),
    "GATE_RECONCILIATION_DIFFERS": set_one(
        "branch_value = bank_value + 5, difference = 5, outcome = 'differs'", "outcome = 'agrees'"
    ),
    **identities("GATE_RECONCILIATION", f"matter = {CITIZEN}"),
    "GATE_FINDING_GRAIN": twin("receipt_state = 'rejected'"),
    "GATE_FINDING_TEXT": set_one("message_vi = ' '"),
    "GATE_FINDING_ERROR_IN_FORCE": set_one(
        "severity = 'error'", "severity = 'warning' and receipt_id in (select receipt_id from staging.stg_scope)"
    ),
    "GATE_FINDING_OPEN": twin(
        "severity = 'warning' and receipt_id in (select receipt_id from staging.stg_scope)", finding_id="'new'"
    ),
    **identities("GATE_FINDING", f"value = {CITIZEN}"),
    "GATE_PROTECTED_CREDIT_GRAIN": twin("closing_balance > 0", also="GATE_PROTECTED_CREDIT_TOTAL"),
    "GATE_PROTECTED_CREDIT_REFERENCES": set_one("period_key = 1", SHOWN, also="GATE_PROTECTED_CREDIT_CELL"),
    "GATE_PROTECTED_CREDIT_TOTAL": set_one("closing_balance = closing_balance + 1", SHOWN, "GATE_PRIVACY_AUDIT"),
    "GATE_PROTECTED_CREDIT_CELL": does(f"delete from {{table}} where {one('suppressed_figures like $$people,%$$')}"),
    "GATE_PROTECTED_CREDIT_STATE": set_one("value_state = 'reported'", SHOWN),
    "GATE_PROTECTED_CREDIT_SMALL": set_one(
        "borrowers = 3", "value_state = 'remainder' and borrowers > 0", "GATE_PROTECTED_CREDIT_TOTAL"
    ),
    # A đồng moves from one commune to another: every total stays.
    "GATE_PRIVACY_AUDIT": does(
        f"update {{table}} set closing_balance = closing_balance + 1 where {one(SHOWN)}",
        "update {table} set closing_balance = closing_balance - 1 where ctid = (select min(ctid) from {table} "
        f"where {SHOWN} and closing_balance % 10 = 0 "
        "and scope_key = (select scope_key from {table} where closing_balance % 10 = 1))",
    ),
    # What release 1 put together is said to be shown.
    "GATE_PRIVACY_REVISION": set_one(
        "suppressed_figures = 'people'", "value_state = 'suppressed' and suppressed_figures like 'people,%'"
    ),
    **identities("GATE_PROTECTED_CREDIT", f"organisation = {CITIZEN}", "value_state = 'remainder'"),
}
