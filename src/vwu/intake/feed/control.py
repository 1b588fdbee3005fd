"""The control record of a bank feed (INTERFACES 3): read it, and hold the counted file against it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from typing import Any

from vwu.identities import masked_in_words
from vwu.intake.feed.columns import CONTROL_KEYS, LAYOUTS
from vwu.intake.model import FeedScope, Finding, Kind
from vwu.intake.rules import finding, showable

SUMS = ("lent", "collected", "closing_balance", "overdue", "frozen")
_VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Control:
    """One control record; sums in đồng. Counts that a kind does not have are None."""

    bank_code: str
    kind: Kind
    as_of_date: date
    sequence: int
    file_name: str
    sha256: str
    row_count: int
    sum_lent: int
    sum_collected: int
    sum_closing_balance: int
    sum_overdue: int
    sum_frozen: int
    distinct_customers: int | None
    distinct_groups: int | None
    previous_sum_closing_balance: int | None
    created_at: datetime
    reason: str = ""

    @property
    def scope(self) -> FeedScope:
        """What the feed replaces as a whole (D5)."""
        return FeedScope(self.bank_code, self.kind, self.as_of_date, self.sequence)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the data file really holds, in the control record's own terms; sums in đồng by column."""

    file_name: str
    sha256: str
    row_count: int
    sums: Mapping[str, int]
    distinct_customers: int | None
    distinct_groups: int | None


def read_control(content: bytes | None, file_name: str) -> tuple[Control | None, tuple[Finding, ...]]:
    """The control record of a data file, or None and why it cannot be used."""
    position = f"{file_name}.control.json"
    if content is None:
        return None, (finding("FEED_CONTROL_MISSING", position=position, value=file_name, proposed=position),)
    try:
        record = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        return None, (_unreadable(position, error),)
    if not isinstance(record, dict):
        return None, (_unreadable(position, "not a JSON object"),)
    return _read_values(record, position)


def compare(control: Control, counted: Counted, unread: Collection[str] = ()) -> tuple[Finding, ...]:
    """Everything in which the file is not what its control record says, to the đồng; `unread` columns are left out."""
    found = [
        finding(rule_id, column=column, position=position, value=str(stated), proposed=str(actual))
        for rule_id, column, position, stated, actual in _identities(control, counted, unread)
        if stated != actual
    ]
    for name in (each for each in SUMS if each not in unread):
        stated, actual = getattr(control, f"sum_{name}"), counted.sums[name]
        if stated != actual:
            found.append(_sum_finding(name, stated, actual, counted.file_name))
    return tuple(found)


def _identities(
    control: Control, counted: Counted, unread: Collection[str]
) -> list[tuple[str, str, str, object, object]]:
    position = f"{counted.file_name}.control.json"
    stated_name = unicodedata.normalize("NFC", control.file_name)
    actual_name = unicodedata.normalize("NFC", counted.file_name)
    rows: list[tuple[str, str, str, object, object]] = [
        ("FEED_FILE_NAME", "file_name", position, stated_name, actual_name),
        ("FEED_SHA256", "sha256", position, control.sha256, counted.sha256),
        ("FEED_ROW_COUNT", "row_count", position, control.row_count, counted.row_count),
    ]
    for name, column in (("distinct_customers", "customer_id"), ("distinct_groups", "group_id")):
        actual = getattr(counted, name)
        if actual is not None and column not in unread:
            rows.append(("FEED_DISTINCT", name, position, getattr(control, name), actual))
    return rows


def _sum_finding(name: str, stated: int, actual: int, file_name: str) -> Finding:
    return finding(
        "FEED_SUM",
        position=f"{file_name}.control.json",
        column=f"sum_{name}",
        value=str(stated),
        proposed=str(actual),
        difference=actual - stated,
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands there twice contradicts itself."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key stands there twice")
    return record


def _unreadable(position: str, why: object) -> Finding:
    return finding("FEED_CONTROL_UNREADABLE", position=position, detail=str(why))


class _NotValidError(Exception):
    """A value that its key may not have."""


def _read_values(record: dict[str, Any], position: str) -> tuple[Control | None, tuple[Finding, ...]]:
    values: dict[str, Any] = {}
    found = []
    for key in CONTROL_KEYS:
        reader, wanted_vi, wanted_en = _READERS[key]
        try:
            values[key] = reader(record.get(key))
        except _NotValidError:
            shown = "không có / absent" if key not in record else json.dumps(record[key], ensure_ascii=False)[:60]
            found.append(_invalid(position, key, shown, wanted_vi, wanted_en))
    if not found:
        found += _missing_counts(values, position)
    return (None if found else Control(**values)), tuple(found)


def _missing_counts(values: dict[str, Any], position: str) -> list[Finding]:
    """Which distinct counts a kind owes: customers for loans, groups for loans and groups."""
    owed = {Kind.LOAN: ("distinct_customers", "distinct_groups"), Kind.GROUP: ("distinct_groups",)}
    _, wanted_vi, wanted_en = _READERS["row_count"]
    return [
        _invalid(position, key, "null", wanted_vi, wanted_en)
        for key in owed.get(values["kind"], ())
        if values[key] is None
    ]


def _invalid(position: str, key: str, value: str, wanted_vi: str, wanted_en: str) -> Finding:
    return finding(
        "FEED_CONTROL_INVALID",
        position=position,
        column=key,
        value=value,
        wanted_vi=wanted_vi,
        wanted_en=wanted_en,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or showable(value) != value:
        raise _NotValidError
    return value


def _reason(value: Any) -> str:
    return "" if value is None else masked_in_words(_text(value))


def _whole(value: Any) -> int:
    # In JSON `true` is no number; in Python it is.
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _NotValidError
    return value


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _kind(value: Any) -> Kind:
    if not isinstance(value, str) or value not in set(LAYOUTS):
        raise _NotValidError
    return Kind(value)


def _date(value: Any) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", _text(value)):
            raise _NotValidError
        return date.fromisoformat(value)
    except ValueError as error:
        raise _NotValidError from error


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise _NotValidError from error
    return moment if moment.tzinfo else moment.replace(tzinfo=_VIETNAM)


def _sha256(value: Any) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", _text(value)):
        raise _NotValidError
    return str(value).lower()


_AMOUNT = (_whole, "một số nguyên đồng từ 0 trở lên", "whole đồng, zero or more")
_COUNT = (_whole, "một số nguyên từ 0 trở lên", "a whole number, zero or more")
_COUNT_OR_NONE = (_whole_or_none, "một số nguyên từ 0 trở lên hoặc null", "a whole number, zero or more, or null")
_READERS: Mapping[str, tuple[Callable[[Any], Any], str, str]] = {
    "bank_code": (_text, "mã ngân hàng", "a bank code"),
    "kind": (_kind, "loan, group hoặc summary", "loan, group or summary"),
    "as_of_date": (_date, "ngày dạng 2024-01-31", "a date like 2024-01-31"),
    "sequence": _COUNT,
    "file_name": (_text, "tên tệp dữ liệu", "the name of the data file"),
    "sha256": (_sha256, "64 ký tự thập lục phân", "64 hexadecimal digits"),
    "row_count": _COUNT,
    **{f"sum_{name}": _AMOUNT for name in SUMS},
    "distinct_customers": _COUNT_OR_NONE,
    "distinct_groups": _COUNT_OR_NONE,
    "previous_sum_closing_balance": _COUNT_OR_NONE,
    "created_at": (_moment, "thời điểm dạng 2024-02-01T08:00:00+07:00", "a moment like 2024-02-01T08:00:00+07:00"),
    # Why the month is sent again; the only key that may be absent. It is published.
    "reason": (_reason, "lý do gửi lại, bằng chữ", "why it is sent again, in words"),
}
assert tuple(field.name for field in fields(Control)) == CONTROL_KEYS == tuple(_READERS)
