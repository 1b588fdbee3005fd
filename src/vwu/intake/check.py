"""Checking one file, from a branch or a bank, without a database: what `vwu check` shows and `receive` acts on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.intake import store
from vwu.intake.arrivals import CONTROL_SUFFIX, as_text, file_system_of
from vwu.intake.model import Change, Finding, Kind, Outcome, Scope, State, Submission, SubmissionScope, has_errors

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue
    from vwu.intake.apart import Checked
    from vwu.intake.feed.check import CheckedFeed
    from vwu.intake.submission.history import History

VIETNAM = timezone(timedelta(hours=7))
_SNIFF_BYTES = 4096
# In bytes, so that a suffix can follow.
_LONGEST_NAME = 200
_COMPRESSED_FEEDS = (".csv.gz", ".csv.zst")


def today() -> date:
    """Today in Viet Nam, where every due date and "not in the future" is meant."""
    return datetime.now(VIETNAM).date()


def check(
    path: Path, catalogue: Catalogue, on: date, histories: Mapping[SubmissionScope, History] = MappingProxyType({})
) -> Outcome:
    """Check one file without a database: the same findings as `receive` gives.

    For a report without a history the rules that need earlier periods see those of its file alone.
    """
    with local_file(str(path)) as (data, control):
        sha256 = store.sha256_of(data)
        if is_feed(data):
            from vwu.intake.feed.check import check_feed

            with check_feed(data, control, catalogue, on) as feed:
                return feed_outcome(data.name, sha256, feed, feed.findings)
        return submission_outcome(data.name, sha256, *check_reports(data, catalogue, on), catalogue, histories)


@contextmanager
def local_file(path: str) -> Iterator[tuple[Path, bytes | None]]:
    """A file on this machine under a name in Unicode, and its control record: as it is, or fetched for the while."""
    if "://" not in path and as_text(path) == path and Path(path).exists():
        yield Path(path), control_of(Path(path))
        return
    file_system, place = file_system_of(path)
    folder = Path(tempfile.mkdtemp(prefix="vwu-receive-"))
    try:
        # An object store has longer names than a folder.
        name = as_text(place.rsplit("/", 1)[-1]).encode()[-_LONGEST_NAME:].decode(errors="ignore")
        for suffix in ("", CONTROL_SUFFIX):
            if file_system.exists(place + suffix):
                file_system.get(place + suffix, str(folder / (name + suffix)))
        data = folder / name
        yield data, control_of(data)
    finally:
        shutil.rmtree(folder)


def with_scope(reports: Iterable[Submission]) -> Iterator[tuple[Submission, SubmissionScope]]:
    """The reports whose scope is known, each with it."""
    return ((report, report.scope) for report in reports if report.scope is not None)


def is_refused(reports: Sequence[Submission], findings: tuple[Finding, ...]) -> bool:
    """A file is landed whole or not at all: one report that cannot be taken refuses those beside it."""
    return (
        not reports
        or any(report.scope is None or has_errors(report.findings) for report in reports)
        or has_errors(findings)
    )


def submission_outcome(
    name: str,
    sha256: str,
    reports: tuple[Submission, ...],
    findings: tuple[Finding, ...],
    catalogue: Catalogue,
    histories: Mapping[SubmissionScope, History],
) -> Outcome:
    """The outcome of a checked file; what is compared with its history is a file without errors of its own."""
    from vwu.intake.submission.changes import changes_between
    from vwu.intake.submission.history import History, check_history, with_others

    found, changes = list(findings), list[Change]()
    is_sound = not is_refused(reports, findings)
    for report in reports:
        of_report, scope = report.findings, report.scope
        if is_sound and scope is not None:
            history = with_others(
                histories.get(scope, History()), scope, reports, store.receipt_id_of(sha256), catalogue
            )
            of_report += check_history(report, catalogue, history)
            former = [each for each in history.past if each.period_code == scope.period_code]
            changes += changes_between(scope.key, former, report.values) if former else ()
        found += [replace(each, scope_key=scope.key if scope else None) for each in of_report]
    return _outcome(
        name, sha256, Kind.SUBMISSION, tuple(scope for _, scope in with_scope(reports)), tuple(found),
        row_count=sum(len(report.values) for report in reports), reports=reports, changes=tuple(changes),
    )  # fmt: skip


def feed_outcome(name: str, sha256: str, feed: CheckedFeed, findings: tuple[Finding, ...]) -> Outcome:
    """The outcome of a checked feed."""
    scopes = (feed.scope,) if feed.scope else ()
    kind = feed.scope.kind if feed.scope else Kind.UNKNOWN
    return _outcome(name, sha256, kind, scopes, findings, row_count=feed.row_count)


def _outcome(
    name: str,
    sha256: str,
    kind: Kind,
    scopes: tuple[Scope, ...],
    findings: tuple[Finding, ...],
    *,
    row_count: int,
    reports: tuple[Submission, ...] = (),
    changes: tuple[Change, ...] = (),
) -> Outcome:
    """The outcome of a check: `rejected` when any finding is an error or nobody knows what the file replaces."""
    if len(scopes) == 1 and len(reports) <= 1:
        findings = tuple(replace(each, scope_key=scopes[0].key) for each in findings)
    is_refused = not scopes or any(report.scope is None for report in reports) or has_errors(findings)
    return Outcome(
        name, sha256, kind, State.REJECTED if is_refused else State.CHECKED, store.receipt_id_of(sha256), scopes,
        reports, findings, row_count, changes=changes,
    )  # fmt: skip


def check_reports(path: Path, catalogue: Catalogue, on: date, *, is_suspect: bool = False) -> Checked:
    """The reports of a branch's file, each checked by itself, and what is told of the file."""
    from vwu.intake.apart import check_within_limits
    from vwu.intake.submission.package import MAX_FILE_BYTES

    with path.open("rb") as source:
        content = source.read(MAX_FILE_BYTES + 1)  # one byte over the limit is enough to refuse it
    return check_within_limits(path.name, content, catalogue, on, is_suspect=is_suspect)


def is_feed(path: Path) -> bool:
    """A bank feed is a compressed CSV, a file with a control record, or a CSV whose header names a bank."""
    name = path.name.lower()
    if name.endswith(_COMPRESSED_FEEDS) or _has_control(path):
        return True
    if not name.endswith(".csv"):
        return False
    with path.open("rb") as source:
        return b"bank_code" in source.read(_SNIFF_BYTES).split(b"\n", 1)[0]


def control_of(path: Path) -> bytes | None:
    """The control record beside a file, if there is one."""
    return path.with_name(path.name + CONTROL_SUFFIX).read_bytes() if _has_control(path) else None


def _has_control(path: Path) -> bool:
    return os.path.exists(f"{path}{CONTROL_SUFFIX}")  # noqa: PTH110 Path.exists raises where the name is too long
