"""Numbers, bounds and periods in words of both languages."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from vwu.catalogue import load_catalogue
from vwu.report.wording import Words, amount, bounded, matter, number, period_name, said, unit_names, words
from vwu.rollup import Figure


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        ("2238", "2.238", "2,238"),
        ("0", "0", "0"),
        ("1234567.5", "1.234.567,5", "1,234,567.5"),
        ("11.190", "11,19", "11.19"),
        ("0.005", "0,01", "0.01"),
        ("-1000", "-1.000", "-1,000"),
    ],
)
def test_numbers_group_as_the_language_does(value: str, vi: str, en: str) -> None:
    assert number(Decimal(value)) == vi
    assert number(Decimal(value), vietnamese=False) == en


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (3_500_000_000_000, "VND", Words("3.500 tỷ đồng", "3,500 billion đồng")),
        (2_300_000_000, "VND", Words("2,3 tỷ đồng", "2.3 billion đồng")),
        (85_000_000, "VND", Words("85 triệu đồng", "85 million đồng")),
        (999_999, "VND", Words("999.999 đồng", "999,999 đồng")),
        (100, "PERCENT", Words("100%", "100%")),
        (60_425, "TURN", Words("60.425", "60,425")),
    ],
)
def test_amounts_say_their_unit(value: int, unit: str, expected: Words) -> None:
    assert amount(Decimal(value), unit) == expected


def d(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


@pytest.mark.parametrize(
    ("value", "lower", "upper", "open_ends", "vi"),
    [
        (18000, 18000, None, True, "trên 18.000"),
        (18000, 18000, None, False, "từ 18.000 trở lên"),
        (10000, None, 10000, True, "dưới 10.000"),
        (10000, None, 10000, False, "không quá 10.000"),
        (500, None, None, True, "khoảng 500"),
        (500, 500, 500, False, "500"),
        (15, 10, 20, False, "từ 10 đến 20"),
        (18014, 18014, None, True, "trên 18.014"),
    ],
)
def test_bounds_are_said(value: int, lower: int | None, upper: int | None, open_ends: bool, vi: str) -> None:
    told = bounded(d(value), d(lower), d(upper), "PERSON", is_lower_open=open_ends, is_upper_open=open_ends)
    assert told is not None
    assert told.vi == vi


def test_no_value_is_nothing_and_a_held_out_figure_says_none(figure: Callable[..., Figure]) -> None:
    assert bounded(None, None, None, "PERSON") is None
    assert said(figure(blocked_reason="not stated")) is None
    assert said(figure()) == Words("60.425", "60,425")


@pytest.mark.parametrize(
    ("code", "kind", "vi"),
    [
        ("2024-01", "month", "Tháng 1/2024"),
        ("2024-Q2", "quarter", "Quý II/2024"),
        ("2024-6M", "half_year", "6 tháng đầu năm 2024"),
        ("2024-9M", "nine_months", "9 tháng năm 2024"),
        ("2024", "year", "Năm 2024"),
        ("2024-04/2024-09", "span", "Từ tháng 4/2024 đến tháng 9/2024"),
        ("T2021-2026", "term", "Nhiệm kỳ 2021–2026"),
        ("T2021-2026-H1", "half_term", "Nửa đầu nhiệm kỳ 2021–2026"),
        ("T2021-2026-H2", "half_term", "Nửa cuối nhiệm kỳ 2021–2026"),
        ("?", "new kind", "?"),
    ],
)
def test_periods_have_names(code: str, kind: str, vi: str) -> None:
    assert period_name(code, kind).vi == vi


def test_every_unit_of_the_catalogue_has_words() -> None:
    catalogue = load_catalogue(Path(__file__).parents[3] / "seeds")
    names = unit_names(catalogue)
    assert names.keys() == catalogue.units.keys()
    assert {code for code, name in names.items() if not name.vi} == {"VND", "PERCENT"}


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert words({}, "new_code") == Words("new_code", "new_code")


def test_every_matter_that_is_reconciled_has_words() -> None:
    with (Path(__file__).parents[3] / "seeds" / "reconciliation_matter.csv").open(encoding="utf-8") as lines:
        codes = [row["matter"] for row in csv.DictReader(lines)]
    assert len(codes) > 3
    assert [code for code in codes if matter(code, {}).vi == code] == []
