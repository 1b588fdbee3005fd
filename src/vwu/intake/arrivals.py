"""What lies in the landing zone, complete and not yet received, in order of arrival (INTERFACES 2.4)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vwu.intake.store import modified
from vwu.language import phrase

if TYPE_CHECKING:
    import psycopg

    from vwu.settings import Settings

BRANCH_SUBMISSIONS, BANK_FEEDS = "branch_submissions", "bank_feeds"
ZONES = (BRANCH_SUBMISSIONS, BANK_FEEDS)
CONTROL_SUFFIX, DONE_SUFFIX = ".control.json", ".done"
# A task of Airflow costs seconds, a workbook some hundredths of one; a feed takes minutes.
FILES_A_BATCH = {BRANCH_SUBMISSIONS: 200, BANK_FEEDS: 1}
# A name that is no UTF-8 (out of an old archive) has surrogates for bytes in Python, which neither PostgreSQL nor JSON
# takes: where a path is told, its bytes stand in a private area of Unicode instead.
_AS_TEXT = {0xDC00 + byte: 0xEF00 + byte for byte in range(0x80, 0x100)}
_AS_NAME = {told: named for named, told in _AS_TEXT.items()}
# Half-written or private files of office programs and copying tools, never a submission.
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp")
# A feed without its control record is given this long before it is received, and refused for want of one.
CONTROL_GRACE_SECONDS = 3600
# Without a marker a file counts as complete when it did not change for this long.
SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file in the zone; `signature` changes when it, or its control record, is written again."""

    path: str
    signature: str
    modified: float
    has_marker: bool


def list_arrivals(settings: Settings, zone: str, *, settle_seconds: float = SETTLE_SECONDS) -> list[str]:
    """Paths (or URLs) of complete files of a zone that no receipt covers yet, oldest arrival first.

    Registers them in `intake.arrival`, whose numbers decide later which of two files of one scope wins.
    Raises ValueError for an unknown zone; an absent folder is an empty zone.
    """
    from vwu.database import connect

    if zone not in ZONES:
        raise ValueError(f"there is no zone {zone!r}; zones are {', '.join(ZONES)}")
    with connect(settings, "loader") as connection:
        fresh = _unreceived(connection, _candidates(settings, zone))
        complete = _settled(settings, zone, fresh, settle_seconds)
        return register(connection, complete)


def list_batches(settings: Settings, zone: str) -> list[list[str]]:
    """`list_arrivals` in parts that one task receives: many small files, or one feed."""
    paths, size = list_arrivals(settings, zone), FILES_A_BATCH[zone]
    return [paths[first : first + size] for first in range(0, len(paths), size)]


def register(connection: psycopg.Connection, candidates: list[Candidate]) -> list[str]:
    """Number the arrivals by modification time, then name; returns their paths in that order."""
    ordered = sorted(candidates, key=lambda each: (each.modified, each.path))
    columns = [[each.path for each in ordered], [each.signature for each in ordered]]
    connection.execute(
        """insert into intake.arrival (path, signature)
           select path, signature from unnest(%s::text[], %s::text[]) with ordinality as listed (path, signature, place)
           order by place
           on conflict do nothing""",
        columns,
    )
    rows = connection.execute(
        """select arrival.path from intake.arrival
           inner join unnest(%s::text[], %s::text[]) as wanted (path, signature)
               on wanted.path = arrival.path and wanted.signature = arrival.signature
           order by arrival.arrival_no""",
        columns,
    ).fetchall()
    return [path for (path,) in rows]


def describe(path: str) -> Candidate:
    """The candidate that one file is. Raises FileNotFoundError."""
    file_system, place = file_system_of(path)
    if not file_system.exists(place):
        raise FileNotFoundError(phrase(f"không có tệp {path}", f"there is no file {path}"))
    control = f"{place}{CONTROL_SUFFIX}"
    infos = [file_system.info(each) for each in (place, control) if file_system.exists(each)]
    return _candidate(as_text(path), infos, has_marker=len(infos) > 1)


def as_text(path: str) -> str:
    """The path as text of Unicode, whatever its bytes are; `file_system_of` finds the file again."""
    return path.translate(_AS_TEXT)


def file_system_of(path: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the place of the file there."""
    from fsspec.core import url_to_fs

    file_system, place = url_to_fs(path)
    file_system.invalidate_cache()  # what was listed before says nothing of what is there now
    named = place.translate(_AS_NAME)
    return file_system, named if named != place and file_system.exists(named) else place


def _candidates(settings: Settings, zone: str) -> list[Candidate]:
    file_system, folder = file_system_of(f"{settings.landing}/{zone}")
    if not file_system.exists(folder):
        return []
    found: dict[str, dict[str, Any]] = file_system.find(folder, detail=True)
    # A symbolic link could point anywhere on this machine: what it names is not what was sent.
    found = {path: info for path, info in found.items() if not info.get("islink")}
    return [
        _candidate(
            as_text(file_system.unstrip_protocol(path).removeprefix("file://")),
            [info, *([found[f"{path}{CONTROL_SUFFIX}"]] if f"{path}{CONTROL_SUFFIX}" in found else [])],
            has_marker=any(f"{path}{suffix}" in found for suffix in (CONTROL_SUFFIX, DONE_SUFFIX)),
        )
        for path, info in found.items()
        if _is_data(path, zone, found)
    ]


def _is_data(path: str, zone: str, found: dict[str, dict[str, Any]]) -> bool:
    name = path.rsplit("/", 1)[-1]
    if name.startswith((".", "~$")) or name.lower().endswith((CONTROL_SUFFIX, DONE_SUFFIX, *_UNFINISHED)):
        return False
    waits_for_control = zone == BANK_FEEDS and f"{path}{CONTROL_SUFFIX}" not in found
    return not (waits_for_control and time.time() - modified(found[path]) < CONTROL_GRACE_SECONDS)


def _candidate(path: str, infos: list[dict[str, Any]], *, has_marker: bool) -> Candidate:
    # An object store tells the time to the second, and what the content is.
    signature = "|".join(f"{info['size']}:{modified(info):.6f}{info.get('ETag', '')}" for info in infos)
    return Candidate(path, signature, max(map(modified, infos)), has_marker)


def _unreceived(connection: psycopg.Connection, candidates: list[Candidate]) -> list[Candidate]:
    """Those without a receipt: asked for what lies in the zone now, not for all that ever came."""
    known = connection.execute(
        """select arrival.path, arrival.signature from intake.arrival
           inner join unnest(%s::text[], %s::text[]) as wanted (path, signature)
               on wanted.path = arrival.path and wanted.signature = arrival.signature
           where arrival.receipt_id is not null""",
        [[each.path for each in candidates], [each.signature for each in candidates]],
    ).fetchall()
    received = set(known)
    return [each for each in candidates if (each.path, each.signature) not in received]


def _settled(settings: Settings, zone: str, fresh: list[Candidate], settle_seconds: float) -> list[Candidate]:
    """Those that are marked complete, and those that stay as they are while we wait."""
    unmarked = [each for each in fresh if not each.has_marker]
    if not unmarked:
        return fresh
    youngest = time.time() - max(each.modified for each in unmarked)
    if youngest < settle_seconds:
        time.sleep(settle_seconds - max(youngest, 0.0))
    still = set(_candidates(settings, zone))
    return [each for each in fresh if each in still]
