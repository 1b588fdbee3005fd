"""What a resubmission changes: old → new of every value, from two sets of values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from vwu.intake.model import Change, SubmissionValue
from vwu.intake.submission.values import format_number

if TYPE_CHECKING:
    from vwu.intake.submission.history import PastValue


class _Said(Protocol):
    """What a quantity says, read or kept."""

    @property
    def value(self) -> Decimal | None: ...
    @property
    def qualifier(self) -> str: ...
    @property
    def value_state(self) -> str: ...


def changes_between(
    scope_key: str, former: Iterable[PastValue], values: Iterable[SubmissionValue]
) -> tuple[Change, ...]:
    """The values that differ, in the order of the new file, then those that it leaves out; a value that is missing on
    both sides is no change."""
    before = {each.key: each for each in former if each.value_state != "missing"}
    after = {
        (each.programme_code, each.indicator_code, each.scenario, each.basis): each
        for each in values
        if each.quantity.value_state != "missing"
    }
    found = []
    for key in (*after, *(key for key in before if key not in after)):
        old, new = before.get(key), after.get(key)
        old_text, new_text = _said(old) if old else None, _said(new.quantity) if new else None
        if old_text != new_text:
            places = (old.position if old else "", new.position if new else "")
            found.append(Change(scope_key, *key, old_text, new_text, *places))
    return tuple(found)


def _said(quantity: _Said) -> str:
    """A quantity in plain words: `2.238`, `more_than 18.000`, `nil`."""
    if quantity.value is None:
        return quantity.value_state
    number = format_number(quantity.value)
    return number if quantity.qualifier == "exact" else f"{quantity.qualifier} {number}"
