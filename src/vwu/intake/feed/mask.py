"""What of an offending value may be shown: findings are read outside the vault (ARCHITECTURE D9)."""

from __future__ import annotations

import re

from vwu.identities import HIDDEN, masked, without_identity_numbers
from vwu.intake.feed.columns import Column, Form

_LONG_NUMBER = re.compile(r"\d{9,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_SHOWN = 40
# Codes that a bank gives, and that may be long numbers. Of all other columns of text the codes are known, and short.
_OWN_CODES = ("loan_id", "group_id", "merged_into")


def shown(column: Column | None, value: object) -> str:
    """The value as a finding may show it.

    An identity keeps four characters before and two after. A cell that does not hold what its column should may hold
    what slipped over from the next one, so letters in number and date columns, and anything like an id, a birth date
    or a name in columns of codes, are hidden too.
    """
    text = "" if value is None else str(value)
    if column is None:
        return text
    if column.is_identity:
        return masked(text)
    if column.form in {Form.AMOUNT, Form.SIGNED_AMOUNT, Form.COUNT, Form.RATE, Form.DATE}:
        text = re.sub(r"[^\W\d_]", HIDDEN, text)
    elif " " in text.strip() or _DAY.search(text) or (column.name not in _OWN_CODES and _LONG_NUMBER.search(text)):
        text = masked(text)
    text = without_identity_numbers(text)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
