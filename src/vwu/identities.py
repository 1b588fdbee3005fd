"""Identity numbers in texts: what is one, and what of it may be shown (ARCHITECTURE D9, DOMAIN C.6).

A citizen id is 0, two digits of the place, 0 to 3 for century and sex, and eight digits; a mobile number is 0 or +84
and nine digits. Whatever is read outside the vault shows neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HIDDEN = "•"


def _numbers(between: str) -> str:
    """The expression for one, with what may stand between its digits; for Python and for PostgreSQL."""
    citizen = f"0(?:{between}[0-9]){{2}}{between}[0-3](?:{between}[0-9]){{8}}"
    mobile = f"(?:0|[+]84){between}[35789](?:{between}[0-9]){{8}}"
    return f"{citizen}|{mobile}"


IDENTITY_NUMBER = f"(^|[^0-9A-Za-z.])({_numbers('')})([^0-9A-Za-z]|$)"
"""For PostgreSQL: one that stands by itself and is written in one."""
_BETWEEN = r"[\s.-]?"
_SPACED = re.compile(f"(?<![0-9A-Za-z])(?:{_numbers(_BETWEEN)})(?![0-9A-Za-z])")
# 2.012.345.678.901: what looks like a citizen id is the end of an amount, in groups of three like what is before it.
_END_OF_AMOUNT = re.compile(r"[0-9]([\s.])[0-9]{3}(?:\1[0-9]{3}){3}")
_NUMBER_IN_WORDS = re.compile(r"\d(?:[ .-]?\d){8,}")


def has_identity_number(text: str) -> bool:
    """Whether a citizen id or mobile number stands in a text, however it is spaced."""
    return any(_identity_numbers(text))


def without_identity_numbers(text: str) -> str:
    """The text with each citizen id and mobile number in it masked."""
    for number in _identity_numbers(text):
        text = text.replace(number, masked(number))
    return text


def _identity_numbers(text: str) -> Iterator[str]:
    for found in _SPACED.finditer(text):
        if not _END_OF_AMOUNT.fullmatch(text, max(found.start() - 2, 0), found.end()):
            yield found.group()


def masked(text: str) -> str:
    """`022187654389` becomes `0221••••••89`; what is shorter than nine characters is hidden whole."""
    if len(text) < 9:
        return HIDDEN * len(text)
    return text[:4] + HIDDEN * min(len(text) - 6, 12) + text[-2:]


def masked_in_words(text: str) -> str:
    """A sentence that will be published: a number as long as an id or a telephone's is masked, however it is spaced."""
    return _NUMBER_IN_WORDS.sub(lambda number: masked(number.group()), text)
