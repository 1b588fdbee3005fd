"""Receive → check → land of one file, from a branch or a bank: the same steps for both, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from vwu.intake import landing, life, store
from vwu.intake.arrivals import Candidate, describe
from vwu.intake.check import (
    check_reports,
    feed_outcome,
    is_feed,
    is_refused,
    local_file,
    submission_outcome,
    today,
    with_scope,
)
from vwu.intake.model import FeedScope, Finding, Kind, Outcome, Scope, State, has_errors
from vwu.intake.rules import finding
from vwu.language import phrase
from vwu.settings import Settings

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue


class ChangedWhileReadError(Exception):
    """The file was written again while it was read; it stays in the landing zone and is received anew."""


class NotReceivedError(Exception):
    """Some files could not be worked on, whatever is in them; the message names each and says why."""


def receive(settings: Settings, path: str) -> Outcome:
    """Receive, check and land one file; returns what became of it. Receiving it again changes nothing.

    The bytes are in the content store before anything else. A file with an error is `rejected` and nothing of it is in
    `raw`. Raises FileNotFoundError, ChangedWhileReadError, OSError or psycopg.Error when the surroundings fail; then
    nothing of the file is visible and the next attempt starts afresh.
    """
    (outcome,) = receive_files(settings, [path])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def receive_files(settings: Settings, paths: Iterable[str]) -> Iterator[Outcome | Exception]:
    """`receive` of each file in turn: a transaction of its own each, and what it raises in place of its outcome.

    Raises psycopg.OperationalError when the database does not answer at all.
    """
    from vwu.catalogue import load_catalogue
    from vwu.database import connect

    catalogue = load_catalogue(settings.root / "seeds")
    store.sweep(settings.store)
    connection = connect(settings, "loader")
    try:
        for path in paths:
            if connection.closed:
                connection = connect(settings, "loader")
            yield _receive_one(connection, settings, catalogue, path)
    finally:
        connection.close()


def receive_batch(settings: Settings, paths: Sequence[str], say: Callable[[str], None]) -> int:
    """Receive every file and say what became of each; returns how many.

    Raises NotReceivedError in the end when some could not be worked on: the others are received.
    """
    failed = []
    for path, outcome in zip(paths, receive_files(settings, paths), strict=True):
        if isinstance(outcome, Exception):
            failed.append(f"{path}: {type(outcome).__name__}: {outcome}")
        else:
            say(outcome.summary())
    if failed:
        raise NotReceivedError(
            phrase(
                f"không nhận được {len(failed)} trên {len(paths)} tệp; " + "; ".join(failed),
                f"{len(failed)} of {len(paths)} files could not be received; " + "; ".join(failed),
            )
        )
    return len(paths)


def _receive_one(
    connection: psycopg.Connection, settings: Settings, catalogue: Catalogue, path: str
) -> Outcome | Exception:
    try:
        outcome = _receive(connection, settings, catalogue, path)
        connection.commit()
    except Exception as error:  # whatever is wrong with one file, the others are received
        if not connection.closed:
            connection.rollback()
        return error
    return outcome


def _receive(connection: psycopg.Connection, settings: Settings, catalogue: Catalogue, path: str) -> Outcome:
    candidate = describe(path)
    with local_file(path) as (data, control):
        sha256 = store.sha256_of(data)
        is_bank_feed = is_feed(data)
        if landing.may_keep(connection, sha256):
            store.keep(settings.store, data, sha256, settings.key("store"))
        receipt = _open(connection, settings, data, sha256, is_bank_feed)
        landing.lock_receipt(connection, receipt.receipt_id)
        precedence = landing.settle_arrival(connection, candidate.path, candidate.signature, receipt.receipt_id)
        unchanged = _unchanged(connection, receipt.receipt_id, data.name, sha256)
        if unchanged is not None:
            return unchanged
        if is_bank_feed:
            outcome = _receive_feed(connection, settings, catalogue, data, control, sha256)
        else:
            is_suspect = not receipt.is_new and receipt.state is State.RECEIVED
            outcome = _receive_submission(
                connection, settings, catalogue, data, sha256, precedence, is_suspect=is_suspect
            )
        _refuse_change(path, candidate)
    return outcome


def _receive_submission(
    connection: psycopg.Connection,
    settings: Settings,
    catalogue: Catalogue,
    data: Path,
    sha256: str,
    precedence: int,
    *,
    is_suspect: bool,
) -> Outcome:
    """`is_suspect`: an earlier attempt on these bytes came to no end, and they may be why."""
    reports, findings = check_reports(data, catalogue, today(), is_suspect=is_suspect)
    histories = {}
    if not is_refused(reports, findings):
        # In one order everywhere, so that two files of the same reports cannot wait for each other.
        for report, scope in sorted(with_scope(reports), key=lambda each: each[1].key):
            landing.open_scope(connection, scope)  # nobody else replaces it while it is compared
            histories[scope] = life.read_history(connection, catalogue, scope, report)
    outcome = submission_outcome(data.name, sha256, reports, findings, catalogue, histories)
    if outcome.state is State.REJECTED:
        return _reject(connection, settings, outcome)
    receipt_id = store.receipt_id_of(sha256)
    landing.insert_values(connection, receipt_id, outcome.reports)
    held_for: dict[Scope, tuple[str, str] | None] = {
        scope: landing.APPROVAL_NEEDED if life.needs_approval(catalogue, scope) else None
        for _, scope in with_scope(outcome.reports)
    }
    landed = _land(connection, settings, outcome, precedence, held_for)
    for _, scope in with_scope(outcome.reports):
        life.carry_answers(connection, receipt_id, scope, settings.who)
    return landed


def _receive_feed(
    connection: psycopg.Connection,
    settings: Settings,
    catalogue: Catalogue,
    data: Path,
    control: bytes | None,
    sha256: str,
) -> Outcome:
    from vwu.intake.feed.check import check_feed

    receipt_id = store.receipt_id_of(sha256)
    with check_feed(data, control, catalogue, today()) as feed:
        findings = feed.findings
        if feed.scope is not None and not has_errors(findings):
            findings += _late(connection, feed.scope)
            findings += feed.history_findings(connection)
        outcome = feed_outcome(data.name, sha256, feed, findings)
        if feed.scope is None or has_errors(findings):
            return _reject(connection, settings, outcome)
        _, replaced = landing.feed_precedence(connection, feed.scope)
        if replaced is not None:
            outcome = replace(outcome, changes=feed.changes(connection, replaced))
        feed.land(connection, receipt_id, feed.scope.key, settings.key("token"))
        return _land(connection, settings, outcome, feed.scope.sequence, {feed.scope: None})


def _late(connection: psycopg.Connection, scope: FeedScope) -> tuple[Finding, ...]:
    """A feed that comes after a higher, or the same, sequence of its bank, kind and month is refused."""
    in_force, receipt_id = landing.feed_precedence(connection, scope)
    if in_force is None or scope.sequence > in_force:
        return ()
    return (
        finding("FEED_SEQUENCE_LATE", column="sequence", value=str(scope.sequence), in_force=in_force, by=receipt_id),
    )


def _open(
    connection: psycopg.Connection, settings: Settings, data: Path, sha256: str, is_bank_feed: bool
) -> landing.Receipt:
    """The receipt, committed at once: from here on nobody can say that the file never came."""
    kind = Kind.UNKNOWN if is_bank_feed else Kind.SUBMISSION
    receipt = landing.open_receipt(
        connection, store.receipt_id_of(sha256), sha256, kind, data.name, data.stat().st_size, settings.who
    )
    connection.commit()
    return receipt


def _unchanged(connection: psycopg.Connection, receipt_id: str, name: str, sha256: str) -> Outcome | None:
    """What to answer when these bytes were dealt with before; a rejected file is checked again, since rules change."""
    row = connection.execute(
        "select kind, state, row_count, superseded_by from intake.receipt where receipt_id = %s", [receipt_id]
    ).fetchone()
    assert row is not None
    kind, state, row_count, superseded_by = row
    if state in {State.RECEIVED, State.CHECKED, State.REJECTED}:
        return None
    vi, en = f"Tệp này đã nhận trước đây (trạng thái: {state})", f"this file was received before (state: {state})"
    if superseded_by:
        vi += f"; đã được thay bằng {superseded_by}: muốn dùng lại thì rút {superseded_by}"
        en += f"; {superseded_by} replaced it: to return to it, `vwu withdraw {superseded_by}`"
    return Outcome(
        name, sha256, Kind(kind), State.UNCHANGED, receipt_id, row_count=row_count, reason_vi=vi, reason_en=en
    )


def _reject(connection: psycopg.Connection, settings: Settings, outcome: Outcome) -> Outcome:
    assert outcome.receipt_id is not None
    _describe_receipt(connection, outcome)
    landing.record_findings(connection, outcome.receipt_id, outcome.findings)
    landing.reject(connection, outcome.receipt_id, outcome.findings, settings.who)
    return outcome


def _land(
    connection: psycopg.Connection,
    settings: Settings,
    outcome: Outcome,
    precedence: int,
    held_for: Mapping[Scope, tuple[str, str] | None],
) -> Outcome:
    """Put each scope of a landed file in force; `held_for` says why one is kept out of releases."""
    assert outcome.receipt_id is not None
    _describe_receipt(connection, outcome)
    landing.record_findings(connection, outcome.receipt_id, outcome.findings)
    state = landing.put_in_force(connection, outcome.receipt_id, held_for, precedence, settings.who, outcome.row_count)
    return replace(outcome, state=state)


def _describe_receipt(connection: psycopg.Connection, outcome: Outcome) -> None:
    connection.execute("update intake.receipt set kind = %s where receipt_id = %s", [outcome.kind, outcome.receipt_id])


def _refuse_change(path: str, before: Candidate) -> None:
    if describe(path).signature != before.signature:
        raise ChangedWhileReadError(
            phrase(
                f"{path} bị ghi lại trong khi đang đọc; tệp sẽ được nhận lại",
                f"{path} was written again while it was read; it will be received anew",
            )
        )
