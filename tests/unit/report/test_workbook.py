"""`rollup.xlsx`: the sheets that people expect, real numbers, source on each sheet, the same bytes."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook

from vwu.report.wording import Words
from vwu.report.workbook import rollup_workbook
from vwu.rollup import Rollup

UNITS = {"PERSON": Words("người", "person"), "TURN": Words("lượt", "turn"), "CLASS": Words("lớp", "class")}
SHEETS = ["Toàn quốc", "Theo tỉnh", "Chỉ tiêu kế hoạch", "Tín dụng", "Độ phủ", "Ghi chú"]


@pytest.fixture
def workbook(rollup: Rollup) -> Workbook:
    return load_workbook(io.BytesIO(rollup_workbook(rollup, UNITS)))


def test_sheets_have_title_source_frozen_head_and_print_area(workbook: Workbook) -> None:
    assert workbook.sheetnames == SHEETS
    for sheet in workbook:
        assert "Nửa đầu nhiệm kỳ 2021–2026" in sheet["A1"].value
        assert "Bản phát hành Số 7" in sheet["A2"].value
        assert sheet.freeze_panes.endswith("5")
        assert sheet.print_area
        assert sheet.print_title_rows == "$4:$4"
        assert "bản phát hành 7" in sheet.oddFooter.left.text


def test_numbers_are_numbers_and_bounds_are_kept(workbook: Workbook) -> None:
    rows = list(workbook["Toàn quốc"].iter_rows(min_row=4, values_only=True))
    header, trained, turns, held_out, plan = rows
    at = {title: number for number, title in enumerate(header)}
    assert (trained[at["Số liệu"]], trained[at["Đọc là"]], trained[at["Đơn vị tính"]]) == (
        18000,
        "trên 18.000",
        "người",
    )
    assert (trained[at["Không dưới"]], trained[at["Không quá"]]) == (18000, None)
    assert isinstance(turns[at["Số đến ngày"]], datetime)
    assert (held_out[at["Số liệu"]], held_out[at["Đọc là"]]) == (None, "không cộng")
    assert held_out[at["Ghi chú"]] == "Chưa rõ doanh số hay dư nợ"
    assert plan[at["Loại"]] == "Kế hoạch"


def test_missing_reports_have_no_days_late(workbook: Workbook) -> None:
    rows = {row[0]: row for row in workbook["Độ phủ"].iter_rows(min_row=5, values_only=True)}
    assert rows["P06"][5] == "chưa nộp"
    assert rows["P06"][8] is None
    assert rows["P19"][8] == 28


def test_an_empty_sheet_says_so(rollup: Rollup) -> None:
    content = rollup_workbook(replace(rollup, targets=()), UNITS)
    assert load_workbook(io.BytesIO(content))["Chỉ tiêu kế hoạch"]["A5"].value == "Không có số liệu cho kỳ này."


def test_the_same_roll_up_gives_the_same_bytes(rollup: Rollup) -> None:
    first = rollup_workbook(rollup, UNITS)
    time.sleep(2.1)  # a zip entry's time has steps of two seconds
    assert rollup_workbook(rollup, UNITS) == first
