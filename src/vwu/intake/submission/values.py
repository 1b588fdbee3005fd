"""The value grammar of INTERFACES 2.3: what may stand in a cell, and how it is read.

One possible reading is taken, with a warning if it is unusual; two are refused and both are named; nothing is guessed.
Pure, never raises on any content, and takes time proportional to the length of the text. `docs/value-grammar.md` tells
the same to people.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.intake.model import Quantity
from vwu.intake.submission.text import clean, match_key, normal_form

if TYPE_CHECKING:
    from vwu.catalogue import Unit

Content = str | bool | int | float | date | datetime | time | timedelta | None

# Longer texts are remarks, not figures; a figure of 10^18 has no meaning in any unit of the Union.
MAX_TEXT = 200
MAX_DIGITS = 25
MAX_VALUE = Decimal(10) ** 18
# Above this many per cent a reading is not believed when another one exists.
MAX_BELIEVED_PERCENT = Decimal(1000)

# The words are written as `match_key` writes them: lower case, no tone marks.
_QUALIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "tren": "more_than", "hon": "more_than", "nhieu hon": "more_than", "lon hon": "more_than",
        "cao hon": "more_than", "vuot": "more_than", "vuot tren": "more_than",
        "gan": "less_than", "duoi": "less_than", "gan bang": "less_than", "gan nhu": "less_than",
        "chua den": "less_than", "chua toi": "less_than", "khong den": "less_than", "khong toi": "less_than",
        "it hon": "less_than", "nho hon": "less_than", "thap hon": "less_than", "kem": "less_than",
        "it nhat": "at_least", "toi thieu": "at_least", "khong duoi": "at_least", "khong it hon": "at_least",
        "khong thap hon": "at_least", "khong kem": "at_least", "tu": "at_least",
        "toi da": "at_most", "nhieu nhat": "at_most", "khong qua": "at_most", "khong vuot qua": "at_most",
        "khong hon": "at_most", "khong nhieu hon": "at_most", "khong tren": "at_most",
        "khoang": "about", "chung": "about", "xap xi": "about", "uoc": "about", "uoc tinh": "about",
        "uoc dat": "about", "uoc khoang": "about", "tren duoi": "about", "khoang chung": "about",
    }
)  # fmt: skip
_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        ">=": "at_least", "=>": "at_least", "≥": "at_least", "⩾": "at_least",
        "<=": "at_most", "=<": "at_most", "≤": "at_most", "⩽": "at_most",
        ">": "more_than", "<": "less_than", "~": "about", "≈": "about",
    }
)  # fmt: skip
_SUFFIXES: Mapping[str, str] = MappingProxyType({"tro len": "at_least", "tro xuong": "at_most"})
# Words that may stand before a figure and change nothing.
_FILLERS = frozenset(
    ("co", "da co", "la", "dat", "dat duoc", "duoc", "tong", "tong so", "tong cong", "ca thay", "tat ca", "du kien")
)
# Powers of ten that words stand for.
_SCALES: Mapping[str, int] = MappingProxyType(
    {
        "nghin": 3, "ngan": 3, "van": 4, "trieu": 6, "tr": 6, "ty": 9, "ti": 9,
        "trd": 6, "nghd": 3, "ngd": 3,
    }
)  # fmt: skip
# After a figure these change what it says, so the cell is not understood.
_CHANGING = frozenset(
    (
        "tang", "giam", "so", "thieu", "lan", "ruoi", "chuc", "tram", "muoi", "doi", "cap", "hang", "e", "diem",
        "chua", "khong",
    )
)  # fmt: skip
_OTHER_CURRENCIES = frozenset(("usd", "eur", "do la", "dola", "jpy", "krw"))
_NIL = frozenset(("-", "khong", "khong co", "khong phat sinh", "ko", "ko co"))
_NOT_APPLICABLE = frozenset(("x", "khong ap dung"))

_LEXEME = re.compile(r"[0-9]+(?:[.,' ][0-9]+)*")
_SCIENTIFIC = re.compile(r"[-+]?([0-9]{1,25})(?:[.,]([0-9]{1,25}))?e([-+]?[0-9]{1,3})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ t].*)?")
# As Excel shows a date that it made of `2/9` or `SEPT2`: 2-Sep, Sep-02, 02-Thg9.
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"({'|'.join(_MONTHS)}|thg ?[0-9]{{1,2}})"
_NAMED_DATE = re.compile(rf"(?:([0-9]{{1,2}})[-/]{_MONTH}|{_MONTH}[-/]([0-9]{{1,2}}))(?:[-/][0-9]{{2,4}})?")
_FULL_DATE = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_ERROR_TEXT = re.compile(r"#[a-z0-9/ ]*[!?]?|#+|err:[0-9]+")
_WIDE = str.maketrans("％．，／＞＜＝～٫", "%.,/><=~,")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it was sent. `is_percent` is None where the file format does not tell the number format."""

    content: Content = None
    is_percent: bool | None = False
    error: str = ""
    lacks_value: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing stands in the cell: no content, no error, no formula."""
        blank = self.content is None or (isinstance(self.content, str) and not clean(self.content))
        return blank and not self.error and not self.lacks_value

    @property
    def shown(self) -> str:
        """The content as a person would read it in the cell; what a finding quotes."""
        content = self.content
        if self.error or content is None:
            return self.error
        if isinstance(content, bool):
            return str(content).upper()
        if isinstance(content, float):
            return f"{content * 100:.15g}%" if self.is_percent else f"{content:.15g}"
        if isinstance(content, date):
            return f"{content:%d/%m/%Y}"
        return content if isinstance(content, str) else str(content)


@dataclass(frozen=True, slots=True)
class Notation:
    """What the form itself declares: the power of ten of the unit column, and the decimal mark if one is stated."""

    exponent: int = 0
    decimal_mark: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a reading: a rule of the catalogue, what to write instead, and what its text needs."""

    rule_id: str
    proposed: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A quantity, or None when the cell was refused; the remarks say why."""

    quantity: Quantity | None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unit words of the catalogue, as `match_key` writes them, with the units that each may name."""

    units_of: Mapping[str, frozenset[str]]
    longest: int

    def match(self, words: list[str], unit_code: str) -> tuple[int, int]:
        """How many leading words name this unit, and how many name another one."""
        own = other = 0
        for length in range(1, min(self.longest, len(words)) + 1):
            units = self.units_of.get(" ".join(words[:length]))
            if units is None:
                continue
            own, other = (length, other) if unit_code in units else (own, length)
        return own, other


@dataclass(frozen=True, slots=True)
class _Number:
    """One possible reading of digits and separators. `is_usual` follows Vietnamese habit; `decimals` counts digits."""

    value: Decimal
    is_usual: bool
    is_grouped: bool
    decimals: int


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What follows the digits: a power of ten (None if no word says one), a qualifier, and what words there are."""

    exponent: int | None = None
    qualifier: str = ""
    names_unit: bool = False
    unknown: str = ""
    is_plus: bool = False


class _RefusedError(Exception):
    """Carries the remark of a refusal out of the reading functions; never leaves this module."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.rule_id)
        self.remark = remark


def vocabulary_of(units: Iterable[Unit]) -> Vocabulary:
    """The words that name a unit, for all units of the catalogue."""
    units_of: dict[str, set[str]] = {word: {"OTHER_CURRENCY"} for word in _OTHER_CURRENCIES}
    for unit in units:
        for word in (unit.name_vi, unit.unit_code, *unit.words_vi):
            units_of.setdefault(" ".join(_words(word)), set()).add(unit.unit_code)
    frozen = {word: frozenset(codes) for word, codes in units_of.items()}
    return Vocabulary(MappingProxyType(frozen), max(word.count(" ") + 1 for word in frozen))


def read_value(cell: Cell, unit: Unit, vocabulary: Vocabulary, notation: Notation | None = None) -> Reading:
    """Read one cell as a figure in the unit's base (đồng, persons, percent points). Never raises."""
    declared = notation or Notation()
    try:
        return _read(cell, unit, vocabulary, declared)
    except _RefusedError as refused:
        return Reading(None, (refused.remark,))


def read_unit(text: str, unit: Unit, vocabulary: Vocabulary) -> int | None:
    """The power of ten that a unit column declares (`triệu đồng` is 6), 0 for the unit itself; None if nobody knows it.

    Raises ValueError when the words name another unit.
    """
    words = _words(text)
    exponent = 0
    digits = re.match(r"1(?:[., ]?000)*(?![0-9])", text.strip())
    if digits:
        exponent = len(digits[0].translate(str.maketrans("", "", "., "))) - 1
        words = _words(text.strip()[digits.end() :])
    scale, words, shows_money = _take_scale(words)
    own, other = vocabulary.match(words, unit.unit_code)
    if other > own or (shows_money and unit.kind != "money"):
        raise ValueError(text)
    is_known = own > 0 or shows_money or (not words and (scale is not None or not text))
    return exponent + (scale or 0) if is_known else None


def format_value(quantity: Quantity, unit: Unit) -> str:
    """The quantity in Vietnamese notation; reading it back gives an equal quantity.

    Raises ValueError for a suppressed quantity, which has no notation that could be read.
    """
    states = {"missing": "", "nil": "-", "not_applicable": "x"}
    if quantity.value_state in states:
        return states[quantity.value_state]
    if quantity.value is None or quantity.value_state != "reported":
        raise ValueError(f"a {quantity.value_state} quantity is not written")
    ending = {"money": " đồng", "percent": "%"}.get(unit.kind, "")
    number = format_number(quantity.value, is_grouped=unit.kind != "percent") + ending
    patterns = {
        "exact": "{}", "more_than": "trên {}", "less_than": "dưới {}", "about": "khoảng {}",
        "at_least": "từ {} trở lên", "at_most": "không quá {}",
    }  # fmt: skip
    return patterns[quantity.qualifier].format(number)


def format_number(value: Decimal, *, is_grouped: bool = True) -> str:
    """A number with dots between groups of three and a decimal comma, without trailing zeros."""
    whole, _, fraction = plain_number(value).partition(".")
    if is_grouped:
        whole = f"{int(whole):,}".replace(",", ".")
    return f"{whole},{fraction}" if fraction else whole


def plain_number(value: Decimal) -> str:
    """A number as digits with a decimal point, no exponent and no trailing zeros: what a finding proposes."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity_of(value: Decimal, qualifier: str = "exact") -> Quantity:
    """A reported quantity with the bounds that its qualifier gives (D3); an open bound is None."""
    has_lower = qualifier in ("exact", "more_than", "at_least")
    has_upper = qualifier in ("exact", "less_than", "at_most")
    return Quantity(value, qualifier, value if has_lower else None, value if has_upper else None, "reported")


def _state(value_state: str) -> Reading:
    return Reading(Quantity(None, "exact", None, None, value_state))


def _named(unit: Unit) -> dict[str, str]:
    return {"unit": unit.name_vi, "unit_en": unit.name_en}


def _refuse(rule_id: str, proposed: str | None = None, **names: str) -> _RefusedError:
    return _RefusedError(Remark(rule_id, proposed, names))


# --- native content -------------------------------------------------------------------------------------------------


def _read(cell: Cell, unit: Unit, vocabulary: Vocabulary, notation: Notation) -> Reading:
    if cell.error:
        raise _refuse("VALUE_ERROR_CELL")
    content = cell.content
    if cell.lacks_value:
        raise _refuse("VALUE_FORMULA_EMPTY")
    if content is None:
        return _state("missing")
    if isinstance(content, bool):
        raise _refuse("VALUE_LOGICAL")
    if isinstance(content, str):
        return _TextReader(unit, vocabulary, notation).read(content)
    if isinstance(content, int | float):
        return _read_number(content, cell.is_percent, unit, notation)
    raise _refuse_date(content)


def _refuse_date(moment: date | datetime | time | timedelta) -> _RefusedError:
    """A date stands where a number belongs: Excel made it from a fraction such as 6/8, or it formats a number so."""
    if isinstance(moment, time | timedelta):
        return _refuse("VALUE_DATE", original="-", serial="-")
    day = moment.date() if isinstance(moment, datetime) else moment
    serial = str((day - date(1899, 12, 30)).days)
    if not 2000 <= day.year <= 2100:
        return _refuse("VALUE_DATE", serial, original=serial, serial=serial)
    # Excel reads d/m or m/d by its locale; a part is not larger than its whole.
    original = f"{min(day.day, day.month)}/{max(day.day, day.month)}"
    return _refuse("VALUE_DATE", original, original=original, serial=serial)


def _read_number(number: int | float, is_percent: bool | None, unit: Unit, notation: Notation) -> Reading:
    if (isinstance(number, float) and not math.isfinite(number)) or abs(number) >= MAX_VALUE:
        raise _refuse("VALUE_TOO_LARGE")
    # Excel keeps 15 digits; what a float says beyond them is an artefact of binary arithmetic.
    exact = Decimal(number) if isinstance(number, int) else Decimal(f"{number:.15g}")
    if exact < 0:
        raise _refuse("VALUE_NEGATIVE")
    if unit.kind == "percent":
        return _read_percent(exact, is_percent)
    if is_percent:
        raise _refuse("VALUE_UNIT_MISMATCH", written="%", **_named(unit))
    if isinstance(number, float) and abs(number - round(number)) <= 1e-12 * max(1.0, abs(number)):
        exact = Decimal(round(number))
    return _read_whole(exact, unit, notation)


def _read_percent(exact: Decimal, is_percent: bool | None) -> Reading:
    if exact.scaleb(2) >= MAX_VALUE:
        raise _refuse("VALUE_TOO_LARGE")
    if is_percent:
        return Reading(quantity_of(_tidy(exact.scaleb(2))))
    if 0 < exact <= 1:
        # 1 may be 1 %, or 100 % whose number format was lost on the way.
        raise _refuse_two(exact, exact.scaleb(2), "%")
    return Reading(quantity_of(exact))


def _read_whole(exact: Decimal, unit: Unit, notation: Notation) -> Reading:
    value = exact.scaleb(notation.exponent)
    decimals = max(0, -int(exact.normalize().as_tuple().exponent))
    if unit.is_whole and not _is_integral(value):
        grouped = exact.scaleb(3)
        proposed = plain_number(grouped) if _is_integral(grouped) else None
        raise _refuse("VALUE_FRACTION", proposed, **_named(unit))
    if value >= MAX_VALUE:
        raise _refuse("VALUE_TOO_LARGE")
    if decimals == 3 and _is_stated_in_steps(value, unit):
        # 2.238 in a column of tỷ: 2,238 tỷ, or 2.238 tỷ typed on an English locale.
        raise _refuse_two(value.scaleb(3), value, unit.name_vi)
    return Reading(quantity_of(_tidy(value)), _scaled_remark(notation.exponent, value))


def _scaled_remark(exponent: int, value: Decimal) -> tuple[Remark, ...]:
    if not exponent:
        return ()
    return (Remark("VALUE_SCALED", plain_number(value), {"amount": format_number(value)}),)


def _refuse_two(first: Decimal, second: Decimal, unit_name: str) -> _RefusedError:
    return _refuse(
        "VALUE_AMBIGUOUS", f"{plain_number(first)} | {plain_number(second)}",
        first=f"{format_number(first)} {unit_name}", second=f"{format_number(second)} {unit_name}",
    )  # fmt: skip


def _is_integral(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _tidy(value: Decimal) -> Decimal:
    """The same number without an exponent: 2.3E+9 as 2300000000."""
    return Decimal(plain_number(value))


def _is_stated_in_steps(value: Decimal, unit: Unit) -> bool:
    """Whether a decimal fraction of a scale word would say something that reports say.

    Reports state money in whole triệu at the finest (`2.238 tỷ` may be 2 tỷ 238 triệu; nobody writes `8.744 triệu` for
    8 triệu 744 nghìn), and people, households or shops one by one.
    """
    return value % (10**6 if unit.kind == "money" else 1) == 0


# --- text -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _TextReader:
    """Reads text in the light of one unit, the words of all units, and what the form declares."""

    unit: Unit
    vocabulary: Vocabulary
    notation: Notation

    def read(self, text: str) -> Reading:
        """Raises _RefusedError when the text has no reading, or more than one."""
        if len(text) > 4 * MAX_TEXT:
            raise _refuse("VALUE_TOO_LONG")
        typed = _plain(text)
        if len(typed) > MAX_TEXT:
            raise _refuse("VALUE_TOO_LONG")
        state = _state_of(typed)
        if state:
            return _state(state)
        _refuse_what_is_no_figure(typed)
        numbers = _numbers_in(typed)
        if not numbers:
            raise _refuse("VALUE_NOT_A_NUMBER")
        if len(numbers) > 1:
            return self._read_several(typed, numbers)
        return self._read_one(typed, *numbers[0])

    def _read_one(self, typed: str, start: int, end: int) -> Reading:
        """Text with exactly one number in it."""
        qualifier, is_odd = _qualifier_before(typed[:start])
        suffix = self._suffix(typed[end:])
        number, remarks = self._choose(typed[start:end], suffix)
        qualifier = _one_qualifier(qualifier, suffix.qualifier)
        if (is_odd or (qualifier == "at_least" and _is_half_open(typed[:start], suffix))) and not remarks:
            remarks = (_unusual(number),)
        if suffix.unknown:
            remarks += (Remark("VALUE_UNKNOWN_WORD", None, {"word": suffix.unknown} | _named(self.unit)),)
        if suffix.exponent is None:
            remarks += _scaled_remark(self.notation.exponent, number)
        return Reading(quantity_of(number, qualifier), remarks)

    def _choose(self, lexeme: str, suffix: _Suffix) -> tuple[Decimal, tuple[Remark, ...]]:
        """The one possible number, with a remark when it is written in an unusual way."""
        if sum(character.isdigit() for character in lexeme) > MAX_DIGITS:
            raise _refuse("VALUE_TOO_LARGE")
        written = _interpretations(lexeme)
        if not written:
            raise _refuse("VALUE_NUMBER_FORM")
        exponent = self.notation.exponent if suffix.exponent is None else suffix.exponent
        possible = [each for each in self._declared(written) if self._is_possible(each, written, exponent)]
        amounts = {each.value.scaleb(exponent) for each in possible}
        if not amounts:
            raise _refuse("VALUE_FRACTION", None, **_named(self.unit))
        if len(amounts) > 1:
            first, second = (each.value.scaleb(exponent) for each in possible[:2])
            raise _refuse_two(first, second, self.unit.name_vi)
        amount = _tidy(amounts.pop())
        if amount >= MAX_VALUE:
            raise _refuse("VALUE_TOO_LARGE")
        is_odd = self.unit.is_whole and not exponent and _has_idle_zeros(possible)
        is_usual = any(each.is_usual for each in possible) or bool(self.notation.decimal_mark)
        return amount, () if is_usual and not is_odd else (_unusual(amount),)

    def _declared(self, written: list[_Number]) -> list[_Number]:
        """The readings that the declared decimal mark allows; all of them when none is declared."""
        if not self.notation.decimal_mark or len(written) < 2:
            return written
        return [each for each in written if each.is_usual == (self.notation.decimal_mark == ",")]

    def _is_possible(self, number: _Number, written: list[_Number], exponent: int) -> bool:
        value = number.value.scaleb(exponent)
        has_rival = len(written) > 1 and not self.notation.decimal_mark
        if self.unit.kind == "percent":
            return not has_rival or value <= MAX_BELIEVED_PERCENT
        if self.unit.is_whole and not _is_integral(value):
            return False
        if not (number.decimals and has_rival):
            return True
        if not exponent:
            return False  # People are whole: with no scale word a decimal mark is out of the question.
        return number.is_usual or (number.value * 1000 % 10 != 0 and _is_stated_in_steps(value, self.unit))

    def _suffix(self, text: str) -> _Suffix:
        """Scale words, unit words and a closing qualifier, in this order; raises on words that change the meaning."""
        if "$" in text or "€" in text:
            raise _refuse("VALUE_UNIT_MISMATCH", written=text.strip(), **_named(self.unit))
        words = _words(text)
        qualifier = _SUFFIXES.get(" ".join(words[-2:]), "")
        if qualifier:
            words = words[:-2]
        is_plus = not words and text.strip() == "+"
        exponent, words, shows_money = _take_scale(words)
        if exponent is not None and self.unit.kind == "percent":
            raise _refuse("VALUE_UNIT_MISMATCH", written=text.strip(), **_named(self.unit))
        if shows_money and self.unit.kind != "money":
            raise _refuse("VALUE_UNIT_MISMATCH", written=text.strip(), **_named(self.unit))
        own, other = self.vocabulary.match(words, self.unit.unit_code)
        if other > own:
            raise _refuse("VALUE_UNIT_MISMATCH", written=" ".join(text.split()), **_named(self.unit))
        rest = words[own:]
        if ("/" in text and rest) or _CHANGING.intersection(words if not own else rest[:1]):
            raise _refuse("VALUE_WORDS", words=text.strip())
        unknown = text.strip(" .,;:") if words and not own else ""
        qualifier = "at_least" if is_plus else qualifier
        return _Suffix(exponent, qualifier, own > 0 or shows_money, unknown, is_plus)

    def _read_several(self, typed: str, numbers: list[tuple[int, int]]) -> Reading:
        """`2 tỷ 300 triệu đồng` is one amount; anything else with several numbers is refused with its parts."""
        compound = self._read_compound(typed, numbers)
        if compound is not None:
            return compound
        ends = [start for start, _ in numbers[1:]] + [len(typed)]
        starts = [0] + [start for start, _ in numbers[1:]]
        parts = [typed[start:end].strip(" /-;,.:+&(") for start, end in zip(starts, ends, strict=True)]
        # `6/8 chỉ tiêu` names nothing twice; only where each part names its unit can one be the figure of this line.
        is_named = all(any(character.isalpha() for character in part) for part in parts)
        named = [value for part in parts[:8] if is_named and (value := self._read_named(part)) is not None]
        shown = " | ".join(parts[:8])
        raise _refuse("VALUE_COMPOSITE", plain_number(named[0]) if len(named) == 1 else shown, parts=shown)

    def _read_named(self, part: str) -> Decimal | None:
        """The value of a part that names this very unit, if it does and can be read."""
        numbers = _numbers_in(part)
        if len(numbers) != 1:
            return None
        try:
            if not self._suffix(part[numbers[0][1] :]).names_unit:
                return None
            quantity = self._read_one(part, *numbers[0]).quantity
        except _RefusedError:
            return None
        return quantity.value if quantity else None

    def _read_compound(self, typed: str, numbers: list[tuple[int, int]]) -> Reading | None:
        """An amount in falling scale words: `2 tỷ 300 triệu`; None when the text is not one."""
        total, last = Decimal(0), 99
        ends = [start for start, _ in numbers[1:]] + [len(typed)]
        for (start, end), stop in zip(numbers, ends, strict=True):
            exponent, rest, _ = _take_scale(_words(typed[end:stop]))
            is_last = stop == len(typed)
            digits = typed[start:end]
            if exponent is None or exponent >= last or (rest and not is_last) or not digits.isdigit():
                return None
            if len(digits) > 3 or (not is_last and not typed[end:stop].strip(" ").isalpha()):
                return None
            total, last = total + Decimal(digits).scaleb(exponent), exponent
        qualifier, _ = _qualifier_before(typed[: numbers[0][0]])
        suffix = self._suffix(typed[numbers[-1][1] :])
        return Reading(quantity_of(_tidy(total), _one_qualifier(qualifier, suffix.qualifier)), (_unusual(total),))


def _has_idle_zeros(possible: list[_Number]) -> bool:
    """`2,0` people: only one reading, yet nobody writes it."""
    return all(each.decimals > 0 and _is_integral(each.value) for each in possible)


def _unusual(value: Decimal) -> Remark:
    return Remark("VALUE_UNUSUAL", plain_number(value), {"amount": format_number(value)})


def _plain(text: str) -> str:
    """Cleaned, in lower case, with any script's digits as 0-9 and without the apostrophe that marks text in Excel."""
    typed = clean(text).translate(_WIDE).lower()
    if not typed.isascii():
        typed = "".join(_ascii_digit(character) for character in typed)
    return typed.removeprefix("'").strip()


def _ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None) if not character.isascii() else None
    return character if digit is None else str(digit)


def _state_of(typed: str) -> str:
    bare = normal_form(typed).strip(" .")
    if not typed:
        return "missing"
    if bare in _NIL or (bare and not bare.strip("-")):
        return "nil"
    return "not_applicable" if bare in _NOT_APPLICABLE else ""


def _refuse_what_is_no_figure(typed: str) -> None:
    """Errors of a spreadsheet as text, dates, scientific notation, negative numbers."""
    if _ERROR_TEXT.fullmatch(typed):
        raise _refuse("VALUE_ERROR_CELL")
    scientific = _SCIENTIFIC.fullmatch(typed.replace(" ", ""))
    if scientific:
        whole, fraction, power = scientific.groups()
        value = Decimal(f"{whole}.{fraction or 0}").scaleb(int(power))
        is_plausible = 0 <= value < MAX_VALUE and _is_integral(value)
        raise _refuse("VALUE_SCIENTIFIC", plain_number(value) if is_plausible else None)
    if typed.startswith("-") or (typed.startswith("(") and typed.endswith(")") and typed[1:-1].strip().isdigit()):
        raise _refuse("VALUE_NEGATIVE")
    day, month = _day_and_month(typed)
    if month:
        raise _refuse("VALUE_DATE", f"{int(day)}/{int(month)}", original=f"{int(day)}/{int(month)}", serial="-")


def _day_and_month(typed: str) -> tuple[str, str]:
    full, iso, named = (shape.fullmatch(typed) for shape in (_FULL_DATE, _ISO_DATE, _NAMED_DATE))
    day, month = (full[1], full[2]) if full else (iso[3], iso[2]) if iso else ("", "")
    if named:
        day, name = named[1] or named[4], named[2] or named[3]
        month = str(_MONTHS.index(name) + 1) if name in _MONTHS else name.removeprefix("thg").strip()
    return (day, month) if month and 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else ("", "")


def _numbers_in(typed: str) -> list[tuple[int, int]]:
    """Where the numbers stand. Digits parted by a space are one number only if they make groups of three."""
    places = []
    for found in _LEXEME.finditer(typed):
        start, end = found.span()
        if " " not in found[0] or _interpretations(found[0]):
            places.append((start, end))
            continue
        for piece in found[0].split(" "):
            places.append((start, start + len(piece)))
            start += len(piece) + 1
    return places


def _interpretations(lexeme: str) -> list[_Number]:
    """Every number that the digits and marks can mean, the usual (Vietnamese) one first."""
    marks = [character for character in lexeme if not character.isdigit()]
    runs = re.split(r"[.,' ]", lexeme)
    if not marks:
        return [_Number(Decimal(lexeme), True, False, 0)] if len(lexeme) <= 4 * MAX_DIGITS else []
    found = []
    if _is_groups(runs) and len(set(marks)) == 1:
        found.append(_Number(Decimal("".join(runs)), marks[0] in ". ", True, 0))
    whole, groups = runs[:-1], marks[:-1]
    is_groups = len(set(groups)) <= 1 and marks[-1] not in groups and (len(whole) == 1 or _is_groups(whole))
    if marks[-1] in ".," and is_groups:
        value = Decimal(f"{''.join(whole)}.{runs[-1]}")
        is_usual = marks[-1] == "," and set(groups) <= {".", " "}
        found.append(_Number(value, is_usual, len(whole) > 1, len(runs[-1])))
    return sorted(found, key=lambda each: not each.is_usual)


def _is_groups(runs: list[str]) -> bool:
    """Whether the runs of digits are groups of three behind a leading group of one to three that is not a zero."""
    return 1 <= len(runs[0]) <= 3 and not runs[0].startswith("0") and all(len(run) == 3 for run in runs[1:])


def _words(text: str) -> list[str]:
    return match_key(text.replace("%", " % ").replace("₫", " đ ")).split()


def _take_scale(words: list[str]) -> tuple[int | None, list[str], bool]:
    """The power of ten that the leading words say, the words after them, and whether an abbreviation says money."""
    exponent, taken, shows_money = None, 0, False
    while taken < min(2, len(words)) and words[taken] in _SCALES and not shows_money:
        exponent = (exponent or 0) + _SCALES[words[taken]]
        shows_money = words[taken].endswith("d")
        taken += 1
    return exponent, words[taken:], shows_money


def _qualifier_before(text: str) -> tuple[str, bool]:
    """The qualifier that stands before the figure, and whether something idle stands there too."""
    bare = text.strip()
    if bare.endswith("-"):
        raise _refuse("VALUE_NEGATIVE")
    found, is_odd = "", False
    for symbol, qualifier in _SYMBOLS.items():
        if bare.endswith(symbol):
            bare, found = bare.removesuffix(symbol).strip(), qualifier
            break
    if bare.endswith(("+", "=")):
        bare, is_odd = bare[:-1].strip(), True
    words = _words(bare)
    if bare and not words:
        raise _refuse("VALUE_WORDS", words=text.strip())
    while words:
        qualifier, words, is_filler = _take_qualifier(words, text)
        is_odd = is_odd or is_filler
        found = _one_qualifier(found, qualifier) if qualifier else found
    return found, is_odd


def _take_qualifier(words: list[str], text: str) -> tuple[str, list[str], bool]:
    for length in range(min(3, len(words)), 0, -1):
        phrase = " ".join(words[:length])
        if phrase in _QUALIFIERS:
            return _QUALIFIERS[phrase], words[length:], False
        if phrase in _FILLERS:
            return "", words[length:], True
    raise _refuse("VALUE_WORDS", words=text.strip())


def _one_qualifier(before: str, after: str) -> str:
    """One qualifier out of the one before and the one behind the figure: `từ … trở lên`, `từ … trở xuống`."""
    if before == "at_least" and after == "at_most":
        return after
    if before and after and before != after:
        raise _refuse("VALUE_WORDS", words=f"{before} + {after}")
    return before or after or "exact"


def _is_half_open(prefix: str, suffix: _Suffix) -> bool:
    """`từ 18.000` without `trở lên`, or `18.000+`: one reading, but not how it is written."""
    return suffix.is_plus or (_words(prefix)[-1:] == ["tu"] and not suffix.qualifier)
