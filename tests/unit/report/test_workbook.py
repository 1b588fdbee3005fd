"""`rollup.xlsx`: the sheets that people expect, real numbers, source on each sheet, the same bytes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import column_index_from_string

from vwu.report.wording import Words
from vwu.report.workbook import rollup_workbook
from vwu.rollup import Figure, Rollup

UNITS = {"PERSON": Words("người", "person"), "TURN": Words("lượt", "turn"), "CLASS": Words("lớp", "class")}
SHEETS = ["Toàn quốc", "Theo tỉnh", "Theo chương trình", "Chỉ tiêu kế hoạch", "Tín dụng", "Độ phủ", "Ghi chú"]


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


def test_a_province_stands_once_where_both_boundaries_say_the_same(
    rollup: Rollup, figure: Callable[..., Figure]
) -> None:
    place = {"level": "province", "region_code": "19", "region_name": "Tỉnh Thái Nguyên"}
    merged = {"programme_code": "MAIAM", "indicator_code": "SHELTERS", "name_vi": "Mái ấm"}
    more = [
        figure(boundary="as_now", **place),
        *(figure(value=Decimal(value), boundary=boundary, **place, **merged)
          for value, boundary in ((7, "as_reported"), (13, "as_now"))),
    ]  # fmt: skip
    content = rollup_workbook(replace(rollup, figures=(*rollup.figures, *more)), UNITS)
    header, *rows = load_workbook(io.BytesIO(content))["Theo tỉnh"].iter_rows(min_row=4, values_only=True)
    at = {title: number for number, title in enumerate(header)}
    lands = [(row[at["Mã chỉ tiêu"]], row[at["Số liệu"]], row[at["Địa giới"]]) for row in rows]
    assert lands.count(("LOAN_TURNS", 60425, "cả hai")) == 1
    assert [each for each in lands if each[0] == "SHELTERS"] == [
        ("SHELTERS", 7, "khi báo cáo"), ("SHELTERS", 13, "hiện nay"),
    ]  # fmt: skip


def test_one_row_an_indicator_and_one_column_a_province(workbook: Workbook) -> None:
    header, *rows = workbook["Theo chương trình"].iter_rows(min_row=4, values_only=True)
    assert header[4:] == ("Toàn quốc", "Tỉnh Thái Nguyên")
    assert [row[4:] for row in rows] == [(18000, 18000), (60425, 60425), (None, None), (6, 6)]


def test_a_revision_is_noted_beside_the_figure(workbook: Workbook) -> None:
    header, *rows = workbook["Toàn quốc"].iter_rows(min_row=4, values_only=True)
    notes = {row[header.index("Mã chỉ tiêu")]: row[header.index("Ghi chú")] for row in rows}
    assert notes["LOAN_TURNS"] == "đã điều chỉnh: bản 3 ghi 59.999"


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


def test_what_the_missing_may_have_stands_outside_the_figures(rollup: Rollup, figure: Callable[..., Figure]) -> None:
    weighed = figure(
        coverage_members_pct=Decimal("96.50"), missing_estimate=Decimal(2190), missing_estimate_by="branches"
    )
    sheet = load_workbook(io.BytesIO(rollup_workbook(replace(rollup, figures=(weighed,)), UNITS)))["Toàn quốc"]
    header, row = sheet.iter_rows(min_row=4, values_only=True)
    told = dict(zip(header, row, strict=True))
    assert (told["Số liệu"], told["Độ phủ hội viên"], told["Ước tính phần thiếu, ngoài số liệu"]) == (60425, 96.5, 2190)
    assert "khoảng 2.190, theo số đơn vị; không nằm trong số liệu" in told["Ghi chú"]
    last_printed = header[column_index_from_string(sheet.print_area.rpartition("$")[0].rpartition("$")[2]) - 1]
    assert last_printed == "Ghi chú"
