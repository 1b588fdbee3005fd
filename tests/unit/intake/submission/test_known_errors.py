"""The 25 classes of errors that branches really make (DOMAIN D.3), each with a fixture: what is taken, said, refused.

The fixtures are whole files, so that each class is seen from the bytes to the finding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from vwu.catalogue import Catalogue
from vwu.intake.model import Submission
from vwu.intake.submission.history import check_history

from .conftest import FIRST_ROW, STARTUP, Check, container, saved, workbook
from .test_history import CASES

PEOPLE, CLASSES = ("DA939", "WOMEN_STARTUP_SUPPORTED"), ("DA939", "TRAINING_CLASSES")
HOUSES, MONEY = ("GIAMNGHEO", "POOR_HOUSEHOLDS_ESCAPED"), ("MAIAM", "SHELTER_FUND")
RATIO = ("DA939", "MEMBERS_REACHED_STARTUP_AWARENESS_PCT")


class Read(NamedTuple):
    """A cell that is taken: its value, qualifier, and the rules that speak of it."""

    value: str
    qualifier: str = "exact"
    said: tuple[str, ...] = ()


class Refused(NamedTuple):
    """A cell that is refused: the rule and what it proposes."""

    rule_id: str
    proposed: str | None = None


ODD = ("VALUE_UNUSUAL",)
TWO_READINGS = Refused("VALUE_AMBIGUOUS", "2238000000000 | 2238000000")
# class (0: a row of INTERFACES 2.3 that is in none), what is in the cell, indicator, what becomes of it
CELLS: tuple[tuple[int, Any, tuple[str, str], Read | Refused], ...] = (
    (0, "2,3 tỉ đồng", MONEY, Read("2300000000")),
    (0, "gần 2,3 tỷ đồng", MONEY, Read("2300000000", "less_than")),
    (0, "2.238 tỷ", MONEY, TWO_READINGS),
    (0, "2.012.345.678.901", MONEY, Read("2012345678901")),  # ends like a citizen id
    (0, "84.912.345.678 đồng", MONEY, Read("84912345678")),  # begins like a telephone number
    (0, "6/8", CLASSES, Refused("VALUE_COMPOSITE", "6 | 8")),
    (1, "2.238", PEOPLE, Read("2238")),
    (1, "14,917", PEOPLE, Read("14917", said=ODD)),
    (1, "19 136", PEOPLE, Read("19136")),
    (1, "19\u00a0136", PEOPLE, Read("19136")),
    (2, "2,3 tỷ", MONEY, Read("2300000000")),
    (2, "0.23%", RATIO, Read("0.23", said=ODD)),
    (2, 2.238, PEOPLE, Refused("VALUE_FRACTION", "2238")),
    (3, date(2024, 8, 6), CLASSES, Refused("VALUE_DATE", "6/8")),
    (3, "2/8", CLASSES, Refused("VALUE_COMPOSITE", "2 | 8")),
    (3, "01/07", CLASSES, Refused("VALUE_COMPOSITE", "01 | 07")),
    (4, "3.500 tỉ", MONEY, Read("3500000000000")),
    (4, "2,6 ngàn hộ", HOUSES, Read("2600")),
    (4, "8.744 triệu đồng", MONEY, Read("8744000000")),
    (4, "100%", RATIO, Read("100")),
    (6, "2.758.926 triệu đồng/98.081 hộ/2.592 tổ", HOUSES, Refused("VALUE_COMPOSITE", "98081")),
    (6, "746/625", CLASSES, Refused("VALUE_COMPOSITE", "746 | 625")),
    (6, "396 chi hội mẫu/894", CLASSES, Refused("VALUE_COMPOSITE", "396 chi hội mẫu | 894")),
    (7, "trên 18.000", PEOPLE, Read("18000", "more_than")),
    (7, "gần 10.000", PEOPLE, Read("10000", "less_than")),
    (7, "hơn 2000", PEOPLE, Read("2000", "more_than")),
    (7, "khoảng 500", PEOPLE, Read("500", "about")),
    (7, "~500", PEOPLE, Read("500", "about")),
    (8, "3.500 tỉ đồng", MONEY, Read("3500000000000")),
    (8, "4,5 tỷ VNĐ", MONEY, Read("4500000000")),
    (8, "2.300.000.000đ", MONEY, Read("2300000000")),
    (9, "60.425 lượt", PEOPLE, Refused("VALUE_UNIT_MISMATCH")),
    (9, "500 hộ", PEOPLE, Refused("VALUE_UNIT_MISMATCH")),
    (14, unicodedata.normalize("NFD", "gần\u00a02,3\u200b tỷ đồng"), MONEY, Read("2300000000", "less_than")),
    (19, "1.91E+10", PEOPLE, Refused("VALUE_SCIENTIFIC", "19100000000")),
    (21, "=1+1", PEOPLE, Refused("VALUE_FORMULA_EMPTY")),
    (21, "#REF!", PEOPLE, Refused("VALUE_ERROR_CELL")),
    (21, "#DIV/0!", PEOPLE, Refused("VALUE_ERROR_CELL")),
    (21, "0", PEOPLE, Read("0")),
    (25, "0,19%", RATIO, Read("0.19")),
)  # fmt: skip


@pytest.mark.parametrize(("number", "content", "subject", "expected"), CELLS)
def test_a_cell_of_the_class(
    check: Check, number: int, content: Any, subject: tuple[str, str], expected: Read | Refused
) -> None:
    assert became(check(saved(workbook(line_with(content, subject))))) == expected


def line_with(content: Any, subject: tuple[str, str]) -> list[Any]:
    """A line of the form with one figure."""
    column = {RATIO: 9}.get(subject, 6)
    line: list[Any] = [1, *subject, "", "", *[None] * 5]
    line[column] = content
    return line


def became(submission: Submission) -> Read | Refused | None:
    """What became of the one figure of a report; None where it has none, or several."""
    about = [each for each in submission.findings if each.rule_id.startswith("VALUE_")]
    if len(submission.values) == 1:
        quantity = submission.values[0].quantity
        return Read(f"{quantity.value:f}", quantity.qualifier, tuple(each.rule_id for each in about))
    if not submission.values and len(about) == 1:
        return Refused(about[0].rule_id, about[0].proposed)
    return None


def book(*lines: Any, edit: Callable[[Any], None] = lambda _: None, **head: Any) -> bytes:
    made = workbook(*(lines or (STARTUP,)), head={name.replace("_", " "): value for name, value in head.items()})
    edit(made)
    return saved(made)


def hide(made: Any) -> None:
    made.active.row_dimensions[FIRST_ROW].hidden = True


def merge(made: Any) -> None:
    made.active.merge_cells(f"G{FIRST_ROW}:H{FIRST_ROW}")


def line(subject: tuple[str, str], figure: Any, as_of: Any = None) -> tuple[Any, ...]:
    return (1, *subject, "", "", None, figure, None, None, as_of)


TRAINED, EMPLOYED = ("NQ_TW_XIII", "FEMALE_WORKERS_TRAINED"), ("NQ_TW_XIII", "TRAINED_IN_JOB")
NO_DATES = {"Từ_ngày": None, "Đến_ngày": None}
# class -> files, and the rules that speak of each
FILES: Mapping[int, tuple[tuple[Callable[[], bytes], tuple[str, ...]], ...]] = {
    11: ((lambda: book(line(TRAINED, 9000), line(EMPLOYED, 10000)), ("CHILD_OVER_PARENT",)),),
    15: (
        (lambda: book(Tên_đơn_vị="Hội LHPN tỉnh Hoà Bình", Mã_đơn_vị="P17"), ()),
        (lambda: book(Tên_đơn_vị="Hội LHPN tỉnh Hòa Bình", Mã_đơn_vị="P17"), ()),
        (lambda: book(Tên_đơn_vị="Hội LHPN tỉnh Ðồng Nai", Mã_đơn_vị="P75"), ()),
    ),
    16: (
        (lambda: book(Tên_đơn_vị="Héi LHPN tØnh Qu¶ng Ninh"), ("TEXT_LEGACY",)),
        (lambda: book(Tên_đơn_vị="Hoäi LHPN tænh Quaûng Ninh"), ("TEXT_LEGACY",)),
    ),
    17: (
        (lambda: book(Mã_đơn_vị="TX Đông Triều", Tên_đơn_vị=None), ("BRANCH_BY_NAME",)),
        (lambda: book(Mã_đơn_vị="H. Đầm Hà", Tên_đơn_vị=None), ("BRANCH_BY_NAME",)),
        (lambda: book(Mã_đơn_vị="Thừa Thiên Huế", Tên_đơn_vị=None), ("BRANCH_BY_NAME",)),
        (lambda: book(Mã_đơn_vị="Quảng Tân", Tên_đơn_vị=None), ("BRANCH_AMBIGUOUS",)),
    ),
    18: (
        (
            lambda: book(line(("ALL", "MEMBERS_ADMITTED"), 5), Mã_đơn_vị="P22-D200", Kỳ_báo_cáo="2026-01",
                         Tên_đơn_vị=None, **NO_DATES),
            ("BRANCH_NOT_VALID",),
        ),
        (lambda: book(Mã_đơn_vị="P51-21548", Tên_đơn_vị=None), ("BRANCH_NOT_VALID",)),
    ),
    19: (
        (lambda: book(Mã_đơn_vị="P22-6895", Tên_đơn_vị=None), ("BRANCH_UNKNOWN",)),
        (lambda: book((*STARTUP, None, None, None, "bà A, 019 185 000 123")), ("NOTE_HAS_IDENTITY",)),
    ),
    20: (
        (lambda: book(edit=merge), ("CELL_MERGED",)),
        (lambda: book(edit=hide), ("ROW_HIDDEN",)),
        (lambda: book(STARTUP, (None, None, None, "Tổng cộng", None, None, 2238)), ("ROW_SUBTOTAL",)),
        (lambda: book(STARTUP, (None, None, None, "Người lập", None, None, "Thủ trưởng")), ()),
        (lambda: container("EncryptionInfo", "EncryptedPackage"), ("FILE_ENCRYPTED",)),
    ),
    22: ((lambda: book(Từ_ngày=date(2025, 1, 1), Đến_ngày=date(2025, 1, 31)), ("HEAD_DATES_CONTRADICT",) * 2),),
    23: (
        (lambda: book(line(RATIO, None, "100%")), ("RATIO_WITHOUT_BASE",)),
        (lambda: book(line(RATIO, None, "119,4%")), ("RATIO_OVER_HUNDRED", "RATIO_WITHOUT_BASE")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "make", "rules"), [(number, *each) for number, files in FILES.items() for each in files]
)
def test_a_file_of_the_class(check: Check, number: int, make: Callable[[], bytes], rules: tuple[str, ...]) -> None:
    assert tuple(sorted(each.rule_id for each in check(make()).findings)) == rules


# class -> rules of history; their submissions and histories are the cases of test_history
AGAINST_HISTORY: Mapping[int, tuple[str, ...]] = {
    5: ("UNIT_SLIP",),
    # 13, one household counted by two branches, is what makes it silent: see test_history.
    12: ("BRANCHES_NOT_THE_SUM",),
    10: ("CUMULATIVE_FELL", "CUMULATIVE_DIFFERS", "FAR_FROM_HISTORY"),
    24: ("COPY_OF_LAST_PERIOD",),
}


@pytest.mark.parametrize("rule_id", [rule_id for rules in AGAINST_HISTORY.values() for rule_id in rules])
def test_a_report_of_the_class_against_its_history(catalogue: Catalogue, rule_id: str) -> None:
    submission, history = CASES[rule_id].fires
    assert rule_id in [each.rule_id for each in check_history(submission, catalogue, history)]


@pytest.mark.parametrize("code", ["POOR_NEARPOOR_HOUSEHOLDS_HELPED"])
def test_what_may_be_counted_twice_is_never_added(catalogue: Catalogue, code: str) -> None:
    """13: one household counted by two branches. Declared `distinct`, so that neither a check nor a roll-up adds it."""
    assert catalogue.indicators[code].measure == "distinct"
    submission, history = CASES["BRANCHES_NOT_THE_SUM"].fires
    values = tuple(replace(each, indicator_code=code) for each in submission.values)
    below = tuple(replace(each, indicator_code=code) for each in history.below)
    assert check_history(replace(submission, values=values), catalogue, replace(history, below=below)) == ()


OF_SEVERAL_BRANCHES = {13}


def test_every_class_has_a_fixture() -> None:
    classes = {number for number, *_ in CELLS} | FILES.keys() | AGAINST_HISTORY.keys() | OF_SEVERAL_BRANCHES
    assert classes == set(range(26))
