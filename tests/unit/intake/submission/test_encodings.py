"""Text of before Unicode (DOMAIN D.3 no. 16): told by its words, converted only where one reading is possible."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from vwu.catalogue import Catalogue
from vwu.intake.submission.encodings import (
    TCVN3,
    VNI,
    WINDOWS_1258,
    byte_readings,
    encodings_of,
    from_tcvn3,
    from_vni,
    from_windows_1258,
    is_vietnamese,
    readings,
    written,
)  # fmt: skip
from vwu.intake.submission.text import clean

from .conftest import FIRST_ROW, STARTUP, Check, saved, workbook

_LETTERS = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ"
_BEFORE, _AFTER = date(2024, 1, 1), date(2026, 1, 1)
_CODES = [chr(code) for code in range(0xA1, 0xFF)]
_TO_TCVN3 = {letter: code for code in _CODES if (letter := from_tcvn3(code)) in {*_LETTERS, *"ĂÂÊÔƠƯĐ"}}
_TO_VNI = {
    letter: codes
    for codes in ("".join(pair) for base in "aeouyôöAEOUYÔÖ" for pair in ((base, mark) for mark in _CODES))
    if len(letter := from_vni(codes)) == 1
} | {letter: code for code in _CODES if (letter := from_vni(code)) != code}  # fmt: skip


def as_tcvn3(text: str) -> str:
    """The encoding has no capitals with tones; the fonts .VnTimeH show small letters as capitals."""
    return "".join(_TO_TCVN3.get(letter) or _TO_TCVN3.get(letter.lower(), letter) for letter in text)


def as_vni(text: str) -> str:
    return "".join(_TO_VNI.get(letter, letter) for letter in text)


def as_windows_1258(text: str) -> bytes:
    """As Windows writes it: a tone that the code page has no letter for stands behind its letter."""

    def spelled(letter: str) -> bytes:
        try:
            return letter.encode("cp1258")
        except UnicodeEncodeError:
            bare, tone = unicodedata.normalize("NFD", letter)[:-1], unicodedata.normalize("NFD", letter)[-1]
            # Two marks: the tone may be the first of them in the decomposed form (ậ is a, dot, hat).
            for mark in "\u0300\u0301\u0309\u0303\u0323":
                if mark in bare + tone:
                    rest = unicodedata.normalize("NFC", (bare + tone).replace(mark, ""))
                    return (rest + mark).encode("cp1258")
            raise

    return b"".join(spelled(letter) for letter in text)


def test_the_table_of_tcvn3_is_that_of_the_standard() -> None:
    """glibc knows TCVN 5712 too; the codes of tone marks and of capitals with tones are empty in the fonts."""
    for code in range(0xA1, 0xFF):
        known = subprocess.run(
            ["iconv", "-f", "TCVN5712-1", "-t", "UTF-8"], input=bytes([code]), capture_output=True, check=True
        ).stdout.decode()
        ours = from_tcvn3(chr(code))
        is_empty = unicodedata.combining(known) > 0 or (known.isupper() and known not in "ĂÂÊÔƠƯĐ")
        assert ours == (chr(code) if is_empty else known), hex(code)


def test_every_letter_has_its_codes() -> None:
    assert set(_LETTERS) <= set(_TO_TCVN3)
    for letter in (*_LETTERS, *_LETTERS.upper()):
        assert from_vni(as_vni(letter)) == letter


@given(st.text(alphabet=_LETTERS + "bcdghklmnpqrstvx 0123456789,.-/"))
def test_what_is_written_in_an_old_encoding_reads_back(text: str) -> None:
    assert from_tcvn3(as_tcvn3(text)) == text
    assert from_windows_1258(as_windows_1258(text).decode("latin-1")) == text


@given(st.lists(st.sampled_from(["Đầm Hà", "Thuỷ", "ƯỚC", "giếng", "Quảng Ngãi", "ĐỒNG", "yến", "ở", "kỹ nữ"])))
def test_vni_reads_back(words: list[str]) -> None:
    text = " ".join(words)
    assert from_vni(as_vni(text)) == text


@pytest.mark.parametrize(
    ("typed", "encoding", "meant"),
    [
        ("§Çm Hµ", TCVN3, "Đầm Hà"), ("Th¸i Nguyªn", TCVN3, "Thái Nguyên"), ("Qu¶ng Ninh", TCVN3, "Quảng Ninh"),
        ("Héi LHPN", TCVN3, "Hội LHPN"), ("phô n÷", TCVN3, "phụ nữ"), ("2,3 tû ®ång", TCVN3, "2,3 tỷ đồng"),
        ("“MÑ ®ì ®Çu” – 2024", TCVN3, "“Mẹ đỡ đầu” – 2024"), ("Tªn ®Ò tµi", TCVN3, "Tên đề tài"),
        ("§¾k L¾k", TCVN3, "Đắk Lắk"),
        ("Ñaàm Haø", VNI, "Đầm Hà"), ("Thaùi Nguyeân", VNI, "Thái Nguyên"), ("phuï nöõ", VNI, "phụ nữ"),
        ("TRÖÔØNG HÔÏP", VNI, "TRƯỜNG HỢP"), ("2,3 tyû ñoàng", VNI, "2,3 tỷ đồng"),
    ],
)  # fmt: skip
def test_old_text_is_known_by_its_words(typed: str, encoding: str, meant: str) -> None:
    assert not is_vietnamese(typed)
    assert readings(typed) == {encoding: meant}
    assert encodings_of([written(typed)]) == [encoding]


@pytest.mark.parametrize(
    "typed",
    ["Hòa Bình", "xã", "Hội LHPN tỉnh Quảng Ninh", "3 × 4", "20 °C", "Café", "Krông Pa", "Ayun Pa", "Müller",
     "5 %", "HTX", "« Mái ấm »", "x²", "½", "đ", "VNĐ", "São", "naïve", "", "·", "§ 5"],
)  # fmt: skip
def test_what_is_no_old_text_stays_as_it_is(typed: str) -> None:
    assert encodings_of([written(typed)]) == [""]


def test_a_sound_text_is_converted_only_beside_one_that_can_be_nothing_else() -> None:
    """`cã` is a Vietnamese syllable, and TCVN3 for `có`."""
    assert encodings_of([written("cã")]) == [""]
    assert encodings_of([written("cã"), written("Th¸i Nguyªn")]) == [TCVN3, TCVN3]
    assert encodings_of([written("cã"), written("Thaùi Nguyeân")]) == ["", VNI]
    assert encodings_of([written("cã", ".VnTime")]) == [TCVN3]
    assert encodings_of([written("cã", "Arial"), written("Th¸i Nguyªn", ".VnArial")]) == ["", TCVN3]
    assert encodings_of([written("cội", ".VnTime")]) == [""]  # Unicode, typed in a font of old.
    # `Ghi chú` beside it would be `Ghi chự`: where Unicode is in use too, what is sound stays.
    mixed = [written("Ghi chú"), written("Mã biểu"), written("Th¸i Nguyªn")]
    assert encodings_of(mixed) == ["", "", TCVN3]


def test_the_names_of_the_country_are_told_in_each_encoding(catalogue: Catalogue) -> None:
    """Every branch's name, in each old encoding: never told as another name, and nearly always told."""
    levels = [(level, day) for level in ("province", "district", "commune") for day in (_BEFORE, _AFTER)]
    names = {branch.name_vi for level, day in levels for branch in catalogue.branches_of(level, day)}
    assert len(names) > 9_000
    told = {TCVN3: 0, VNI: 0}
    for name in names:
        meant = clean(name)
        for encoding, typed in ((TCVN3, as_tcvn3(meant)), (VNI, as_vni(meant))):
            possible = readings(typed)
            assert possible.get(encoding, meant).lower() == meant.lower()
            chosen = encodings_of([written(typed)])[0]
            assert chosen in ("", encoding), (name, typed)
            told[encoding] += chosen == encoding
    assert min(told.values()) > 0.95 * len(names), told
    assert all(is_vietnamese(name) or not readings(name) for name in names)


# --- in files -------------------------------------------------------------------------------------------------------

_HEAD = {"Tên đơn vị": "Héi LHPN tØnh Qu¶ng Ninh", "Người lập": "NguyÔn ThÞ A"}


def test_a_sheet_in_two_encodings_and_unicode_is_read_with_a_warning_for_each(check: Check) -> None:
    made = workbook(
        STARTUP,
        (2, "", "", "Lôùp taäp huaán", "lôùp", None, "08 lôùp", None, None, None, "ñaõ duyeät"),
        head=_HEAD,
    )
    made.active.cell(FIRST_ROW + 1, 2, "DA939")  # type: ignore[union-attr]
    submission = check(saved(made))
    assert [(f.rule_id, f.position, f.line_count) for f in submission.findings] == [
        ("TEXT_LEGACY", "BaoCao!B5", 2), ("TEXT_LEGACY", "BaoCao!D14", 4), ("INDICATOR_BY_LABEL", "BaoCao!D14", 1),
    ]  # fmt: skip
    assert submission.findings[0].proposed == "Hội LHPN tỉnh Quảng Ninh"
    assert [(v.indicator_code, v.raw_text, v.note) for v in submission.values][1] == (
        "TRAINING_CLASSES", "08 lớp", "đã duyệt",
    )  # fmt: skip


def test_a_font_of_old_settles_what_could_be_both(check: Check) -> None:
    made = workbook((*STARTUP, None, None, None, "cã"))
    note = made.active.cell(FIRST_ROW, 11)  # type: ignore[union-attr]
    assert check(saved(made)).values[0].note == "cã"
    note.font = Font(name=".VnTime")
    submission = check(saved(made))
    assert submission.values[0].note == "có"
    assert [(f.rule_id, f.value, f.proposed) for f in submission.findings] == [("TEXT_LEGACY", "cã", "có")]


_HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
_LINE = "BM01,1,P22,2024-01,DA939,{},actual,in_period,5,{},{}"


def _notes(check: Check, content: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """The notes that were read, and the findings."""
    submission = check(content, "P22.csv")
    return [v.note for v in submission.values], [(f.rule_id, f.position) for f in submission.findings]


def _csv() -> str:
    lines = [
        _LINE.format("WOMEN_STARTUP_SUPPORTED", "người", "sơ bộ"), _LINE.format("TRAINING_CLASSES", "lớp", "đã duyệt"),
    ]  # fmt: skip
    return "\r\n".join((_HEADER, *lines, ""))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_in_unicode_is_read_in_each_form(check: Check, encoding: str) -> None:
    for form in ("NFC", "NFD"):
        content = unicodedata.normalize(form, _csv()).encode(encoding)  # type: ignore[arg-type]
        assert _notes(check, content) == (["sơ bộ", "đã duyệt"], [])


def test_a_csv_in_an_old_encoding_is_read_with_one_warning(check: Check) -> None:
    notes = (["sơ bộ", "đã duyệt"], [("TEXT_LEGACY", "P22.csv:2")])
    assert _notes(check, as_windows_1258(_csv())) == notes
    assert _notes(check, as_tcvn3(_csv()).encode("latin-1")) == notes
    assert _notes(check, as_vni(_csv()).encode("latin-1")) == notes
    assert _notes(check, as_tcvn3(_csv()).encode("utf-8")) == notes
    assert _notes(check, as_vni(_csv()).encode("utf-16")) == notes


def test_fields_of_one_line_may_be_in_several_encodings(check: Check) -> None:
    first, second, _ = _csv().rstrip().split("\r\n")
    content = "\n".join((first, second.replace("sơ bộ", as_tcvn3("sơ bộ")))).encode()
    assert _notes(check, content) == (["sơ bộ"], [("TEXT_LEGACY", "P22.csv:2")])


def test_lines_of_one_file_may_be_in_several_encodings(check: Check) -> None:
    first, second, third = _csv().rstrip().split("\r\n")
    content = b"\n".join((first.encode(), second.encode("utf-8"), as_windows_1258(third)))
    assert _notes(check, content) == (["sơ bộ", "đã duyệt"], [("TEXT_LEGACY", "P22.csv:3")])


def test_bytes_that_no_encoding_explains_are_refused_with_their_line(check: Check) -> None:
    content = _csv().encode().replace("người".encode(), b"caf\xe9", 1)
    assert _notes(check, content) == ([], [("CSV_ENCODING", "P22.csv:2")])


def test_bytes_with_two_readings_are_refused_and_both_are_named(check: Check) -> None:
    typed = b"c\xe3"  # có in TCVN3, că in Windows-1258; the second is no syllable, so another one is needed
    assert byte_readings(typed) == {TCVN3: "có"}
    possible: Mapping[str, str] = byte_readings(b"l\xf5")
    assert set(possible) == {TCVN3, WINDOWS_1258}
    content = "\n".join((_HEADER, _LINE.format("TRAINING_CLASSES", "CLASS", "NOTE"))).encode()
    submission = check(content.replace(b"NOTE", b"l\xf5"), "P22.csv")
    assert [(f.rule_id, f.value) for f in submission.findings] == [("CSV_ENCODING", "TCVN3, Windows-1258")]


@given(st.binary(max_size=400), st.text(max_size=200))
def test_nothing_is_raised_on_any_text(line: bytes, text: str) -> None:
    byte_readings(line)
    encodings_of([written(text)])
