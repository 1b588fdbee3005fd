"""Form BM01: what stands where, what may be filled, and the same bytes on every call."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from vwu.catalogue import Catalogue, load_catalogue
from vwu.intake.submission.history import History, PastValue
from vwu.intake.submission.template import (
    COLUMNS,
    FIRST_ROW,
    HEADER_ROW,
    FormValue,
    form_head,
    write_form,
    write_template,
)  # fmt: skip

from .conftest import checked

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "seeds")


def sheet_of(content: bytes) -> Worksheet:
    workbook = load_workbook(io.BytesIO(content))
    assert workbook.sheetnames == ["BaoCao"]
    return workbook["BaoCao"]


def row_of(sheet: Worksheet, programme: str, indicator: str) -> int:
    rows = [row for row in range(FIRST_ROW, sheet.max_row + 1) if
            (sheet.cell(row, 2).value, sheet.cell(row, 3).value) == (programme, indicator)]  # fmt: skip
    assert len(rows) == 1
    return rows[0]


def test_head_is_labels_in_column_a_and_values_in_column_b(catalogue: Catalogue) -> None:
    sheet = sheet_of(write_template(catalogue, "P22", "2024-01"))
    head = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(3, HEADER_ROW - 1)}
    assert head["Mã biểu"] == "BM01"
    assert head["Phiên bản"] == "1"
    assert head["Mã đơn vị"] == "P22"
    assert head["Tên đơn vị"] == "Hội LHPN tỉnh Quảng Ninh"
    assert head["Kỳ báo cáo"] == "2024-01"
    assert [head[name].date() for name in ("Từ ngày", "Đến ngày")] == [date(2023, 12, 15), date(2024, 1, 14)]
    assert head["Người lập"] is None
    assert head["Ngày lập"] is None
    assert [cell.value for cell in sheet[HEADER_ROW]] == list(COLUMNS)


def test_lines_are_what_the_branch_may_report_on(catalogue: Catalogue) -> None:
    quang_ninh = sheet_of(write_template(catalogue, "P22", "2024-01"))
    codes = {quang_ninh.cell(row, 2).value for row in range(FIRST_ROW, quang_ninh.max_row + 1)}
    assert {"DA939", "DDTE_QN", "TINCHAP"} <= codes
    assert not {"NQ_TN_XIV", "DA2415"} & codes
    row = row_of(quang_ninh, "DA939", "WOMEN_STARTUP_SUPPORTED")
    assert quang_ninh.cell(row, 5).value == "người"


def test_only_the_cells_to_fill_are_open(catalogue: Catalogue) -> None:
    sheet = sheet_of(write_template(catalogue, "P19", "2024-01"))
    assert sheet.protection.sheet
    row = row_of(sheet, "NQ_TN_XIV", "SAFE_PRODUCE_SHOPS_MAINTAINED")  # a stock: only a plan and a state at a date
    open_columns = [name for name, cell in zip(COLUMNS, sheet[row], strict=True) if not cell.protection.locked]
    assert open_columns == ["Kế hoạch", "Tại thời điểm", "Ghi chú"]
    assert sheet["B5"].protection.locked
    assert not sheet["B10"].protection.locked


def test_every_figure_cell_is_text_and_checked(catalogue: Catalogue) -> None:
    sheet = sheet_of(write_template(catalogue, "P22", "2024-01"))
    checked = {str(cells) for check in sheet.data_validations.dataValidation for cells in check.sqref.ranges}
    for row in range(FIRST_ROW, sheet.max_row + 1):
        assert {sheet.cell(row, column).number_format for column in range(6, 11)} == {"@"}
        assert f"F{row}:J{row}" in checked
    for check in sheet.data_validations.dataValidation:
        assert len(check.prompt or "") <= 255
        assert len(check.promptTitle or "") <= 32
        assert len(check.error or "") <= 255
        assert len(check.formula1 or "") <= 255


def test_values_stand_in_the_column_of_their_scenario_and_basis(catalogue: Catalogue) -> None:
    values = [
        FormValue("DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date", "trên 2.238", "ghi chú"),
        FormValue("DA939", "TRAINING_CLASSES", "plan", "in_period", 6),
    ]
    sheet = sheet_of(write_template(catalogue, "P22", "2024-01", values))
    supported, classes = (row_of(sheet, "DA939", value.indicator_code) for value in values)
    assert (sheet[f"I{supported}"].value, sheet[f"K{supported}"].value) == ("trên 2.238", "ghi chú")
    assert sheet[f"F{classes}"].value == 6
    filled = [
        cell.coordinate for row in sheet.iter_rows(FIRST_ROW, min_col=6, max_col=10) for cell in row if cell.value
    ]
    assert sorted(filled) == sorted([f"I{supported}", f"F{classes}"])


def past(period: str, indicator: str, basis: str, value: int, programme: str = "DA939", **other: Any) -> PastValue:
    amount = Decimal(value)
    known = {"qualifier": "exact", "value_state": "reported"} | other
    return PastValue(
        period, programme, indicator, "actual", basis, amount, amount, amount, **known, receipt_id="r", position="G14"
    )


HISTORY = History(
    (
        past("2023-12", "WOMEN_STARTUP_SUPPORTED", "in_period", 11),
        past("2024-01", "WOMEN_STARTUP_SUPPORTED", "in_period", 2238),
        past("2024-01", "WOMEN_STARTUP_SUPPORTED", "programme_to_date", 18000, qualifier="more_than"),
        past("2024-01", "SHELTER_FUND", "in_period", 2_300_000_000, programme="MAIAM"),
        past("2024-Q1", "WOMEN_STARTUP_SUPPORTED", "in_period", 9),
        past("2024-02", "WOMEN_STARTUP_SUPPORTED", "in_period", 7),
        past("2024-01", "NO_SUCH", "in_period", 7),
    )
)


def test_the_period_before_stands_in_grey_beside_the_cells_and_is_not_read(catalogue: Catalogue) -> None:
    content = write_template(catalogue, "P22", "2024-02", history=HISTORY)
    sheet = sheet_of(content)
    assert sheet.cell(HEADER_ROW, 12).value == "Kỳ trước (2024-01, để đối chiếu)"
    row = row_of(sheet, "DA939", "WOMEN_STARTUP_SUPPORTED")
    cell = sheet.cell(row, 12)
    assert cell.value == "Trong kỳ: 2.238\nLũy kế chương trình: trên 18.000"
    assert cell.protection.locked
    assert cell.font.color.rgb.endswith("6B6B6B")
    assert sheet.cell(row_of(sheet, "MAIAM", "SHELTER_FUND"), 12).value == "Trong kỳ: 2.300.000.000 đồng"
    assert sheet.print_area.endswith(f"$L${sheet.max_row}")
    submission = checked("P22.xlsx", content, catalogue)
    assert [found.rule_id for found in submission.findings] == ["NOTHING_REPORTED"]


def test_without_an_earlier_period_there_is_no_such_column(catalogue: Catalogue) -> None:
    plain = write_template(catalogue, "P22", "2024-02")
    assert write_template(catalogue, "P22", "2024-02", history=History()) == plain
    assert write_template(catalogue, "P22", "2024-Q1", history=HISTORY) == write_template(catalogue, "P22", "2024-Q1")


def test_a_text_that_begins_like_a_formula_is_none(catalogue: Catalogue) -> None:
    head = form_head(catalogue, "P22", "2024-01", prepared_by="=HYPERLINK(1)")
    cell = sheet_of(write_form(head, ()))["B10"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


@pytest.mark.parametrize(
    ("branch", "period", "said"),
    [
        ("P22", "2024-13", "there is no reporting period 2024-13"),
        ("P99", "2024-01", "No branch has the code P99"),
        ("P22-D200", "2025-12", "held from"),
    ],
)
def test_unknown_branch_or_period_is_refused(catalogue: Catalogue, branch: str, period: str, said: str) -> None:
    with pytest.raises(LookupError, match=said):
        write_template(catalogue, branch, period)


def test_a_value_without_a_line_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(LookupError, match="NQ_TN_XIV"):
        write_template(
            catalogue, "P22", "2024-01", [FormValue("NQ_TN_XIV", "COOPERATIVES_NEW", "actual", "as_of", "1")]
        )


def test_the_same_input_gives_the_same_bytes(catalogue: Catalogue) -> None:
    first = write_template(catalogue, "P22", "2024-01")
    time.sleep(2.1)  # a zip entry's time has steps of two seconds
    assert write_template(catalogue, "P22", "2024-01") == first
    archive = zipfile.ZipFile(io.BytesIO(first))
    assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert b"ignoredErrors" in archive.read("xl/worksheets/sheet1.xml")
