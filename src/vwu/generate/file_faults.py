"""Plants faults of whole bank feeds and of their history, at small banks of their own (SEABANK, OTHER).

One fault a file. Each copy differs from the clean feed in a saver's balance too, since a file is known by its bytes.
Loans of the months before are clean and land; what does not agree with them comes beside or after them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any

from vwu.generate.feed_faults import (
    CORRECTION,
    GROUP_HISTORY,
    LOAN_HISTORY,
    SUMMARY_OF_GROUPS,
    SUMMARY_OF_LOANS,
    LineFault,
    read_record,
    resend,
    write_record,
)
from vwu.generate.lenders import Lender, Offer
from vwu.generate.planted import CHECK, RECEIVE, Planted
from vwu.intake.arrivals import BANK_FEEDS
from vwu.intake.feed.columns import CONTROL_SUFFIX
from vwu.intake.model import Kind

# Groups of the Farmers' Union: what branches of the Women's Union report of their lending stays true.
_KINDS = (Kind.LOAN, Kind.GROUP, Kind.SUMMARY)
SEABANK = Lender("SEABANK", 5, _KINDS, (("ND", 100),), (Offer("SEAWOMEN", "", 100, (20, 50, 100)),))
OTHER = Lender("OTHER", 1, _KINDS, (("ND", 100),), (Offer("KHAC", "", 100, (10, 20)),))
FUTURE = date(2099, 12, 31)

_LONGEST_LINE = 2_200_000
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault of a data file, of its control record, or of both.

    `change` gets the bytes and the record, and gives both anew. `place` comes behind the file's name in the finding.
    """

    rule_id: str
    description: str
    place: str
    change: Callable[[bytes, Record], tuple[bytes, Record]]
    ending: str = ".csv"


def plant_in_files(clean_group_feed: Path) -> Iterator[Planted]:
    """Write a copy of a small clean group feed for each fault of a whole file, and give what was planted."""
    data, record = clean_group_feed.read_bytes(), read_record(clean_group_feed)
    del record["sha256"]  # each copy has its own
    for number, fault in enumerate(FILE_FAULTS, start=1):
        name = f"faulty_{fault.rule_id}_{clean_group_feed.name.removesuffix('.csv')}{fault.ending}"
        path = clean_group_feed.with_name(name)
        content = _with_other_savings(data, number)
        truth = {**record, "sequence": number + 1, "file_name": name}
        content, stated = fault.change(content, truth)
        path.write_bytes(content)
        _write(path, fault.rule_id, {"sha256": hashlib.sha256(content).hexdigest(), **stated})
        yield Planted(f"{BANK_FEEDS}/{name}", name + fault.place, fault.rule_id, 1, CHECK, fault.description)


def plant_in_history(
    seabank: Mapping[Kind, Sequence[Path]], other: Mapping[Kind, Sequence[Path]], per_fault: int
) -> Iterator[Planted]:
    """Plant what only the months before and after, another kind or a higher sequence can tell.

    Of each bank and kind come the clean feeds of the month before the last and of the last. What stays is SEABANK's
    loans of the month before and OTHER's loans of both; the others make room for faulty ones, in the order of names.
    """
    (loans_before, loans), (groups_before, groups) = seabank[Kind.LOAN], seabank[Kind.GROUP]
    summary, others_before, other_summary = seabank[Kind.SUMMARY][1], other[Kind.LOAN][0], other[Kind.SUMMARY][1]

    number = count(1)

    def name(rule_id: str, clean: Path) -> str:
        return f"faulty_history_{next(number)}_{rule_id}_{clean.name}"

    def resent(clean: Path, sequence: int, faults: Sequence[LineFault], per_fault: int = 1) -> Iterator[Planted]:
        return resend(clean, name(faults[0].rule_id, clean), sequence, faults, per_fault, found_by=RECEIVE)

    def stated(clean: Path, sequence: int, rule_id: str, place: str, more: int | None) -> Planted:
        return _stated(clean, name(rule_id, clean), sequence, rule_id, place, more)

    # SEABANK's groups of both months land before its summary, and its loans of the last month never do.
    yield from resent(groups_before, 1, GROUP_HISTORY)
    yield from resent(loans, 1, LOAN_HISTORY, per_fault)
    yield stated(loans, 2, "FEED_PREVIOUS_SUM", ".control.json", 1000)
    yield stated(groups, 1, "FEED_PREVIOUS_SUM_UNSTATED", ".control.json", None)
    yield from resent(summary, 1, SUMMARY_OF_GROUPS)
    yield from resent(other_summary, 1, SUMMARY_OF_LOANS)
    yield stated(others_before, 2, "FEED_OPENING_SUM", "", 1000)
    yield from resent(others_before, 3, CORRECTION)
    yield _late(loans_before)
    kept = {loans_before, *other[Kind.LOAN]}
    for feed in (*chain.from_iterable(seabank.values()), *chain.from_iterable(other.values())):
        if feed not in kept:
            remove_feed(feed)


def remove_feed(data: Path) -> None:
    """Remove a data file and its control record."""
    data.unlink()
    data.with_name(data.name + CONTROL_SUFFIX).unlink()


def rename_as_faulty(data: Path, rule_id: str) -> Planted:
    """Give a feed whose whole fault is its month a name that says so."""
    record = read_record(data)
    path = data.rename(data.with_name(f"faulty_{rule_id}_{data.name}"))
    data.with_name(data.name + CONTROL_SUFFIX).unlink()
    write_record(path, record)
    name = path.name
    return Planted(f"{BANK_FEEDS}/{name}", f"{name}.control.json", rule_id, 1, CHECK, "a month that has not come")


def _stated(clean: Path, name: str, sequence: int, rule_id: str, place: str, more: int | None) -> Planted:
    """The same lines with a control record that states another balance of the month before, or none."""
    record = read_record(clean)
    path = clean.with_name(name)
    path.write_bytes(_with_other_savings(clean.read_bytes(), sequence))
    truth = record["previous_sum_closing_balance"] or _openings(clean)
    stated = None if more is None else truth + more
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_record(path, {**record, "sequence": sequence, "sha256": digest, "previous_sum_closing_balance": stated})
    return Planted(f"{BANK_FEEDS}/{name}", name + place, rule_id, 1, RECEIVE, "another balance before than there was")


def _openings(loans: Path) -> int:
    header, *lines = loans.read_text("utf-8").splitlines()
    position = header.split(",").index("opening_balance")
    return sum(int(line.split(",")[position]) for line in lines)


def _late(clean: Path) -> Planted:
    """The month that has landed comes again with a lower sequence."""
    path = clean.with_name(f"faulty_FEED_SEQUENCE_LATE_{clean.name}")
    path.write_bytes(_with_other_savings(clean.read_bytes(), 1))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_record(path, {**read_record(clean), "sequence": 0, "sha256": digest})
    return Planted(f"{BANK_FEEDS}/{path.name}", "", "FEED_SEQUENCE_LATE", 1, RECEIVE, "sequence 0 after sequence 1")


def _write(path: Path, rule_id: str, record: Record) -> None:
    control = path.with_name(path.name + CONTROL_SUFFIX)
    if rule_id == "FEED_CONTROL_UNREADABLE":
        control.write_text(json.dumps(record)[:-9], encoding="utf-8")
    elif rule_id != "FEED_CONTROL_MISSING":
        control.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _with_other_savings(data: bytes, number: int) -> bytes:
    """The first line's savings are higher: no control counts them."""
    lines = data.split(b"\n")
    position = lines[0].split(b",").index(b"savings_balance")
    cells = lines[1].split(b",")
    cells[position] = str(int(cells[position]) + 1000 * number).encode()
    return b"\n".join((lines[0], b",".join(cells), *lines[2:]))


# Ways to alter a file


def _as_it_is(data: bytes, record: Record) -> tuple[bytes, Record]:
    return data, record


def _states(**falsified: Any) -> Callable[[bytes, Record], tuple[bytes, Record]]:
    return lambda data, record: (data, {**record, **falsified})


def _states_more(key: str, amount: int) -> Callable[[bytes, Record], tuple[bytes, Record]]:
    return lambda data, record: (data, {**record, key: record[key] + amount})


def _every_bank(data: bytes, record: Record) -> tuple[bytes, Record]:
    return data.replace(b"SEABANK", b"NGANHANG"), {**record, "bank_code": "NGANHANG"}


def _a_day_earlier(data: bytes, record: Record) -> tuple[bytes, Record]:
    as_of = record["as_of_date"]
    earlier = (date.fromisoformat(as_of) - timedelta(days=1)).isoformat()
    return data.replace(f",{as_of},".encode(), f",{earlier},".encode()), {**record, "as_of_date": earlier}


def _columns(change: Callable[[Sequence[bytes]], Sequence[bytes]]) -> Callable[[bytes, Record], tuple[bytes, Record]]:
    """The same cells of each line changed in the same way."""

    def changed(data: bytes, record: Record) -> tuple[bytes, Record]:
        lines = [b",".join(change(line.split(b","))) for line in data.splitlines()]
        return b"\n".join(lines) + b"\n", record

    return changed


def _third_line(change: Callable[[bytes], bytes]) -> Callable[[bytes, Record], tuple[bytes, Record]]:
    def changed(data: bytes, record: Record) -> tuple[bytes, Record]:
        lines = data.split(b"\n")
        return b"\n".join((*lines[:2], change(lines[2]), *lines[3:])), record

    return changed


def _cut_short(data: bytes, record: Record) -> tuple[bytes, Record]:
    packed = gzip.compress(data, mtime=0)
    return packed[: len(packed) // 2], record


def _renamed_header(old: bytes, new: bytes) -> Callable[[bytes, Record], tuple[bytes, Record]]:
    return lambda data, record: (data.replace(old, new, 1), record)


FILE_FAULTS = (
    FileFault("FEED_CONTROL_MISSING", "no control record", ".control.json", _as_it_is),
    FileFault("FEED_CONTROL_UNREADABLE", "a control record cut short", ".control.json", _as_it_is),
    FileFault("FEED_CONTROL_INVALID", "a row count in quotes", ".control.json", _states(row_count="12")),
    FileFault("FEED_FILE_NAME", "the record of another file", ".control.json", _states(file_name="khac.csv")),
    FileFault("FEED_SHA256", "other bytes than were signed", ".control.json", _states(sha256="0" * 64)),
    FileFault("FEED_ROW_COUNT", "one line too many stated", ".control.json", _states_more("row_count", 1)),
    FileFault("FEED_SUM", "1.000 đồng too much stated", ".control.json", _states_more("sum_lent", 1000)),
    FileFault("FEED_DISTINCT", "one group too many stated", ".control.json", _states_more("distinct_groups", 1)),
    FileFault("FEED_BANK_UNKNOWN", "a bank that nobody knows", ".control.json", _every_bank),
    FileFault("FEED_AS_OF_NOT_MONTH_END", "the day before the last", ".control.json", _a_day_earlier),
    FileFault("FEED_COLUMN_MISSING", "no column rating", ":1", _columns(lambda cells: [*cells[:15], *cells[16:]])),
    FileFault("FEED_COLUMN_UNKNOWN", "a column of its own", ":1", _columns(lambda cells: [*cells, b"ghi_chu"])),
    FileFault("FEED_COLUMN_REPEATED", "a column twice", ":1", _columns(lambda cells: [*cells, cells[-1]])),
    FileFault("FEED_LINE_WIDTH", "a comma in a name", ":3", _third_line(lambda line: line.replace(b" ", b", ", 1))),
    FileFault("FEED_LINE_EMPTY", "an empty line", ":3", _third_line(lambda line: b"\n" + line)),
    FileFault("FEED_LINE_BROKEN", "an open quote", ":3", _third_line(lambda line: b'"' + line)),
    FileFault("FEED_ENCODING", "letters of TCVN3", ":3", _third_line(lambda line: line.replace(b"T\x68", b"\xa7h", 1))),
    FileFault("FEED_COMPRESSION", "an archive cut short", ":1", _cut_short, ending=".csv.gz"),
)
