"""The database side of a submission's life: its history, the answers that stay with a value, approval by the branch
above, exceptions for late reports. The caller owns the transaction; every act is in the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import psycopg

from vwu.database import read_rows
from vwu.intake import landing
from vwu.intake.landing import IntakeError
from vwu.intake.model import Submission, SubmissionScope
from vwu.intake.submission.history import (
    MOST_PEERS,
    SAME_SIZE,
    SIZE_INDICATOR,
    YEARS_OF_HISTORY,
    BelowValue,
    History,
    PastValue,
    PeerValue,
    branches_below,
    size_of,
)
from vwu.language import phrase

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue, Period

# Cells and lines that a message names: where a value stands may change without the value.
_PLACES = re.compile(r"\S+![A-Z]+[0-9]+|\S+\.(?:csv|txt):[0-9]+", re.IGNORECASE)


# History


def read_history(
    connection: psycopg.Connection, catalogue: Catalogue, scope: SubmissionScope, submission: Submission | None = None
) -> History:
    """What is in force of this branch and form in the periods around, the scope itself included, of its peers and of
    the branches directly below it.

    At most three years back, so that a check costs the same after ten years as after one; with the submission that is
    to be compared, only the peers that it is compared with. Raises IntakeError for an unknown branch, period or form:
    an empty history would find nothing.
    """
    period = _known_period(catalogue, scope)
    first = period.start_date - timedelta(days=366 * YEARS_OF_HISTORY)
    codes = connection.execute(
        """select period_code from intake.scope
           where kind = 'submission' and branch_code = %s and form = %s and receipt_id is not null""",
        [scope.branch_code, scope.form],
    ).fetchall()
    near = [known.period_code for (code,) in codes if (known := catalogue.period(code)) and known.end_date >= first]
    past, below = _past(connection, scope, near), _below(connection, catalogue, scope)
    if submission is None:
        return History(past, _peers(connection, _peer_scopes(catalogue, scope, period)), below)
    size = size_of(submission, catalogue, past)
    peers = () if size is None else _peers(connection, _peer_scopes(catalogue, scope, period), size)
    return History(past, peers, below)


def _known_period(catalogue: Catalogue, scope: SubmissionScope) -> Period:
    period = catalogue.period(scope.period_code)
    if period is None or catalogue.branch(scope.branch_code, period.end_date) is None:
        raise IntakeError(
            phrase(
                f"không có đơn vị {scope.branch_code} trong kỳ {scope.period_code}",
                f"there is no branch {scope.branch_code} in a period {scope.period_code}",
            )
        )
    if scope.form not in {form.form for form in catalogue.forms}:
        raise IntakeError(phrase(f"không có biểu {scope.form}", f"there is no form {scope.form}"))
    return period


def _past(connection: psycopg.Connection, scope: SubmissionScope, periods: list[str]) -> tuple[PastValue, ...]:
    return read_rows(
        connection,
        PastValue,
        """select raw.period_code, raw.programme_code, raw.indicator_code, raw.scenario, raw.basis, raw.value,
               raw.lower_bound, raw.upper_bound, raw.qualifier, raw.value_state, raw.receipt_id, raw.position
           from intake.scope
           inner join raw.submission_value as raw
               on scope.receipt_id = raw.receipt_id and scope.scope_key = raw.scope_key
           where scope.kind = 'submission' and scope.branch_code = %s and scope.form = %s
               and scope.period_code = any(%s)
           order by raw.period_code, raw.line_no""",
        [scope.branch_code, scope.form, periods],
    )


def _below(connection: psycopg.Connection, catalogue: Catalogue, scope: SubmissionScope) -> tuple[BelowValue, ...]:
    """The same report of the branches directly below."""
    keys = [replace(scope, branch_code=code).key for code in sorted(branches_below(catalogue, scope))]
    if not keys:
        return ()
    return read_rows(
        connection,
        BelowValue,
        """select raw.branch_code, raw.programme_code, raw.indicator_code, raw.basis, raw.value, raw.lower_bound,
               raw.upper_bound, raw.value_state
           from intake.scope
           inner join raw.submission_value as raw
               on scope.receipt_id = raw.receipt_id and scope.scope_key = raw.scope_key
           where scope.scope_key = any(%s) and raw.scenario = 'actual' and raw.value_state in ('reported', 'nil')
           order by raw.branch_code, raw.line_no""",
        [keys],
    )


def _peer_scopes(catalogue: Catalogue, scope: SubmissionScope, period: Period) -> list[str]:
    """The same report of the other branches of the same level: all provinces, or what lies in the same province."""
    branch = catalogue.branch(scope.branch_code, period.end_date)
    assert branch is not None
    alike = _branches_by_province(catalogue, branch.level, period.end_date)[_province_above(scope.branch_code)]
    return [replace(scope, branch_code=code).key for code in alike if code != scope.branch_code]


@cache
def _branches_by_province(catalogue: Catalogue, level: str, on: date) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for branch in catalogue.branches_of(level, on):
        found.setdefault(_province_above(branch.branch_code), []).append(branch.branch_code)
    return found


def _province_above(branch_code: str) -> str:
    province, below, _ = branch_code.partition("-")
    return province if below else ""


def _peers(connection: psycopg.Connection, scope_keys: list[str], size: Decimal | None = None) -> tuple[PeerValue, ...]:
    """What these reports say; of a size, only those that a branch of that size is compared with."""
    least, most = (None, None) if size is None else (size / SAME_SIZE, size * SAME_SIZE)
    return read_rows(
        connection,
        PeerValue,
        """with peer as materialized (
               select scope.scope_key, scope.receipt_id, scope.branch_code, said.value as size
               from intake.scope
               inner join raw.submission_value as said
                   on scope.receipt_id = said.receipt_id and scope.scope_key = said.scope_key
               where scope.scope_key = any(%(scopes)s) and said.indicator_code = %(size_indicator)s
                   and said.scenario = 'actual' and said.basis = 'as_of' and said.value > 0
                   and (%(size)s::numeric is null or said.value between %(least)s and %(most)s)
               order by abs(said.value - %(size)s), scope.branch_code
               limit %(most_peers)s
           )
           select peer.branch_code, raw.programme_code, raw.indicator_code, raw.basis, raw.value, peer.size
           from peer
           inner join raw.submission_value as raw
               on peer.receipt_id = raw.receipt_id and peer.scope_key = raw.scope_key
           where raw.scenario = 'actual' and raw.basis in ('in_period', 'as_of') and raw.value > 0
           order by peer.branch_code, raw.programme_code, raw.indicator_code, raw.basis""",
        {
            "scopes": scope_keys, "size_indicator": SIZE_INDICATOR, "size": size, "least": least, "most": most,
            "most_peers": None if size is None else MOST_PEERS,
        },
    )  # fmt: skip


# Answers


def carry_answers(connection: psycopg.Connection, receipt_id: str, scope: SubmissionScope, who: str) -> int:
    """Give the findings of a new receipt the answers that earlier receipts of its scope were given; returns how many.

    An answer stays while the value is unchanged and the rule says the same of it (INTERFACES 4); where the value
    stands does not matter. A finding that is no value's (of a sheet, a column) is asked anew.
    """
    rows = connection.execute(
        """with asked as (
               select finding.finding_id, finding.rule_id, finding.value as shown, finding.message_en,
                   finding.receipt_id, raw.programme_code, raw.indicator_code, raw.scenario, raw.basis,
                   raw.value, raw.qualifier, raw.value_state, receipt_scope.precedence
               from intake.receipt_scope
               inner join intake.finding on receipt_scope.receipt_id = finding.receipt_id
               inner join raw.submission_value as raw
                   on finding.receipt_id = raw.receipt_id and finding.position = raw.position
                   and receipt_scope.scope_key = raw.scope_key
               where receipt_scope.scope_key = %(scope)s
           ),
           answered as (
               select distinct on (finding_id) finding_id, finding_answer_id, answer, reason, answered_by, answered_at
               from intake.finding_answer
               order by finding_id, finding_answer_id desc
           )
           select new.finding_id, new.message_en, old.message_en, answered.finding_answer_id, answered.answer,
               answered.reason, answered.answered_by, answered.answered_at
           from asked as new
           inner join asked as old
               using (rule_id, programme_code, indicator_code, scenario, basis, qualifier, value_state, shown)
           inner join answered on old.finding_id = answered.finding_id
           where new.receipt_id = %(receipt)s and old.receipt_id <> new.receipt_id
               and new.value is not distinct from old.value
               and not exists (select from answered as done where done.finding_id = new.finding_id)
           order by new.finding_id, old.precedence desc""",
        {"scope": scope.key, "receipt": receipt_id},
    ).fetchall()
    carried: set[str] = set()
    for finding_id, says_now, said_then, *answer in rows:
        if finding_id in carried or _PLACES.sub("", says_now) != _PLACES.sub("", said_then):
            continue
        carried.add(finding_id)
        connection.execute(
            """insert into intake.finding_answer (finding_id, carried_from, answer, reason, answered_by, answered_at)
               values (%s, %s, %s, %s, %s, %s)""",
            [finding_id, *answer],
        )
    if carried:
        landing.log(connection, who, "carry answers", receipt_id, scope.key, {"findings": sorted(carried)})
    return len(carried)


# Approval


def needs_approval(catalogue: Catalogue, scope: SubmissionScope) -> bool:
    """Whether the form asks that the province approves what a branch below it reports."""
    period = catalogue.period(scope.period_code)
    branch = catalogue.branch(scope.branch_code, period.end_date) if period else None
    form = next((form for form in catalogue.forms if form.form == scope.form), None)
    return bool(form and form.is_approved_by_province and branch and branch.level in ("district", "commune"))


def approve(
    connection: psycopg.Connection,
    catalogue: Catalogue,
    receipt_id: str,
    branch_code: str,
    who: str,
    only: str | None = None,
) -> list[str]:
    """A branch approves what a receipt reports of those below it, which is held until then; returns the scopes.

    `only`: the key of one report of a file with several.

    Raises IntakeError when the receipt is unknown, not held in force, or of a branch that is not below this one.
    """
    rows = connection.execute(
        f"""select scope.scope_key, scope.branch_code, scope.period_code, {landing.IS_UNAPPROVED}, filled.is_withheld
           from intake.receipt_scope as filled
           inner join intake.scope on filled.scope_key = scope.scope_key and filled.receipt_id = scope.receipt_id
           where filled.receipt_id = %s and scope.kind = 'submission'
               and scope.scope_key = coalesce(%s, scope.scope_key)
           order by scope.scope_key
           for update of scope""",
        [receipt_id, only],
    ).fetchall()
    if not rows:
        raise IntakeError(
            phrase(
                f"biên nhận {receipt_id} không có hiệu lực cho {only or 'báo cáo nào'}; `vwu receipts` kê các biên "
                "nhận",
                f"receipt {receipt_id} is not in force of {only or 'any report'}; `vwu receipts` lists them",
            )
        )
    held = [row for row in rows if row[3]]
    if not held:
        raise IntakeError(
            phrase(f"biên nhận {receipt_id} không chờ duyệt", f"receipt {receipt_id} waits for no approval")
        )
    for scope_key, reporting, period_code, _, is_withheld in held:
        period = catalogue.period(period_code)
        if period is None or branch_code not in _superiors(catalogue, reporting, period.end_date):
            raise IntakeError(
                phrase(
                    f"{branch_code} không phải cấp trên của {reporting} trong kỳ {period_code} nên không duyệt được "
                    "báo cáo đó",
                    f"{branch_code} is not above {reporting} in {period_code} and cannot approve its report",
                )
            )
        connection.execute(
            """insert into intake.approval (receipt_id, scope_key, approving_branch_code, approved_by)
               values (%s, %s, %s, %s)""",
            [receipt_id, scope_key, branch_code, who],
        )
        connection.execute(
            "update intake.scope set is_held = %s, changed_at = clock_timestamp() where scope_key = %s",
            [is_withheld, scope_key],
        )
        landing.log(connection, who, "approve", receipt_id, scope_key, {"approving_branch_code": branch_code})
    landing.settle_state(connection, receipt_id, reason=landing.why_held(connection, receipt_id))
    return [scope_key for scope_key, *_ in held]


def _superiors(catalogue: Catalogue, branch_code: str, on: date) -> tuple[str, ...]:
    """The branches above this one on a day, the nearest first."""
    found: list[str] = []
    branch = catalogue.branch(branch_code, on)
    while branch is not None and branch.parent_branch_code and branch.parent_branch_code not in found:
        found.append(branch.parent_branch_code)
        branch = catalogue.branch(branch.parent_branch_code, on)
    return tuple(found)


# Exceptions for late reports


def excuse(
    connection: psycopg.Connection, catalogue: Catalogue, scope: SubmissionScope, *,
    reason: str, approved_by: str, expires_on: date, who: str,
) -> None:  # fmt: skip
    """Allow a report to come late until a day (inclusive). Raises IntakeError for an unknown branch, period or form,
    an empty reason or approver, or a day that is not after the due date."""
    period = _known_period(catalogue, scope)
    if not reason.strip() or not approved_by.strip():
        raise IntakeError(
            phrase(
                "cho nộp muộn thì phải nêu lý do và người cho phép",
                "an exception needs a reason and the name of who allowed it",
            )
        )
    if expires_on <= period.due_date:
        raise IntakeError(
            phrase(
                f"hạn nộp báo cáo là {period.due_date:%d/%m/%Y}: thời hạn mới phải sau ngày đó",
                f"the report is due on {period.due_date}: an exception ends after that day",
            )
        )
    connection.execute(
        """insert into intake.late_exception (branch_code, form, period_code, reason, approved_by, expires_on,
               recorded_by) values (%s, %s, %s, %s, %s, %s, %s)""",
        [scope.branch_code, scope.form, scope.period_code, reason, approved_by, expires_on, who],
    )
    landing.log(
        connection, who, "excuse", scope_key=scope.key,
        detail={"reason": reason, "approved_by": approved_by, "expires_on": expires_on.isoformat()},
    )  # fmt: skip
