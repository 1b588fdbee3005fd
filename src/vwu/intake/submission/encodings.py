"""Vietnamese text of before Unicode: TCVN3 (fonts .VnTime …), VNI (fonts VNI-Times …) and Windows-1258.

In those encodings a letter was stored under the code of another one, and only the font made it look right. So `Thái
Nguyên` reaches us as `Th¸i Nguyªn` or `Thaùi Nguyeân`. Which of them a text is can be seen from its words: a text is
read in an encoding only if that makes every word of it a possible Vietnamese syllable, and no other encoding does.

Sources of the tables: TCVN 5712:1993 (the second half of VN3, as the fonts .VnTime show it), the character table of
VNI-Windows, code page 1258. Pure functions; they never raise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

TCVN3, VNI, WINDOWS_1258 = "TCVN3", "VNI", "Windows-1258"

# TCVN 5712:1993, 0xA1 to 0xFE; a blank is a code that the fonts leave empty (tone marks, capitals with tones).
_TCVN3_LETTERS = "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
_TCVN3: Mapping[str, str] = MappingProxyType(
    {chr(0xA1 + step): letter for step, letter in enumerate(_TCVN3_LETTERS) if letter != " "}
)

# VNI-Windows writes a mark behind its letter; ơ, ư and đ, and the letters i and y with some tones, have codes of
# their own. The marks in lower case; a capital letter takes them in upper case.
_TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
_VNI_PLAIN = ("", "ø", "ù", "û", "õ", "ï")
_VNI_HAT = ("â", "à", "á", "å", "ã", "ä")
_VNI_BREVE = ("ê", "è", "é", "ú", "ü", "ë")
_VNI_ROWS = (
    ("a", "a", _VNI_PLAIN), ("a", "â", _VNI_HAT), ("a", "ă", _VNI_BREVE), ("e", "e", _VNI_PLAIN),
    ("e", "ê", _VNI_HAT), ("o", "o", _VNI_PLAIN), ("o", "ô", _VNI_HAT), ("ô", "ơ", _VNI_PLAIN),
    ("u", "u", _VNI_PLAIN), ("ö", "ư", _VNI_PLAIN), ("y", "y", _VNI_PLAIN[:5]),
)  # fmt: skip
_VNI_SINGLE = {"ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ"}


def _vni_table() -> dict[str, str]:
    lower = dict(_VNI_SINGLE)
    for base, letter, marks in _VNI_ROWS:
        for mark, tone in zip(marks, _TONES, strict=False):
            lower[base + mark] = unicodedata.normalize("NFC", letter + tone)
    return {**lower, **{codes.upper(): letter.upper() for codes, letter in lower.items()}}


_VNI: Mapping[str, str] = MappingProxyType(_vni_table())
_VNI_CODES = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

# A word is what stands between ASCII signs, spaces and general punctuation (curly quotes, long dashes).
_WORD = re.compile(r"[A-Za-z\u00a1-\u1fff\u2070-\uffff]+")
_FONTS = ((re.compile(r"\.vn", re.IGNORECASE), TCVN3), (re.compile(r"vni-", re.IGNORECASE), VNI))

# --- syllables ------------------------------------------------------------------------------------------------------

_ONSETS = (
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr",
    "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
)  # fmt: skip
_RHYMES_WRITTEN = """
    a ac ach ai ak am an ang anh ao ap at au ay ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec ek em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op
    ot ô ôc ôi ôk ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh uêt uêu ui uk um un ung uôc
    uôi uôm uôn uông uôt up uơ ut uy uya uych uyên uyêt uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp
    ươt ươu ưt ưu y yêm yên yêng yêt yêu ynh ych yt
"""
_RHYMES = frozenset(_RHYMES_WRITTEN.split())
# Before these vowels k, gh and ngh are written; before the others c, g and ng.
_FRONT = ("e", "ê", "i", "y")
_STOPS = ("c", "ch", "k", "p", "t")
# Words that are no syllables but stand in reports: the abbreviations of đồng.
_ABBREVIATIONS = frozenset(("đ", "vnđ", "trđ", "ngđ", "đvt"))


@lru_cache(8_192)
def _is_syllable(word: str) -> bool:
    """Whether a word could be a Vietnamese syllable: a known onset and rhyme, with a tone that they take."""
    if word in _ABBREVIATIONS:
        return True
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = [mark for mark in decomposed if mark in _TONES[1:]]
    bare = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES[1:]))
    if len(tones) > 1:
        return False
    tone = tones[0] if tones else ""
    return any(
        bare.startswith(onset) and _fits(onset, bare[len(onset) :], tone) for onset in _ONSETS if bare != onset
    )  # fmt: skip


def _fits(onset: str, rhyme: str, tone: str) -> bool:
    if rhyme not in _RHYMES:
        return False
    if onset in ("k", "gh", "ngh", "c", "g", "ng") and rhyme.startswith(_FRONT) != (onset in ("k", "gh", "ngh")):
        # `gì`, `gìn`, `giếng` are spelled with one i for two.
        return onset == "g" and rhyme.startswith("i")
    return not rhyme.endswith(_STOPS) or tone in ("\u0301", "\u0323")


def is_vietnamese(text: str) -> bool:
    """Whether each word that is not plain ASCII is a possible syllable; signs alone (°, ×) are no words."""
    words = (word for word in _WORD.findall(text) if not word.isascii())
    return all(
        (word.isalpha() and _is_syllable(word.lower())) or not any(letter.isalpha() for letter in word)
        for word in words
    )


# --- readings -------------------------------------------------------------------------------------------------------


def from_tcvn3(text: str) -> str:
    """The text that these codes show in a font .VnTime."""
    return "".join(_TCVN3.get(letter, letter) for letter in text)


def from_vni(text: str) -> str:
    """The text that these codes show in a font VNI-Times."""
    return _VNI_CODES.sub(lambda found: _VNI[found[0]], text)


def from_windows_1258(text: str) -> str:
    """The text of bytes that were taken as Latin-1; code page 1258 writes most tones behind their letter."""
    try:
        return unicodedata.normalize("NFC", text.encode("latin-1").decode("cp1258"))
    except UnicodeError:
        return text


def readings(text: str) -> dict[str, str]:
    """By encoding, what a text in TCVN3 or VNI says; only where every word of it comes out as Vietnamese."""
    if _is_unicode(text):
        return {}
    converted = {TCVN3: from_tcvn3(text), VNI: from_vni(text)}
    return {encoding: each for encoding, each in converted.items() if each != text and _comes_out_whole(each)}


def _is_unicode(text: str) -> bool:
    """Whether a letter stands in the text that no old encoding has."""
    return any(letter > "\u00ff" and letter.isalpha() for letter in text)


def byte_readings(line: bytes) -> dict[str, str]:
    """By encoding, what a line of bytes says that is no UTF-8; only where every word comes out as Vietnamese."""
    text = line.decode("latin-1")
    possible, windows = readings(text), from_windows_1258(text)
    return possible | ({WINDOWS_1258: windows} if is_vietnamese(windows) else {})


def _comes_out_whole(converted: str) -> bool:
    """Every word is Vietnamese; no code of the old encoding is left over."""
    words = [word for word in _WORD.findall(converted) if not word.isascii()]
    return all(word.isalpha() and _is_syllable(word.lower()) for word in words)


def encoding_of_font(name: str) -> str:
    """The encoding that a font's name tells of; empty for a font of Unicode text."""
    return next((encoding for pattern, encoding in _FONTS if pattern.match(name)), "")


# --- several texts of one sheet or file -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """One text as it was sent: whether it is sound as it stands, what else it may say, and its font's encoding.

    `is_unicode` when it has letters that no old encoding has.
    """

    is_sound: bool
    possible: Mapping[str, str]
    font_encoding: str = ""
    is_unicode: bool = False


def written(text: str, font: str = "") -> Written:
    """What is known about one text that was sent as Unicode; without another reading it stays as it is."""
    possible = readings(text)
    is_unicode = not possible and _is_unicode(text)
    return Written(not possible or is_vietnamese(text), possible, encoding_of_font(font), is_unicode)


def encodings_of(texts: Sequence[Written]) -> list[str]:
    """The encoding of each text; empty where it stays as it was sent.

    A text that is sound stays, unless its font shows its encoding, or the texts beside it do: some can be nothing else,
    and none of them is Unicode. A text that could have been written in two encodings is settled by the same evidence.
    """
    is_mixed = any(each.is_unicode for each in texts)
    seen = {
        next(iter(each.possible))
        for each in texts
        if not each.is_sound and not each.font_encoding and len(each.possible) == 1
    }
    return [_encoding_of(each, set() if is_mixed and each.is_sound else seen) for each in texts]


def _encoding_of(text: Written, seen: set[str]) -> str:
    evidence = {text.font_encoding} if text.font_encoding else seen
    shown = [encoding for encoding in text.possible if encoding in evidence]
    if len(shown) == 1:
        return shown[0]
    return next(iter(text.possible)) if len(text.possible) == 1 and not text.is_sound else ""
