"""Plants what intake must find in the lines of bank feeds: resent feeds, beside the clean ones, which stay as they are.

At most one fault is planted in a block (the loans of a group, or two lines of another kind), so that none masks
another. The control record is true to the faulty lines.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

from vwu.generate.data_file import open_data_file
from vwu.generate.planted import CHECK, Planted
from vwu.intake.arrivals import BANK_FEEDS
from vwu.intake.feed.columns import CONTROL_SUFFIX
from vwu.intake.feed.control import SUMS
from vwu.intake.feed.source import open_plain

Line = dict[str, str]
_THOUSAND, _MILLION = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault within one block. `plant` alters lines and says which of them are found (from 0), or None: not here.

    A line that becomes empty is left out of the file. `customers` and `groups` are what the fault does to the distinct
    customers and groups of the control record.
    """

    rule_id: str
    description: str
    plant: Callable[[list[Line]], Sequence[int] | None]
    customers: int = 0
    groups: int = 0


def resend(
    clean: Path, name: str, sequence: int, faults: Sequence[LineFault], per_fault: int, *, found_by: str = CHECK
) -> Iterator[Planted]:
    """Write a copy of a clean feed with each fault in up to `per_fault` blocks, as far as there are enough blocks.

    Gives what was planted. Works through the file in constant memory; the copy is not compressed.
    """
    control = read_record(clean)
    path = clean.with_name(name)
    with open_plain(clean) as source, open_data_file(path) as target:
        first = source.readline()
        target.write(first)
        planter = _Planter(first.decode().strip().split(","), control, faults, per_fault)
        for block in _blocks(source, control["kind"], planter.columns):
            target.write(planter.altered(block))
    write_record(path, {**planter.record(), "sequence": sequence, "sha256": target.sha256})
    for fault, lines in planter.planted:
        line = f":{lines[0]}" if lines else ""
        yield Planted(
            f"{BANK_FEEDS}/{name}", f"{name}{line}", fault.rule_id, len(lines) or 1, found_by, fault.description
        )


def read_record(data: Path) -> dict[str, Any]:
    """The control record of a data file."""
    record = json.loads(data.with_name(data.name + CONTROL_SUFFIX).read_text("utf-8"))
    assert isinstance(record, dict)
    return record


def write_record(data: Path, record: Mapping[str, Any]) -> None:
    """Write a control record beside a data file, whose name it gets."""
    content = json.dumps({**record, "file_name": data.name}, ensure_ascii=False, indent=2)
    data.with_name(data.name + CONTROL_SUFFIX).write_text(f"{content}\n", encoding="utf-8")


def _blocks(source: IO[bytes], kind: str, columns: Sequence[str]) -> Iterator[list[bytes]]:
    """The lines of a feed in blocks: of loans those of one group, of other kinds two by two."""
    if kind == "loan":
        position = columns.index("group_id")
        for _, lines in groupby(source, key=lambda line: line.split(b",")[position]):
            yield list(lines)
        return
    while block := list(islice(source, 2)):
        yield block


@dataclass
class _Planter:
    """Plants the faults that are due, block by block, and keeps the control record true."""

    columns: Sequence[str]
    control: dict[str, Any]
    faults: Sequence[LineFault]
    per_fault: int
    planted: list[tuple[LineFault, list[int]]] = field(default_factory=list)
    _line: int = 1
    _block: int = 0
    _deltas: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._due = [fault for _ in range(self.per_fault) for fault in self.faults]
        blocks = self.control.get("distinct_groups") or self.control["row_count"]
        if self.control["kind"] != "loan":
            blocks //= 2
        self._stride = max(1, blocks // max(1, len(self._due)))

    def altered(self, block: list[bytes]) -> bytes:
        """The block's bytes, with a fault where one is due and fits."""
        first, self._line = self._line + 1, self._line + len(block)
        self._block += 1
        if not self._due or self._block < len(self.planted) * self._stride:
            return b"".join(block)
        lines = [dict(zip(self.columns, row, strict=True)) for row in csv.reader(raw.decode() for raw in block)]
        before = [dict(line) for line in lines]
        for fault in dict.fromkeys(self._due):
            found = fault.plant(lines)
            if found is not None:
                self._note(fault, [first + each for each in found], before, lines)
                return self._text(lines)
        return b"".join(block)

    def _note(self, fault: LineFault, found: list[int], before: list[Line], after: list[Line]) -> None:
        self._due.remove(fault)
        self.planted.append((fault, found))
        self._add("distinct_customers", fault.customers)
        self._add("distinct_groups", fault.groups)
        self._add("row_count", sum(map(bool, after)) - len(before))
        self._line -= len(before) - sum(map(bool, after))
        for name in SUMS:
            amounts = [sum(int(line[name]) for line in lines if line) for lines in (before, after)]
            self._add(f"sum_{name}", amounts[1] - amounts[0])

    def _add(self, key: str, difference: int) -> None:
        self._deltas[key] = self._deltas.get(key, 0) + difference

    def _text(self, lines: Sequence[Line]) -> bytes:
        text = io.StringIO()
        csv.DictWriter(text, self.columns, lineterminator="\n").writerows(line for line in lines if line)
        return text.getvalue().encode()

    def record(self) -> dict[str, Any]:
        """The control record of the lines as they are now."""
        changed = {
            key: self.control[key] + difference for key, difference in self._deltas.items() if key in self.control
        }
        return {**self.control, **changed}


# Ways to alter a block


def _at_first(column: str, value: Callable[[Line], str | None]) -> Callable[[list[Line]], Sequence[int] | None]:
    """Change a cell of the first line that has a value to change to."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        for number, line in enumerate(lines):
            changed = value(line)
            if changed is not None:
                line[column] = changed
                return (number,)
        return None

    return plant


def _always(column: str, text: str) -> Callable[[list[Line]], Sequence[int] | None]:
    return _at_first(column, lambda _: text)


def _plus(column: str, amount: int) -> Callable[[Line], str]:
    return lambda line: str(int(line[column]) + amount)


def _over_balance(line: Line) -> str | None:
    """More overdue than is owed."""
    balance = int(line["closing_balance"])
    return str(balance - int(line["frozen"]) + _THOUSAND) if balance else None


def _overdue_over_balance(lines: list[Line]) -> Sequence[int] | None:
    """The same of a loan, with the days that belong to it."""
    found = _at_first("overdue", _over_balance)(lines)
    for number in found or ():
        lines[number]["overdue_days"] = "15"
    return found


def _of_programme(value: str) -> Callable[[Line], str | None]:
    """Only for lines of HN, whose rate and ceiling are known."""
    return lambda line: value if line["credit_programme"] == "HN" and int(line["approved_amount"]) > 0 else None


def _paid_too_early(line: Line) -> str | None:
    return "paid" if line["status"] == "active" and int(line["closing_balance"]) > 0 else None


def _idle_days(line: Line) -> str | None:
    return "40" if int(line["overdue"]) + int(line["frozen"]) == 0 else None


def _under_balance(line: Line) -> str | None:
    balance = int(line["closing_balance"])
    return str(balance - _MILLION) if balance > 2 * _MILLION else None


def _alone(lines: Sequence[Line]) -> list[int]:
    """The lines whose customer has no other loan."""
    customers = [line["customer_id"] for line in lines]
    return [number for number, customer in enumerate(customers) if customers.count(customer) == 1]


def _citizen_id(change: Callable[[str], str]) -> Callable[[list[Line]], Sequence[int] | None]:
    def plant(lines: list[Line]) -> Sequence[int] | None:
        for number in _alone(lines)[:1]:
            lines[number]["citizen_id"] = change(lines[number]["citizen_id"])
            return (number,)
        return None

    return plant


def _taken_from_another(column: str) -> Callable[[list[Line]], Sequence[int] | None]:
    """The second of two customers gets a cell of the first; both are found."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        alone = _alone(lines)[:2]
        if len(alone) < 2:
            return None
        lines[alone[1]][column] = lines[alone[0]][column]
        return alone

    return plant


def _as_the_first(*columns: str) -> Callable[[list[Line]], Sequence[int] | None]:
    """The second line repeats the key of the first; both are found."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        if len(lines) < 2 or all(lines[0][column] == lines[1][column] for column in columns):
            return None
        for column in columns:
            lines[1][column] = lines[0][column]
        return (0, 1)

    return plant


def _one_apart(column: str, *options: str) -> Callable[[list[Line]], Sequence[int] | None]:
    """One line of a group differs from the others; all are found."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        if len(lines) < 2 or not lines[0]["group_id"]:
            return None
        lines[0][column] = next(option for option in options if option != lines[0][column])
        return range(len(lines))

    return plant


def _opens_otherwise(lines: list[Line]) -> Sequence[int] | None:
    for column in ("opening_balance", "collected"):
        lines[0][column] = _plus(column, _THOUSAND)(lines[0])
    return (0,)


def _collected_more(lines: list[Line]) -> Sequence[int] | None:
    """A loan that goes on closes lower than the month after opens; what is overdue must still fit."""
    for number, line in enumerate(lines):
        if line["status"] == "active" and int(line["overdue"]) == 0 and int(line["closing_balance"]) > _MILLION:
            line["collected"] = _plus("collected", _THOUSAND)(line)
            line["closing_balance"] = _plus("closing_balance", -_THOUSAND)(line)
            return (number,)
    return None


def _found_in_file(
    plant: Callable[[list[Line]], Sequence[int] | None],
) -> Callable[[list[Line]], Sequence[int] | None]:
    """The same fault, of which the finding names the file alone."""
    return lambda lines: None if plant(lines) is None else ()


def _left_out(lines: list[Line]) -> Sequence[int] | None:
    """A loan that is neither paid nor new is missing; the finding names the file alone."""
    for number in _alone(lines):
        if lines[number]["status"] == "active" and int(lines[number]["opening_balance"]) > 0:
            lines[number].clear()
            return ()
    return None


def _was_another(column: str, change: Callable[[str], str]) -> Callable[[list[Line]], Sequence[int] | None]:
    """Who has a loan from the month before, and no other, is another customer or citizen by now."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        for number in _alone(lines):
            if int(lines[number]["opening_balance"]) > 0:
                lines[number][column] = change(lines[number][column])
                return (number,)
        return None

    return plant


def _another_citizen(citizen_id: str) -> str:
    """Of the same province, sex and year of birth."""
    return f"{citizen_id[:6]}{'8' if citizen_id[6] == '9' else '9'}{citizen_id[7:]}"


def loan_errors(communes: Sequence[str]) -> tuple[LineFault, ...]:
    """What refuses a loan feed. `communes` are two codes of the month."""
    return (
        LineFault("LOAN_ID_REPEATED", "two lines with one loan_id", _as_the_first("loan_id")),
        LineFault(
            "LOAN_BALANCE_ARITHMETIC",
            "collected 1.000 đồng too high",
            _at_first("collected", _plus("collected", _THOUSAND)),
        ),
        LineFault("LOAN_OVERDUE_FROZEN_OVER_BALANCE", "more overdue than the balance", _overdue_over_balance),
        LineFault("LOAN_CITIZEN_ID_LOST_ZERO", "citizen id without its zero", _citizen_id(lambda each: each[1:])),
        LineFault("LOAN_CITIZEN_ID_FORM", "an old card number of 9 digits", _citizen_id(lambda each: each[3:])),
        LineFault("LOAN_CITIZEN_ID_PREFIX", "a prefix that is no province", _citizen_id(lambda each: "9" + each[1:])),
        LineFault("LOAN_CITIZEN_ID_CENTURY", "born after 2100", _citizen_id(lambda each: f"{each[:3]}7{each[4:]}")),
        LineFault("LOAN_FINAL_STATUS_BALANCE", "paid, and still owing", _at_first("status", _paid_too_early)),
        LineFault(
            "LOAN_CUSTOMER_CITIZEN_IDS", "one customer, two citizens", _taken_from_another("customer_id"), customers=-1
        ),
        LineFault("LOAN_CITIZEN_CUSTOMERS", "one citizen, two customers", _taken_from_another("citizen_id")),
        LineFault(
            "LOAN_CODE_IS_IDENTITY",
            "a loan called after its borrower",
            _at_first("loan_id", lambda line: line["full_name"]),
        ),
        LineFault("LOAN_GROUP_ORGANISATIONS", "a group of two organisations", _one_apart("organisation", "ND", "PN")),
        LineFault("LOAN_GROUP_COMMUNES", "a group in two communes", _one_apart("commune_code", *communes)),
        LineFault("FEED_LINE_BANK", "a line of another bank", _always("bank_code", "SEABANK")),
        LineFault("FEED_LINE_AS_OF", "a line of another month", _always("as_of_date", "2020-01-31")),
        LineFault("FEED_PROGRAMME_UNKNOWN", "a programme that is not there", _always("credit_programme", "KHONGCO")),
    )


CELL_ERRORS = (
    LineFault("FEED_CELL_MISSING", "no name", _always("full_name", "")),
    LineFault("FEED_CELL_AMOUNT", "dots in an amount", _always("savings_balance", "1.000.000")),
    LineFault("FEED_CELL_COUNT", "a count in words", _always("overdue_days", "mười")),
    LineFault("FEED_CELL_NEGATIVE", "interest below zero", _always("interest_due", "-5")),
    LineFault("FEED_CELL_DATE", "a date in another order", _always("maturity_on", "31/12/2026")),
    LineFault("FEED_CELL_RATE", "a decimal comma", _always("annual_rate_pct", "6,6")),
    LineFault("FEED_CELL_CODE", "sex in words", _always("sex", "Nữ")),
)
LOAN_WARNINGS = (
    LineFault("LOAN_BALANCE_OVER_APPROVED", "owes more than approved", _at_first("approved_amount", _under_balance)),
    LineFault(
        "LOAN_APPROVED_OVER_CEILING", "150 million of HN", _at_first("approved_amount", _of_programme("150000000"))
    ),
    LineFault("LOAN_OVERDUE_DAYS", "40 days overdue with nothing overdue", _at_first("overdue_days", _idle_days)),
    LineFault("LOAN_RATE_NOT_IN_TABLE", "5.55 % for HN", _at_first("annual_rate_pct", _of_programme("5.55"))),
)
GROUP_ERRORS = (
    LineFault("GROUP_ID_REPEATED", "two lines with one group_id", _as_the_first("group_id"), groups=-1),
    LineFault(
        "GROUP_CODE_IS_IDENTITY",
        "rated with the leader's name",
        _at_first("rating", lambda line: line["leader_name"] or None),
    ),
    LineFault(
        "GROUP_BORROWERS_OVER_MEMBERS", "more borrowers than members", _at_first("borrowers", _plus("members", 3))
    ),
    LineFault("GROUP_OVERDUE_FROZEN_OVER_BALANCE", "more overdue than owed", _at_first("overdue", _over_balance)),
    LineFault("FEED_COMMUNE_UNKNOWN", "a commune that is not there", _always("commune_code", "99999")),
)
GROUP_WARNINGS = (LineFault("GROUP_SIZE", "72 members", _always("members", "72")),)
SUMMARY_ERRORS = (
    LineFault(
        "SUMMARY_LINE_REPEATED", "two lines of one commune",
        _as_the_first("commune_code", "commune_code_system", "organisation", "credit_programme"),
    ),
    LineFault("SUMMARY_HOUSEHOLDS_OVER_LOANS", "households over loans", _at_first("households", _plus("loans", 1))),
    LineFault("SUMMARY_OVERDUE_FROZEN_OVER_BALANCE", "more overdue than owed", _at_first("overdue", _over_balance)),
)  # fmt: skip
LOAN_HISTORY = (
    LineFault("LOAN_OPENING_DIFFERS", "opens 1.000 đồng higher than it closed", _opens_otherwise),
    LineFault("LOAN_VANISHED", "an active loan is gone", _left_out, customers=-1),
    LineFault(
        "LOAN_CUSTOMER_CITIZEN_CHANGED",
        "another citizen id than last month",
        _was_another("citizen_id", _another_citizen),
    ),
    LineFault(
        "LOAN_CITIZEN_CUSTOMER_CHANGED",
        "another customer number than last month",
        _was_another("customer_id", lambda each: f"{each}B"),
    ),
)
GROUP_HISTORY = (
    LineFault(
        "LOAN_GROUP_TOTALS_DIFFER", "a group was lent 1.000 đồng more than its loans",
        _found_in_file(_at_first("lent", _plus("lent", _THOUSAND))),
    ),
    LineFault(
        "LOAN_GROUP_PLACE_DIFFERS", "a group of another organisation than its loans",
        _found_in_file(_always("organisation", "CCB")),
    ),
)  # fmt: skip
CORRECTION = (LineFault("FEED_NEXT_MONTH_DIFFERS", "1.000 đồng more collected, too late", _collected_more),)
SUMMARY_OF_LOANS = (
    LineFault(
        "LOAN_SUMMARY_TOTALS_DIFFER", "a line of another programme than its loans",
        _found_in_file(_always("credit_programme", "HN")),
    ),
)  # fmt: skip
SUMMARY_OF_GROUPS = (
    LineFault(
        "GROUP_SUMMARY_TOTALS_DIFFER", "1.000 đồng more collected than by the groups",
        _found_in_file(_at_first("collected", _plus("collected", _THOUSAND))),
    ),
)  # fmt: skip


def code_system(rule_id: str, commune: str, system: str) -> LineFault:
    """A line whose code is right in the system of the other side of July 2025."""

    def plant(lines: list[Line]) -> Sequence[int] | None:
        lines[0] |= {"commune_code": commune, "commune_code_system": system}
        return (0,)

    return LineFault(rule_id, f"a code of {system} at the wrong time", plant)
