"""Vietnamese text as people type it, brought to one form before anything is compared.

Pure functions over `str`; no tables, no locale. `clean` keeps what a person reads, `normal_form` and
`match_key` are for comparing only and are never shown or stored.
"""

import re
import unicodedata
from functools import lru_cache

_ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"

# Ð (U+00D0, Icelandic) and Ɖ (U+0189, African) look like Đ and come out of some keyboards and old converters.
_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys(_ZERO_WIDTH, ""),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_SINGLE_QUOTES, "'"),
        **dict.fromkeys(_DOUBLE_QUOTES, '"'),
        "\u00d0": "Đ",
        "\u0189": "Đ",
        "\u00f0": "đ",
        "\u0256": "đ",
    }
)
_WHITE_SPACE = re.compile(r"\s+")
_BETWEEN_WORDS = re.compile(r"[^0-9a-z%]+")


# Labels, codes and units come again in every workbook; longer texts are notes, which do not.
_REMEMBERED_LENGTH, _REMEMBERED_TEXTS = 200, 8_192


def clean(text: str) -> str:
    """The same words in NFC with plain spaces, straight quotes, hyphens and Đ; case and tones are kept.

    White space of any kind (no-break spaces, tabs, line ends) becomes one space; zero-width characters go.
    """
    return _clean_short(text) if len(text) <= _REMEMBERED_LENGTH else _clean(text)


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).translate(_CHARACTERS)
    # Composed again: a zero-width character may have stood between a letter and its tone mark.
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", plain)).strip()


def normal_form(text: str) -> str:
    """`clean`, in lower case, without any mark on a letter, with Đ as d; punctuation is kept.

    Tone placement (`Hoà`, `Hòa`) disappears with the marks. `Đ` has no decomposition, so it is mapped by hand.
    """
    decomposed = unicodedata.normalize("NFD", clean(text).lower())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.replace("đ", "d")


def match_key(text: str) -> str:
    """`normal_form` with each run of punctuation and spaces as one space: the key that names are matched on.

    So `2017- 2027` meets `2017-2027`, and a title in quotes meets the same title without them. The per cent
    sign stays, since `số hội viên` and `% hội viên` are different things.
    """
    return _match_key_short(text) if len(text) <= _REMEMBERED_LENGTH else _match_key(text)


def _match_key(text: str) -> str:
    return _BETWEEN_WORDS.sub(" ", normal_form(text)).strip()


_clean_short = lru_cache(_REMEMBERED_TEXTS)(_clean)
_match_key_short = lru_cache(_REMEMBERED_TEXTS)(_match_key)


def without_zero(text: str) -> str:
    """The text without the character 0, which a damaged .xls or UTF-16 text has and PostgreSQL does not keep."""
    return text.replace("\x00", "\ufffd")
