"""The database side of intake: receipts, scopes in force, landed rows, findings, and the log. The caller owns the
transaction, so that a file is landed whole or not at all (D5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from vwu.intake.model import FeedScope, Finding, Kind, Scope, State, Submission, SubmissionScope
from vwu.language import phrase

APPROVAL_NEEDED = (
    "Chờ Hội cấp trên duyệt: `vwu approve`.",
    "It waits for the approval of a branch above: `vwu approve`.",
)

FEW_PEOPLE = (
    "Bản sửa làm thay đổi số liệu của quá ít người vay so với số đã công bố: chờ bản sửa tiếp theo.",
    "The correction changes the published figures of too few borrowers: it waits for the next one.",
)
HELD_BEFORE = ("Đã bị giữ lại trước đây: `vwu hold --lift`.", "It was held before: `vwu hold --lift`.")
# Of a row `filled` of intake.receipt_scope.
IS_UNAPPROVED = """(filled.is_approval_needed and not exists (
    select from intake.approval
    where approval.receipt_id = filled.receipt_id and approval.scope_key = filled.scope_key))"""


class IntakeError(Exception):
    """What was asked of a receipt cannot be done; the message says why and what can."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as far as receiving needs it."""

    receipt_id: str
    state: State
    is_new: bool


def lock_receipt(connection: psycopg.Connection, receipt_id: str) -> None:
    """Wait until nobody else works on these bytes; held until the transaction ends."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"receipt {receipt_id}"])


def open_receipt(
    connection: psycopg.Connection, receipt_id: str, sha256: str, kind: Kind, file_name: str, size: int, who: str
) -> Receipt:
    """The receipt of these bytes, made when they are new. Raises IntakeError when two files share an id."""
    made = connection.execute(
        """insert into intake.receipt
               (receipt_id, sha256, stored_sha256, kind, file_name, size_bytes, state, received_by)
           values (%s, %s, %s, %s, %s, %s, 'received', %s) on conflict do nothing""",
        [receipt_id, sha256, sha256, kind, file_name, size, who],
    ).rowcount
    row = connection.execute("select sha256, state from intake.receipt where receipt_id = %s", [receipt_id]).fetchone()
    if row is None or row[0] != sha256:
        raise IntakeError(
            phrase(
                f"biên nhận {receipt_id} thuộc về nội dung khác với {file_name}",
                f"receipt {receipt_id} belongs to other bytes than {file_name}",
            )
        )
    if made:
        log(connection, who, "receive", receipt_id, detail={"file_name": file_name, "size_bytes": size})
    return Receipt(receipt_id, State(row[1]), bool(made))


def may_keep(connection: psycopg.Connection, sha256: str) -> bool:
    """Whether the bytes may go into the store: not when a person was taken out of them, or their retention is over."""
    row = connection.execute(
        "select stored_sha256 is not distinct from sha256 from intake.receipt where sha256 = %s", [sha256]
    ).fetchone()
    return row is None or bool(row[0])


def settle_arrival(connection: psycopg.Connection, path: str, signature: str, receipt_id: str) -> int:
    """Tie an arrival to its receipt and return its number; a file that was never listed gets a number now."""
    row = connection.execute(
        """insert into intake.arrival (path, signature, receipt_id) values (%s, %s, %s)
           on conflict (path, signature) do update set receipt_id = excluded.receipt_id
           returning arrival_no""",
        [path, signature, receipt_id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def open_scope(connection: psycopg.Connection, scope: Scope) -> int | None:
    """Lock a scope until the transaction ends, making it when new; returns the precedence in force, if any."""
    columns = {"scope_key": scope.key, **_scope_columns(scope)}
    connection.execute(
        f"insert into intake.scope ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})"
        " on conflict do nothing",
        list(columns.values()),
    )
    row = connection.execute(
        "select precedence from intake.scope where scope_key = %s for update", [scope.key]
    ).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])


def _scope_columns(scope: Scope) -> dict[str, Any]:
    if isinstance(scope, SubmissionScope):
        return {
            "kind": Kind.SUBMISSION,
            "branch_code": scope.branch_code,
            "period_code": scope.period_code,
            "form": scope.form,
        }
    return {"kind": scope.kind, "bank_code": scope.bank_code, "as_of_date": scope.as_of_date}


def insert_values(connection: psycopg.Connection, receipt_id: str, reports: Sequence[Submission]) -> None:
    """COPY the values of the reports of one file into raw.submission_value."""
    said = [(report, report.scope, value) for report in reports for value in report.values]
    with connection.cursor().copy("copy raw.submission_value (" + _VALUE_COLUMNS + ") from stdin") as copy:
        for line_no, (report, scope, value) in enumerate(said, start=1):
            assert scope is not None
            quantity = value.quantity
            copy.write_row((
                receipt_id, line_no, scope.key, scope.branch_code, scope.period_code, scope.form,
                report.form_version, value.programme_code, value.indicator_code, value.scenario, value.basis,
                quantity.value, quantity.lower_bound, quantity.upper_bound, quantity.qualifier,
                quantity.value_state, value.unit_code, value.position, value.raw_text, value.note,
            ))  # fmt: skip


_VALUE_COLUMNS = (
    "receipt_id, line_no, scope_key, branch_code, period_code, form, form_version, programme_code, indicator_code,"
    " scenario, basis, value, lower_bound, upper_bound, qualifier, value_state, unit_code, position, raw_text, note"
)


def put_in_force(
    connection: psycopg.Connection,
    receipt_id: str,
    scopes: Mapping[Scope, tuple[str, str] | None],
    precedence: int,
    who: str,
    row_count: int,
) -> State:
    """Make a landed receipt the one in force of its scopes, or file it below a later arrival; returns its state.

    With each scope why it is kept out of releases for now, in Vietnamese and English; None where it is not.
    """
    for scope in sorted(scopes, key=lambda each: each.key):
        _fill(connection, receipt_id, scope, precedence, who, is_held=scopes[scope] is not None)
    held_for = next((reason for reason in scopes.values() if reason), None)
    return settle_state(connection, receipt_id, reason=held_for, row_count=row_count)


def _fill(
    connection: psycopg.Connection, receipt_id: str, scope: Scope, precedence: int, who: str, *, is_held: bool
) -> None:
    in_force, earlier = open_scope(connection, scope), _receipt_in_force(connection, scope)
    connection.execute(
        """insert into intake.receipt_scope (receipt_id, scope_key, precedence, is_approval_needed)
           values (%s, %s, %s, %s)""",
        [receipt_id, scope.key, precedence, is_held],
    )
    is_latest = in_force is None or in_force <= precedence
    if is_latest:
        connection.execute(
            """update intake.scope set receipt_id = %s, precedence = %s, is_held = %s, changed_at = clock_timestamp()
               where scope_key = %s""",
            [receipt_id, precedence, is_held, scope.key],
        )
    if is_latest and earlier is not None:
        settle_state(connection, earlier)
        log(connection, who, "supersede", earlier, scope.key, {"superseded_by": receipt_id})
    log(connection, who, "land", receipt_id, scope.key, {"in_force": is_latest, "is_held": is_held})


def _receipt_in_force(connection: psycopg.Connection, scope: Scope) -> str | None:
    row = connection.execute("select receipt_id from intake.scope where scope_key = %s", [scope.key]).fetchone()
    return row[0] if row else None


def settle_state(
    connection: psycopg.Connection,
    receipt_id: str,
    *,
    reason: tuple[str, str] | None = None,
    row_count: int | None = None,
) -> State:
    """Give a landed receipt the state that follows from its scopes, and return it; the caller logs the act.

    `held` or `landed` while it fills one of them, `superseded` while it could be returned to in one, else `withdrawn`.
    Without a reason (in Vietnamese and English) the one that the receipt has stays while its state does.
    """
    row = connection.execute(
        """with settled as (
               select
                   case
                       when bool_or(scope.receipt_id = filled.receipt_id and scope.is_held) then 'held'
                       when bool_or(scope.receipt_id = filled.receipt_id) then 'landed'
                       when bool_or(not filled.is_withdrawn) then 'superseded'
                       else 'withdrawn'
                   end as state,
                   min(scope.receipt_id) filter (where not filled.is_withdrawn) as superseded_by
               from intake.receipt_scope as filled
               inner join intake.scope on scope.scope_key = filled.scope_key
               where filled.receipt_id = %(receipt)s
           )
           update intake.receipt
           set state = settled.state,
               reason_vi = coalesce(%(vi)s, case when receipt.state = settled.state then reason_vi else '' end),
               reason_en = coalesce(%(en)s, case when receipt.state = settled.state then reason_en else '' end),
               row_count = coalesce(%(rows)s, row_count),
               superseded_by = case when settled.state = 'superseded' then settled.superseded_by end,
               state_changed_at = clock_timestamp()
           from settled
           where receipt.receipt_id = %(receipt)s
           returning receipt.state""",
        {
            "receipt": receipt_id, "vi": reason[0] if reason else None, "en": reason[1] if reason else None,
            "rows": row_count,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return State(row[0])


def reject(connection: psycopg.Connection, receipt_id: str, findings: Sequence[Finding], who: str) -> None:
    """Nothing of the file lands; its receipt says why in plain words."""
    first = next(each for each in findings if each.severity == "error")
    more = sum(each.severity == "error" for each in findings) - 1
    reason = (
        first.message_vi + (f" (và {more} lỗi khác)" if more else ""),
        first.message_en + (f" (and {more} more)" if more else ""),
    )
    connection.execute(
        """update intake.receipt set state = 'rejected', reason_vi = %s, reason_en = %s,
               state_changed_at = clock_timestamp()
           where receipt_id = %s""",
        [*reason, receipt_id],
    )
    log(connection, who, "reject", receipt_id, detail={"errors": more + 1})


def record_findings(connection: psycopg.Connection, receipt_id: str, findings: Iterable[Finding]) -> None:
    """Write the findings of a check; those of an earlier check of the same bytes stop being open."""
    row = connection.execute(
        "update intake.receipt set check_no = check_no + 1 where receipt_id = %s returning check_no", [receipt_id]
    ).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into intake.finding (finding_id, receipt_id, rule_id, family, severity, position, column_name,
                   value, message_vi, message_en, proposed, line_count, scope_key, check_no)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (finding_id) do update set check_no = excluded.check_no""",
            [
                (
                    each.finding_id(receipt_id), receipt_id, each.rule_id, each.family, each.severity, each.position,
                    each.column, each.value, each.message_vi, each.message_en, each.proposed, each.line_count,
                    each.scope_key, row[0],
                )
                for each in findings
            ],
        )  # fmt: skip


def withdraw(
    connection: psycopg.Connection, receipt_id: str, who: str, reason: str, scope_key: str | None = None
) -> list[str]:
    """Take a receipt back, or one report of it: the one before it is in force again. Returns the scopes that changed.

    Raises IntakeError when the receipt is unknown or never landed. Nothing in raw changes (D5).
    """
    row = connection.execute(
        "select state from intake.receipt where receipt_id = %s for update", [receipt_id]
    ).fetchone()
    if row is None:
        raise IntakeError(
            phrase(
                f"không có biên nhận {receipt_id}; `vwu receipts` kê các biên nhận",
                f"there is no receipt {receipt_id}; `vwu receipts` lists them",
            )
        )
    if row[0] not in {State.LANDED, State.HELD, State.SUPERSEDED}:
        raise IntakeError(
            phrase(
                f"biên nhận {receipt_id} đang ở trạng thái {row[0]}: chỉ rút được những gì đã nhận",
                f"receipt {receipt_id} is {row[0]}: only what has landed can be withdrawn",
            )
        )
    withdrawn = connection.execute(
        """update intake.receipt_scope set is_withdrawn = true
           where receipt_id = %(receipt)s and not is_withdrawn and scope_key = coalesce(%(scope)s, scope_key)
           returning scope_key""",
        {"receipt": receipt_id, "scope": scope_key},
    ).fetchall()
    if not withdrawn:
        raise IntakeError(
            phrase(
                f"biên nhận {receipt_id} không có báo cáo {scope_key}, hoặc báo cáo đó đã rút trước đây",
                f"receipt {receipt_id} does not report {scope_key}, or that was withdrawn before",
            )
        )
    log(connection, who, "withdraw", receipt_id, scope_key, {"reason": reason})
    scopes = connection.execute(
        """select scope_key from intake.scope where receipt_id = %s and scope_key = any(%s)
           order by scope_key for update""",
        [receipt_id, [key for (key,) in withdrawn]],
    ).fetchall()
    for (key,) in scopes:
        _restore(connection, key, who)
    settle_state(connection, receipt_id, reason=None if why_held(connection, receipt_id) else (reason, reason))
    return [key for (key,) in scopes]


def hold(
    connection: psycopg.Connection, receipt_id: str, reason: str, who: str, scope_key: str | None = None
) -> list[str]:
    """Keep what a receipt in force says, or one report of it, out of releases until it is lifted or replaced; returns
    the scopes.

    The scope's last good receipt speaks for it meanwhile (D8). Raises IntakeError without a reason, or when the receipt
    is not in force or held already.
    """
    return _withhold(connection, receipt_id, (reason, reason), who, scope_key, cause="by_hand")


def hold_of_few(connection: psycopg.Connection, receipt_id: str, who: str) -> list[str]:
    """Hold a correction that would tell of too few people (docs/privacy.md); as `hold` otherwise."""
    return _withhold(connection, receipt_id, FEW_PEOPLE, who, None, cause="few_people")


def lift(
    connection: psycopg.Connection, receipt_id: str, reason: str, who: str, scope_key: str | None = None
) -> list[str]:
    """Undo `hold`; what still waits for approval stays held. Raises IntakeError as `hold` does."""
    return _withhold(connection, receipt_id, (reason, reason), who, scope_key, cause=None)


def _withhold(
    connection: psycopg.Connection,
    receipt_id: str,
    reason: tuple[str, str],
    who: str,
    scope_key: str | None,
    *,
    cause: str | None,
) -> list[str]:
    """Hold for a cause, or lift when there is none; the reason in Vietnamese and English."""
    is_withheld = cause is not None
    words = " · ".join(dict.fromkeys(reason)).strip()
    if not words:
        raise IntakeError(phrase("giữ lại hay thôi giữ đều phải nêu lý do", "holding and lifting need a reason"))
    rows = connection.execute(
        f"""update intake.receipt_scope as filled set is_withheld = %s
           from intake.scope
           where filled.receipt_id = %s and filled.is_withheld <> %s and scope.scope_key = filled.scope_key
             and scope.receipt_id = filled.receipt_id and scope.scope_key = coalesce(%s, scope.scope_key)
           returning filled.scope_key, filled.is_withheld or {IS_UNAPPROVED}""",
        [is_withheld, receipt_id, is_withheld, scope_key],
    ).fetchall()
    if not rows:
        raise IntakeError(_not_in_state(receipt_id, scope_key, is_withheld))
    for key, is_held in rows:
        connection.execute(
            "update intake.scope set is_held = %s, changed_at = clock_timestamp() where scope_key = %s",
            [is_held, key],
        )
        detail = {"reason": words} | ({"cause": cause} if cause else {})
        log(connection, who, "hold" if is_withheld else "lift", receipt_id, key, detail)
    why = reason if is_withheld else why_held(connection, receipt_id) or ("", "")
    settle_state(connection, receipt_id, reason=why)
    return sorted(key for key, _ in rows)


def why_held(connection: psycopg.Connection, receipt_id: str) -> tuple[str, str] | None:
    """Why a report of this receipt is kept out of releases, in Vietnamese and English; None when none is."""
    row = connection.execute(
        f"""select bool_or({IS_UNAPPROVED}), bool_or(filled.is_withheld)
           from intake.receipt_scope as filled
           inner join intake.scope on scope.scope_key = filled.scope_key and scope.receipt_id = filled.receipt_id
           where filled.receipt_id = %s""",
        [receipt_id],
    ).fetchone()
    is_unapproved, is_withheld = row or (False, False)
    return APPROVAL_NEEDED if is_unapproved else HELD_BEFORE if is_withheld else None


def _restore(connection: psycopg.Connection, scope_key: str, who: str) -> None:
    """Put the highest receipt that was not withdrawn in force again, or none; held if it still needs approval."""
    row = connection.execute(
        f"""select filled.receipt_id, filled.precedence, filled.is_withheld, {IS_UNAPPROVED}
           from intake.receipt_scope as filled
           where filled.scope_key = %s and not filled.is_withdrawn
           order by filled.precedence desc
           limit 1""",
        [scope_key],
    ).fetchone()
    receipt_id, precedence, is_withheld, is_unapproved = row or (None, None, False, False)
    is_held = is_withheld or is_unapproved
    connection.execute(
        """update intake.scope set receipt_id = %s, precedence = %s, is_held = %s, changed_at = clock_timestamp()
           where scope_key = %s""",
        [receipt_id, precedence, is_held, scope_key],
    )
    if receipt_id is not None:
        settle_state(
            connection, receipt_id, reason=APPROVAL_NEEDED if is_unapproved else HELD_BEFORE if is_withheld else None
        )
        log(connection, who, "restore", receipt_id, scope_key)


def _not_in_state(receipt_id: str, scope_key: str | None, is_withheld: bool) -> str:
    """Why nothing of this receipt could be held, or lifted."""
    of_vi, of_en = (f"{scope_key} của ", f"{scope_key} of ") if scope_key else ("", "")
    vi, en = (
        ("đang có hiệu lực và chưa bị giữ", "in force and not yet held")
        if is_withheld
        else ("bị giữ bằng tay", "held by hand")
    )
    return phrase(
        f"{of_vi}biên nhận {receipt_id} không ở trạng thái {vi}: `vwu receipts` kê các biên nhận",
        f"{of_en}receipt {receipt_id} is not {en}: `vwu receipts` lists them",
    )


def answer(connection: psycopg.Connection, finding_id: str, text: str, reason: str, who: str) -> None:
    """Answer a finding. Raises IntakeError when there is no such finding or the reason is empty."""
    if not reason.strip():
        raise IntakeError(phrase("trả lời thì phải nêu lý do", "an answer needs a reason"))
    row = connection.execute("select receipt_id from intake.finding where finding_id = %s", [finding_id]).fetchone()
    if row is None:
        raise IntakeError(
            phrase(
                f"không có phát hiện {finding_id}; `vwu findings` kê các phát hiện",
                f"there is no finding {finding_id}; `vwu findings` lists them",
            )
        )
    connection.execute(
        "insert into intake.finding_answer (finding_id, answer, reason, answered_by) values (%s, %s, %s, %s)",
        [finding_id, text, reason, who],
    )
    log(connection, who, "answer", row[0], detail={"finding_id": finding_id, "answer": text, "reason": reason})


def log(
    connection: psycopg.Connection,
    who: str,
    action: str,
    receipt_id: str | None = None,
    scope_key: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append to the log who did what."""
    connection.execute(
        "insert into intake.event (actor, action, receipt_id, scope_key, detail) values (%s, %s, %s, %s, %s)",
        [who, action, receipt_id, scope_key, Jsonb(detail or {})],
    )


def feed_precedence(connection: psycopg.Connection, scope: FeedScope) -> tuple[int | None, str | None]:
    """The sequence in force for this bank, kind and month, and its receipt; (None, None) when there is none."""
    in_force = open_scope(connection, scope)
    return in_force, _receipt_in_force(connection, scope)
