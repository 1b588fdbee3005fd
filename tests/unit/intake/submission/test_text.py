"""What people type, and what it is compared as."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.intake.submission.text import clean, match_key, normal_form


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("Tuyên\u00a0truyền,  giáo dục", "Tuyên truyền, giáo dục"),
        ("những vấn\u202fđề cấp thiết ", "những vấn đề cấp thiết"),
        (unicodedata.normalize("NFD", "Đề án Thủy"), "Đề án Thủy"),
        ("“Mẹ đỡ đầu”", '"Mẹ đỡ đầu"'),
        ("«Mái ấm» ‘x’", "\"Mái ấm\" 'x'"),
        ("2021 – 2026", "2021 - 2026"),
        ("2021—2026", "2021-2026"),
        ("\u22125", "-5"),
        ("Ða\u200bi hoi\ufeff", "Đai hoi"),
        ("Ɖông Triều", "Đông Triều"),
        ("dòng một\r\n\tdòng hai", "dòng một dòng hai"),
        ("\u00a0", ""),
    ],
)
def test_clean_keeps_the_words_and_drops_the_accidents(typed: str, cleaned: str) -> None:
    assert clean(typed) == cleaned


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà Bình", "Hòa Bình"),
        ("Uý Thuỵ", "Úy Thụy"),
        ("ĐỀ ÁN 939", "đề án 939"),
        ("Ðăk Lăk", "Đăk Lăk"),
        (unicodedata.normalize("NFD", "cận nghèo"), "CẬN NGHÈO"),
        ("hội\u00a0viên", "Hội viên"),
    ],
)
def test_normal_form_is_the_same_for_the_same_words(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


def test_normal_form_spells_the_letters_bare_and_keeps_punctuation() -> None:
    assert normal_form("Đề án “Mẹ đỡ đầu”, 2021 – 2026: 100 %") == 'de an "me do dau", 2021 - 2026: 100 %'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("giai đoạn 2017- 2027", "giai đoạn 2017 – 2027"),
        ("“Mẹ đỡ đầu”", "Mẹ đỡ đầu"),
        ("Gia đình “5 không, 3 sạch”", "gia đình 5 không 3 sạch"),
        ("Tổ hợp tác/HTX", "tổ hợp tác, HTX"),
    ],
)
def test_match_key_ignores_punctuation(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


def test_match_key_keeps_what_makes_a_difference() -> None:
    assert match_key("% hội viên") != match_key("hội viên")
    assert match_key("hộ nghèo") != match_key("hộ cận nghèo")


@given(st.text())
def test_each_form_is_stable(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert match_key(match_key(text)) == match_key(text)
    assert normal_form(text) == normal_form(clean(text))
