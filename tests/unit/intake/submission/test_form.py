"""Sheets as people make them (DOMAIN D.3 no. 20): what is understood is taken, the rest is a finding with its cell."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from openpyxl import Workbook, load_workbook

from vwu.catalogue import Catalogue
from vwu.intake.model import Submission
from vwu.intake.submission.check import check_submission
from vwu.intake.submission.form import MARKS_SHEET
from vwu.intake.submission.marked import mark_workbook

from .conftest import COLUMNS, FIRST_ROW, HEAD, STARTUP, TODAY, Build, Check, saved, workbook


def figures(submission: Submission) -> Mapping[str, str]:
    """Position -> value, of what was reported."""
    return {
        value.position: format(value.quantity.value, "f")
        for value in submission.values
        if value.quantity.value is not None
    }


def rules(submission: Submission) -> list[tuple[str, str]]:
    return [(finding.rule_id, finding.position) for finding in submission.findings]


def test_a_plain_form_is_read_whole(check: Check, build: Build) -> None:
    submission = check(build((*STARTUP, "4.000", "trên 20.000", None, "sơ bộ")))
    assert submission.scope is not None
    assert submission.scope.key == "submission|P22|2024-01|BM01"
    assert submission.form_version == "1"
    assert [(v.basis, v.position, v.raw_text, v.note) for v in submission.values] == [
        ("in_period", "BaoCao!G13", "2.238", "sơ bộ"),
        ("year_to_date", "BaoCao!H13", "4.000", "sơ bộ"),
        ("programme_to_date", "BaoCao!I13", "trên 20.000", "sơ bộ"),
    ]
    assert {v.scenario for v in submission.values} == {"actual"}
    assert {v.unit_code for v in submission.values} == {"PERSON"}


def test_a_plan_stands_in_its_own_column(check: Check, build: Build) -> None:
    unfilled = (2, "DA939", "WOMEN_STARTUP_SUPPORTED", "", "người")
    submission = check(build((1, "DA939", "TRAINING_CLASSES", "", "lớp", "6 lớp"), unfilled))
    # A form of plans leaves no result missing.
    (value,) = submission.values
    assert (value.scenario, value.basis, value.position) == ("plan", "in_period", "BaoCao!F13")


def test_a_line_with_nothing_in_it_is_one_missing_value(check: Check, build: Build) -> None:
    submission = check(build(STARTUP, (2, "DA939", "TRAINING_CLASSES", "", "lớp")))
    assert [v.quantity.value_state for v in submission.values] == ["reported", "missing"]
    assert submission.values[1].position == "BaoCao!G14"


def test_zero_nil_missing_and_not_applicable_differ(check: Check, build: Build) -> None:
    lines = [(1, "DA939", "WOMEN_STARTUP_SUPPORTED", "", "", None, content) for content in ("0", "-", "x")]
    states = [check(build(line)).values[0].quantity.value_state for line in lines]
    assert states == ["reported", "nil", "not_applicable"]


def test_a_mark_of_absence_in_a_closed_column_says_nothing(check: Check, build: Build) -> None:
    submission = check(build((1, "ALL", "MEMBERS_TOTAL", "", "", None, "x", "-", None, 5)))
    assert submission.findings == ()
    assert figures(submission) == {"BaoCao!J13": "5"}


def test_columns_may_stand_in_any_order_with_others_between(check: Check) -> None:
    columns = (
        "Ghi chú",
        "Tại thời điểm",
        "Trong kỳ",
        "So với cùng kỳ (%)",
        "Chỉ tiêu",
        "Mã chỉ tiêu",
        "Mã chương trình",
    )
    line = ("sơ bộ", None, "2.238", "105%", "", "WOMEN_STARTUP_SUPPORTED", "DA939")
    submission = check(saved(workbook(line, columns=columns)))
    assert figures(submission) == {"BaoCao!C13": "2238"}
    assert submission.values[0].note == "sơ bộ"
    assert rules(submission) == [("COLUMN_UNKNOWN", "BaoCao!D12")]


def test_labels_are_known_in_any_case_spacing_unicode_form_and_tone_placement(check: Check) -> None:
    columns = tuple(unicodedata.normalize("NFD", label.upper().replace(" ", "\u00a0 ")) for label in COLUMNS)
    columns = tuple(label.replace(unicodedata.normalize("NFD", "LŨY"), "LUỸ") for label in columns)
    head = {unicodedata.normalize("NFD", label): value for label, value in HEAD.items()}
    book = workbook((1, "DA939", "WOMEN_STARTUP_SUPPORTED", "", "", None, None, 5, 6), columns=columns)
    sheet = book.active
    assert sheet is not None
    for row, label in enumerate(head, start=2):
        sheet.cell(row, 1, f"  {label}: ")
    submission = check(saved(book))
    assert submission.findings == ()
    assert figures(submission) == {"BaoCao!H13": "5", "BaoCao!I13": "6"}


def test_the_head_may_stand_anywhere_above_the_table(check: Check) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Biểu số 1"
    sheet["C1"] = "HỘI LHPN VIỆT NAM"
    for row, (label, value) in enumerate(HEAD.items(), start=3):
        sheet.cell(row, 3, label)
        sheet.merge_cells(start_row=row, end_row=row, start_column=3, end_column=5)
        sheet.cell(row, 6, value)
    sheet["C7"], sheet["F7"] = None, None
    sheet["H3"] = "Kỳ báo cáo: 2024-01"
    for column, label in enumerate(COLUMNS, start=2):
        sheet.cell(20, column, label)
    for column, content in enumerate(STARTUP, start=2):
        sheet.cell(21, column, content)
    submission = check(saved(book))
    assert figures(submission) == {"'Biểu số 1'!H21": "2238"}
    assert submission.scope is not None
    assert submission.scope.key == "submission|P22|2024-01|BM01"


def test_two_header_rows_are_read_as_one(check: Check) -> None:
    book = workbook(
        columns=("STT", "Mã chương trình", "Mã chỉ tiêu", "Chỉ tiêu", "Đơn vị tính", "Kế hoạch", "Thực hiện")
    )
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells("G12:J12")
    for column in range(1, 7):
        sheet.merge_cells(start_row=12, end_row=13, start_column=column, end_column=column)
    for column, label in enumerate(("Trong kỳ", "Lũy kế năm", "Lũy kế chương trình", "Tại thời điểm"), start=7):
        sheet.cell(13, column, label)
    for column, content in enumerate((*STARTUP, 4000), start=1):
        sheet.cell(14, column, content)
    submission = check(saved(book))
    assert figures(submission) == {"BaoCao!G14": "2238", "BaoCao!H14": "4000"}
    assert rules(submission) == []


def test_numbering_headings_subtotals_and_signatures_are_no_lines(check: Check, build: Build) -> None:
    submission = check(
        build(
            ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)", "(11)"),
            (None, None, None, "I. Đề án 939"),
            ("1", None, None, "1. Lớp tập huấn", "lớp", None, 6),
            ("2", None, "WOMEN_STARTUP_SUPPORTED", None, None, None, 2238),
            (None, None, None, "Cộng", None, None, 2244),
            (),
            (None, None, None, None, None, None, "Quảng Ninh, ngày 20 tháng 01 năm 2024"),
            (None, "Người lập biểu", None, None, None, None, "TM. BAN THƯỜNG VỤ"),
            (None, "(đã ký)", None, None, None, None, "Nguyễn Thị A"),
        )
    )
    assert figures(submission) == {"BaoCao!G15": "6", "BaoCao!G16": "2238"}
    assert {value.programme_code for value in submission.values} == {"DA939"}
    assert rules(submission) == [("ROW_SUBTOTAL", "BaoCao!G17"), ("INDICATOR_BY_LABEL", "BaoCao!D15")]


def test_a_figure_below_the_signature_is_told(check: Check, build: Build) -> None:
    submission = check(build(STARTUP, (), (None, "Người lập biểu"), (None, None, None, "Khác", None, None, 5)))
    assert rules(submission) == [("ROW_WITHOUT_INDICATOR", "BaoCao!G16")]


def test_a_label_that_nobody_knows_is_told_when_it_has_a_figure(check: Check, build: Build) -> None:
    submission = check(build(STARTUP, (2, "DA939", None, "Số cây xanh", "cây", None, 5)))
    assert rules(submission) == [("INDICATOR_UNKNOWN", "BaoCao!D14")]


def test_a_close_code_is_proposed(check: Check, build: Build) -> None:
    (finding,) = check(build((1, "DA939", "WOMEN_STARTUP_SUPORTED", "", "", None, 5))).findings
    assert finding.proposed == "WOMEN_STARTUP_SUPPORTED"
    assert "WOMEN_STARTUP_SUPPORTED" in finding.message_vi


def test_a_programme_merged_over_its_lines_holds_for_all_of_them(check: Check) -> None:
    book = workbook(
        (1, "DA938", "TRAINING_CLASSES", "", "lớp", None, 6),
        (2, None, "PEOPLE_INFORMED_SOCIAL_ISSUES", "", "", None, 700),
    )
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells(f"B{FIRST_ROW}:B{FIRST_ROW + 1}")
    submission = check(saved(book))
    assert [value.programme_code for value in submission.values] == ["DA938", "DA938"]


def test_hidden_rows_and_columns_without_figures_are_no_matter(check: Check) -> None:
    book = workbook(STARTUP, (2, "DA939", "TRAINING_CLASSES", "", "lớp"))
    sheet = book.active
    assert sheet is not None
    sheet.row_dimensions[FIRST_ROW + 1].hidden = True
    sheet.column_dimensions["J"].hidden = True
    submission = check(saved(book))
    assert submission.findings == ()
    assert figures(submission) == {"BaoCao!G13": "2238"}


def test_hidden_figures_are_never_values(check: Check) -> None:
    book = workbook(STARTUP, (2, "DA939", "TRAINING_CLASSES", "", "lớp", None, 6))
    sheet = book.active
    assert sheet is not None
    sheet.row_dimensions[FIRST_ROW + 1].hidden = True
    submission = check(saved(book))
    assert figures(submission) == {"BaoCao!G13": "2238"}
    assert rules(submission) == [("ROW_HIDDEN", "BaoCao!G14")]


def test_one_sheet_carries_the_form_and_the_others_are_told(check: Check) -> None:
    book = workbook(STARTUP)
    book.create_sheet("Danh mục", 0)["B2"] = "DA939"
    book.create_sheet("Trống")
    submission = check(saved(book))
    assert figures(submission) == {"BaoCao!G13": "2238"}
    assert rules(submission) == [("SHEET_NOT_READ", "'Danh mục'!A1")]


def test_percent_cells_error_cells_and_formulas_are_seen_through_the_file(check: Check) -> None:
    book = workbook(
        (1, "ALL", "MEMBERSHIP_RATE_PCT", "", "%", None, None, None, None, 0.62),
        (2, "ALL", "MEMBERS_TOTAL", "", "", None, None, None, None, 620),
        (3, "ALL", "WOMEN_18_PLUS", "", "", None, None, None, None, 1000),
        (4, "ALL", "MEMBERS_ADMITTED", "", "", None, "=1/0", "#DIV/0!"),
    )
    sheet = book.active
    assert sheet is not None
    sheet["J13"].number_format = '0.0%;[Red]-0.0" %"'
    submission = check(saved(book))
    assert figures(submission)["BaoCao!J13"] == "62"
    assert rules(submission) == [("VALUE_FORMULA_EMPTY", "BaoCao!G16"), ("VALUE_ERROR_CELL", "BaoCao!H16")]


def test_a_quoted_per_cent_sign_is_no_percent_format(check: Check) -> None:
    book = workbook((1, "ALL", "MEMBERSHIP_RATE_PCT", "", "%", None, None, None, None, 62))
    sheet = book.active
    assert sheet is not None
    sheet["J13"].number_format = '0.0"%"'
    assert figures(check(saved(book)))["BaoCao!J13"] == "62"


def test_a_period_that_excel_made_a_date_is_the_month(check: Check, build: Build) -> None:
    submission = check(build(STARTUP, head={"Kỳ báo cáo": date(2024, 1, 1)}))
    assert submission.scope is not None
    assert submission.scope.period_code == "2024-01"
    assert rules(submission) == [("PERIOD_UNUSUAL", "BaoCao!B6")]


def test_periods_in_words(check: Check, build: Build) -> None:
    written: Mapping[Any, str] = {
        "Quý I/2024": "2024-Q1", "quý 1 năm 2024": "2024-Q1", "6 tháng đầu năm 2024": "2024-6M",
        "9 tháng 2024": "2024-9M",
        "Năm 2024": "2024", "01/2024": "2024-01", 2024: "2024", "2024–Q2": "2024-Q2", "t2021-2026-h1": "T2021-2026-H1",
    }  # fmt: skip
    for text, code in written.items():
        scope = check(build(STARTUP, head={"Kỳ báo cáo": text, "Từ ngày": None, "Đến ngày": None})).scope
        assert scope is not None, text
        assert scope.period_code == code


def test_calendar_dates_are_a_question_and_other_dates_a_contradiction(check: Check, build: Build) -> None:
    calendar = {"Từ ngày": date(2024, 1, 1), "Đến ngày": date(2024, 1, 31)}
    assert rules(check(build(STARTUP, head=calendar))) == [
        ("HEAD_DATES_DIFFER", "BaoCao!B7"), ("HEAD_DATES_DIFFER", "BaoCao!B8"),
    ]  # fmt: skip
    (finding,) = check(build(STARTUP, head={"Từ ngày": "15/12/2023", "Đến ngày": "14/02/2023"})).findings
    assert (finding.rule_id, finding.position) == ("HEAD_DATES_CONTRADICT", "BaoCao!B8")


def test_short_and_long_names_of_a_branch_are_one(check: Check, build: Build) -> None:
    for name in ("Hội Liên hiệp Phụ nữ tỉnh Quảng Ninh", "Quảng Ninh", "HỘI LHPN T. QUẢNG NINH"):
        assert rules(check(build(STARTUP, head={"Tên đơn vị": name}))) == [], name
    assert rules(check(build(STARTUP, head={"Tên đơn vị": "Hội LHPN tỉnh Thái Nguyên"}))) == [
        ("BRANCH_NAME_DIFFERS", "BaoCao!B5")
    ]


def test_a_district_ends_with_june_2025(check: Check, build: Build) -> None:
    head = {"Mã đơn vị": "P22-D200", "Tên đơn vị": None, "Từ ngày": None, "Đến ngày": None}
    assert rules(check(build(STARTUP, head=head))) == []
    submission = check(build((1, "ALL", "MEMBERS_ADMITTED", "", "", None, 5), head=head | {"Kỳ báo cáo": "2026-01"}))
    assert rules(submission) == [("BRANCH_NOT_VALID", "BaoCao!B4")]
    assert "30/06/2025" in submission.findings[0].message_vi


def test_a_code_with_a_lost_letter_is_proposed(check: Check, build: Build) -> None:
    (finding,) = check(build(STARTUP, head={"Mã đơn vị": 22})).findings
    assert (finding.rule_id, finding.value, finding.proposed) == ("BRANCH_UNKNOWN", "22", "P22")


def test_values_are_read_even_where_the_head_is_wrong(check: Check, build: Build) -> None:
    submission = check(build(STARTUP, head={"Kỳ báo cáo": "2024-13"}))
    assert submission.scope is None
    assert figures(submission) == {"BaoCao!G13": "2238"}


COMMUNE = {"Mã đơn vị": "P22-06895", "Tên đơn vị": None, "Kỳ báo cáo": "2025-08", "Từ ngày": None, "Đến ngày": None}


def several(*heads: Mapping[str, Any]) -> Workbook:
    """A workbook with a sheet of the form for each head."""
    book = workbook(STARTUP, head=heads[0])
    for number, head in enumerate(heads[1:], start=2):
        sheet = book.create_sheet(f"Xã {number}")
        for row in workbook(STARTUP, head=head)["BaoCao"].iter_rows():
            for cell in row:
                sheet[cell.coordinate] = cell.value
    return book


def test_a_sheet_a_commune_is_a_report_each(catalogue: Catalogue) -> None:
    book = several(COMMUNE, COMMUNE | {"Mã đơn vị": "P22-06931"}, COMMUNE | {"Kỳ báo cáo": "2025-09"})
    book["Xã 2"]["G13"] = "khoảng một"
    reports, findings = check_submission("P22.xlsx", saved(book), catalogue, TODAY)
    assert findings == ()
    assert [(each.scope.branch_code, each.scope.period_code) for each in reports if each.scope] == [
        ("P22-06895", "2025-08"), ("P22-06931", "2025-08"), ("P22-06895", "2025-09"),
    ]  # fmt: skip
    assert [[value.position for value in each.values] for each in reports] == [["BaoCao!G13"], [], ["'Xã 3'!G13"]]
    # What is wrong is told of the report that it is in.
    assert [[each.position for each in report.findings] for report in reports] == [[], ["'Xã 2'!G13"], []]


def test_of_several_forms_the_empty_ones_are_told_and_not_read(catalogue: Catalogue) -> None:
    book = several(COMMUNE, dict.fromkeys(HEAD))
    book["Xã 2"]["G13"] = None
    reports, findings = check_submission("P22.xlsx", saved(book), catalogue, TODAY)
    assert len(reports) == 1
    assert [(each.rule_id, each.position) for each in findings] == [("FORM_SHEET_EMPTY", "'Xã 2'!A1")]


def test_a_report_that_stands_in_the_file_twice_is_refused(catalogue: Catalogue) -> None:
    _, findings = check_submission("P22.xlsx", saved(several(COMMUNE, COMMUNE)), catalogue, TODAY)
    assert [(each.rule_id, each.position) for each in findings] == [("REPORT_TWICE", "'Xã 2'!A1")]
    assert "BaoCao!A1" in findings[0].message_vi


def test_each_sheet_of_several_is_marked_where_it_is_wrong(catalogue: Catalogue) -> None:
    book = several(COMMUNE, COMMUNE | {"Mã đơn vị": "P22-06931"})
    book["BaoCao"]["G13"], book["Xã 2"]["G13"] = "bảy", "6/8"
    content = saved(book)
    reports, _ = check_submission("P22.xlsx", content, catalogue, TODAY)
    marked = load_workbook(io.BytesIO(mark_workbook(content, [each for report in reports for each in report.findings])))
    for name in ("BaoCao", "Xã 2"):
        assert marked[name]["G13"].comment is not None
    assert [cell.value for cell in marked[MARKS_SHEET]["C"]][1:] == ["BaoCao!G13", "'Xã 2'!G13"]
