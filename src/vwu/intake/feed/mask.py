"""What of an offending value may be shown: findings are read outside the vault (ARCHITECTURE D9)."""

from __future__ import annotations

import re

from vwu.intake.feed.columns import Column, Form

_HIDDEN = "•"
_LONG_NUMBER = re.compile(r"\d{9,}")
_SEPARATED = "[ .-]?"
NUMBER_OF_A_PERSON = re.compile(
    rf"(?<![0-9A-Za-z])(?:0(?:{_SEPARATED}[0-9]){{2}}{_SEPARATED}[0-3](?:{_SEPARATED}[0-9]){{8}}"
    rf"|(?:0|\+?84){_SEPARATED}[35789](?:{_SEPARATED}[0-9]){{8}})(?![0-9A-Za-z])"
)
"""A citizen id (0, place, century and sex, year, six digits) or a mobile number, however it is spaced. No amount begins
with a zero."""
_NUMBER_IN_WORDS = re.compile(r"\d(?:[ .-]?\d){8,}")
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
        text = re.sub(r"[^\W\d_]", _HIDDEN, text)
    elif " " in text.strip() or _DAY.search(text) or (column.name not in _OWN_CODES and _LONG_NUMBER.search(text)):
        text = masked(text)
    text = without_numbers_of_persons(text)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def masked(text: str) -> str:
    """`022187654389` becomes `0221••••••89`; what is shorter than nine characters is hidden whole."""
    if len(text) < 9:
        return _HIDDEN * len(text)
    return text[:4] + _HIDDEN * min(len(text) - 6, 12) + text[-2:]


def without_numbers_of_persons(text: str) -> str:
    """The text with each citizen id and mobile number in it masked."""
    return NUMBER_OF_A_PERSON.sub(lambda number: masked(number.group()), text)


def masked_in_words(text: str) -> str:
    """A sentence that will be published: a number as long as an id or a telephone's is masked, however it is spaced."""
    return _NUMBER_IN_WORDS.sub(lambda number: masked(number.group()), text)
