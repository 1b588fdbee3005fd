"""Identity numbers are told from amounts, which are never taken for one."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vwu.identities import IDENTITY_NUMBER, has_identity_number, masked, without_identity_numbers

SEPARATORS = ("", ".", " ", "\u00a0")


@pytest.mark.parametrize(
    "number",
    ["022161770616", "0221 6177 0616", "022.161.770.616", "022-161-770-616", "0912770616", "0912 770 616",
     "0912.77.06.16", "+84912770616", "+84 912 770 616", "022\u00a0161\u00a0770\u00a0616"],
)  # fmt: skip
@pytest.mark.parametrize("words", ["{}", "liên hệ {}, chi hội 3", "Tổ 3: {}", "3 – {}", "({})"])
def test_an_identity_number_is_found_and_masked(number: str, words: str) -> None:
    text = words.format(number)
    assert has_identity_number(text)
    assert without_identity_numbers(text) == words.format(masked(number))


def test_a_telephone_after_a_number_is_found() -> None:
    assert has_identity_number("Tổ 3 0912 770 616")
    assert has_identity_number("Tổ 3 0221 6177 0616")


@given(st.integers(0, 10**16), st.sampled_from(SEPARATORS), st.sampled_from(("", " đồng", " tỷ", ",5", " (ước)")))
@example(2_012_345_678_901, ".", "")
@example(1_034_067_890_123, " ", " đồng")
@example(84_312_345_678, "", "")
@example(84_912_345_678, ".", " đồng")
@example(9_012_012_345_678_901, ".", ",5")
def test_no_amount_is_an_identity_number(amount: int, separator: str, unit: str) -> None:
    text = f"{amount:,}".replace(",", separator) + unit
    assert not has_identity_number(text)
    assert without_identity_numbers(text) == text


@given(st.text("0123 .-+84a", max_size=40))
def test_what_is_left_has_none(text: str) -> None:
    assert not has_identity_number(without_identity_numbers(text))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("022161770616", True), ("a 0912770616,", True), ("+84912770616", True), ("84312345678", False),
     ("1.022161770616", False), ("x022161770616", False)],
)  # fmt: skip
def test_what_the_gate_looks_for_is_the_same_number_written_in_one(text: str, is_one: bool) -> None:
    assert bool(re.search(IDENTITY_NUMBER, text)) is is_one
