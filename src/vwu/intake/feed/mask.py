"""What of an offending value may be shown: findings are read outside the vault (ARCHITECTURE D9)."""

from __future__ import annotations

import re

from vwu.intake.feed.columns import Column, Form

_HIDDEN = "•"
_LONG_NUMBER = re.compile(r"\d{9,}")
_NUMBER_IN_WORDS = re.compile(r"\d(?:[ .-]?\d){8,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_SHOWN = 40


def shown(column: Column | None, value: object) -> str:
    """The value as a finding may show it.

    An identity keeps four characters before and two after. A cell that does not hold what its column should may hold
    what slipped over from the next one, so letters in number and date columns, and anything like an id, a birth date
    or a name in code columns, are hidden too.
    """
    text = "" if value is None else str(value)
    if column is None:
        return text
    if column.is_identity:
        return masked(text)
    if column.form in {Form.AMOUNT, Form.SIGNED_AMOUNT, Form.COUNT, Form.RATE, Form.DATE}:
        text = re.sub(r"[^\W\d_]", _HIDDEN, text)
    elif column.choices and (" " in text.strip() or _DAY.search(text) or _LONG_NUMBER.search(text)):
        text = masked(text)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def masked(text: str) -> str:
    """`022187654389` becomes `0221••••••89`; what is shorter than nine characters is hidden whole."""
    if len(text) < 9:
        return _HIDDEN * len(text)
    return text[:4] + _HIDDEN * min(len(text) - 6, 12) + text[-2:]


def masked_in_words(text: str) -> str:
    """A sentence that will be published: a number as long as an id or a telephone's is masked, however it is spaced."""
    return _NUMBER_IN_WORDS.sub(lambda number: masked(number.group()), text)
