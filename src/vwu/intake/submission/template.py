"""The workbook that a branch fills: form BM01 version 1 (INTERFACES 2.1), prefilled, protected, in Vietnamese.

`write_template` takes everything from the catalogue; `write_form` draws a form whose lines are already known.
The same input gives the same bytes, because a receipt is known by its content (ARCHITECTURE D4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.intake.model import Quantity
from vwu.intake.submission.values import format_value
from vwu.language import phrase
from vwu.xlsx import Content, Look, Pen, column_letter, workbook_bytes

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from vwu.catalogue import Catalogue
    from vwu.intake.submission.history import History

FORM, FORM_VERSION, SHEET = "BM01", "1", "BaoCao"
COLUMNS = (
    "STT", "Mã chương trình", "Mã chỉ tiêu", "Chỉ tiêu", "Đơn vị tính", "Kế hoạch", "Trong kỳ",
    "Lũy kế năm", "Lũy kế chương trình", "Tại thời điểm", "Ghi chú",
)  # fmt: skip
# (scenario, basis) -> the column where such a value is written.
FIGURE_COLUMNS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("plan", "in_period"): "Kế hoạch",
        ("actual", "in_period"): "Trong kỳ",
        ("actual", "year_to_date"): "Lũy kế năm",
        ("actual", "programme_to_date"): "Lũy kế chương trình",
        ("actual", "as_of"): "Tại thời điểm",
    }
)
HEAD_ROW, HEADER_ROW, FIRST_ROW = 3, 13, 14

# Beside the cells to fill, when the history is given: what the branch reported for the period before.
EARLIER_COLUMN = "Kỳ trước"

_WIDTHS = (13, 13, 30, 52, 15, 16, 16, 16, 16, 16, 30, 28)
_PLUM, _ROSE, _INPUT, _CLOSED, _LINE, _GREY = (
    "8A1C4A", "F8E8EF", "FFFBE8", "E9E9E9", "B9A6AF", "6B6B6B",
)  # fmt: skip
_TITLE = "BÁO CÁO KẾT QUẢ THỰC HIỆN CHƯƠNG TRÌNH, ĐỀ ÁN CỦA CÁC CẤP HỘI"
_SUBTITLE = "Hội Liên hiệp Phụ nữ Việt Nam · Kho dữ liệu chương trình · Biểu BM01"
_GUIDE = (
    "CÁCH GHI BIỂU",
    "•  Chỉ ghi vào ô nền vàng; ô xám không dùng cho chỉ tiêu đó. Không thêm, xóa, đổi tên cột.",
    "•  Số đếm: 2.238 hoặc 2238. Tiền: ghi kèm đơn vị, ví dụ 2,3 tỷ đồng; 8.744 triệu đồng. Tỷ lệ: 85,5%.",
    "•  Số chưa chính xác thì ghi đúng như biết: trên 18.000; gần 2,3 tỷ đồng; khoảng 500.",
    "•  Để trống = chưa có số liệu.   0 = có theo dõi, bằng không.   - = không có.   x = không áp dụng.",
    "•  Không ghi phân số (6/8), không ghi công thức; hai số khác nhau thì ghi hai dòng.",
    "•  Lũy kế năm: từ đầu năm công tác. Lũy kế chương trình: từ khi bắt đầu đề án. Tại thời điểm: số có ngày cuối kỳ.",
    "•  Kiểm tra trước khi gửi (không cần mạng):  vwu check <tên tệp>",
)
_EXAMPLES = {True: "2.238; trên 18.000; 2,3 tỷ đồng", False: "85,5%"}  # whole units or not
_NOTES = "Số chính thức,Số sơ bộ,Có văn bản giải trình kèm theo,Chưa có số của đơn vị trực thuộc"


@dataclass(frozen=True, slots=True)
class FormHead:
    """Who reports on what period. Dates are inclusive."""

    branch_code: str
    branch_name: str
    period_code: str
    start_date: date
    end_date: date
    prepared_by: str = ""
    prepared_on: date | None = None


@dataclass(frozen=True, slots=True)
class FormLine:
    """One indicator to report on. `bases` are the bases that the indicator accepts; the other columns are closed."""

    programme_code: str
    indicator_code: str
    label: str
    unit_name: str
    is_whole: bool
    bases: frozenset[str]
    definition: str = ""


@dataclass(frozen=True, slots=True)
class FormValue:
    """What stands in one cell: text as a person types it, a native number, or (a slip of Excel) a date."""

    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    content: str | int | float | Decimal | date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a branch reported for the last period of the same kind, as text by programme and indicator."""

    period_code: str
    figures: Mapping[tuple[str, str], str]


def earlier_figures(catalogue: Catalogue, period_code: str, history: History) -> Earlier | None:
    """The results of the last period before this one, of the same kind, in the notation of the form; None of none."""
    now = catalogue.period(period_code)
    known = {each.period_code: catalogue.period(each.period_code) for each in history.past}
    before = [
        period
        for period in known.values()
        if now and period and period.period_kind == now.period_kind and period.end_date < now.start_date
    ]
    if not before:
        return None
    last = max(before, key=lambda period: period.end_date)
    figures: dict[tuple[str, str], str] = {}
    for scenario_and_basis, column in FIGURE_COLUMNS.items():
        for each in history.past:
            indicator = catalogue.indicator(each.indicator_code)
            if each.period_code != last.period_code or (each.scenario, each.basis) != scenario_and_basis:
                continue
            if indicator is None or each.scenario != "actual" or each.value_state not in ("reported", "nil"):
                continue
            quantity = Quantity(each.value, each.qualifier, each.lower_bound, each.upper_bound, each.value_state)
            text = f"{column}: {format_value(quantity, catalogue.units[indicator.unit_code])}"
            place = (each.programme_code, each.indicator_code)
            figures[place] = f"{figures[place]}\n{text}" if place in figures else text
    return Earlier(last.period_code, figures)


def write_template(
    catalogue: Catalogue,
    branch_code: str,
    period_code: str,
    values: Sequence[FormValue] = (),
    *,
    prepared_by: str = "",
    prepared_on: date | None = None,
    history: History | None = None,
) -> bytes:
    """Form BM01 for one branch and period, with every indicator that the branch may report on in that period.

    With a history, what was reported for the period before stands in grey beside the cells, and is never read back.
    Raises LookupError when the catalogue does not know the branch or the period, or a value has no line.
    """
    head = form_head(catalogue, branch_code, period_code, prepared_by, prepared_on)
    earlier = earlier_figures(catalogue, period_code, history) if history else None
    return write_form(head, form_lines(catalogue, branch_code, period_code), values, earlier)


def form_head(
    catalogue: Catalogue, branch_code: str, period_code: str, prepared_by: str = "", prepared_on: date | None = None
) -> FormHead:
    """Names and dates of a branch and period. Raises LookupError with the reason."""
    period = catalogue.period(period_code)
    if period is None:
        raise LookupError(phrase(f"không có kỳ báo cáo {period_code}", f"there is no reporting period {period_code}"))
    branch = catalogue.branch(branch_code, period.end_date)
    if branch is None:
        absence = catalogue.explain_absence(branch_code, period.end_date)
        assert absence is not None
        raise LookupError(phrase(absence.reason_vi, absence.reason_en))
    return FormHead(
        branch_code, branch.name_vi, period_code, period.start_date, period.end_date, prepared_by, prepared_on
    )


def form_lines(catalogue: Catalogue, branch_code: str, period_code: str) -> tuple[FormLine, ...]:
    """What a known branch may report on for a known period, in the order of the catalogue's programmes."""
    period = catalogue.period(period_code)
    branch = catalogue.branch(branch_code, period.end_date) if period else None
    if period is None or branch is None:
        return ()
    return tuple(
        FormLine(
            programme_code=programme.programme_code,
            indicator_code=indicator.indicator_code,
            label=indicator.name_vi,
            unit_name=catalogue.units[indicator.unit_code].name_vi,
            is_whole=catalogue.units[indicator.unit_code].is_whole,
            bases=frozenset(indicator.bases),
            definition=indicator.definition_vi,
        )
        for programme, indicator in catalogue.form_rows(branch, period)
    )


def write_form(
    head: FormHead, lines: Sequence[FormLine], values: Iterable[FormValue] = (), earlier: Earlier | None = None
) -> bytes:
    """The .xlsx file of one form: head, lines and what is already filled in."""
    from openpyxl import Workbook

    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = SHEET
    workbook.properties.title = f"Biểu {FORM} {head.branch_code} {head.period_code}"
    workbook.properties.creator = "vwu template"
    pen = Pen(workbook)
    last_row = FIRST_ROW + max(len(lines), 1) - 1
    _draw_head(pen, sheet, head)
    _draw_header(pen, sheet)
    for number, line in enumerate(lines, start=1):
        _draw_line(pen, sheet, number, line, _starts_programme(lines, number - 1))
    if earlier is not None:
        _draw_earlier(pen, sheet, lines, earlier)
    _fill(sheet, lines, values)
    _set_page(sheet, head, last_row, "L" if earlier else "K")
    return workbook_bytes(workbook, f"B{HEAD_ROW}:B{HEAD_ROW + 8} F{FIRST_ROW}:J{last_row}")


def _starts_programme(lines: Sequence[FormLine], index: int) -> bool:
    return index == 0 or lines[index - 1].programme_code != lines[index].programme_code


def _draw_head(pen: Pen, sheet: Worksheet, head: FormHead) -> None:
    """Title, the nine labelled values in columns A and B, and the guide beside them."""
    pen.write(sheet, 1, 1, _TITLE, Look(size=15, bold=True, ink=_PLUM))
    pen.write(sheet, 2, 1, _SUBTITLE, Look(ink=_GREY))
    rows: tuple[tuple[str, Content], ...] = (
        ("Mã biểu", FORM),
        ("Phiên bản", FORM_VERSION),
        ("Mã đơn vị", head.branch_code),
        ("Tên đơn vị", head.branch_name),
        ("Kỳ báo cáo", head.period_code),
        ("Từ ngày", head.start_date),
        ("Đến ngày", head.end_date),
        ("Người lập", head.prepared_by or None),
        ("Ngày lập", head.prepared_on),
    )
    for row, (label, value) in enumerate(rows, start=HEAD_ROW):
        pen.write(sheet, row, 1, label, Look(bold=True, fill=_ROSE, line=_LINE))
        sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=4)
        is_open = label in ("Người lập", "Ngày lập")
        number_format = "dd/mm/yyyy" if label in ("Từ ngày", "Đến ngày", "Ngày lập") else "@"
        look = Look(
            fill=_INPUT if is_open else "", line=_LINE, horizontal="left", number_format=number_format, is_open=is_open,
            indent=1,
        )  # fmt: skip
        for column in (2, 3, 4):
            pen.write(sheet, row, column, value if column == 2 else None, look)
    sheet.merge_cells(start_row=HEAD_ROW, end_row=HEAD_ROW + 8, start_column=6, end_column=len(COLUMNS))
    guide = Look(size=10.5, ink="3B3B3B", fill="FAF6F8", horizontal="left", wrap=True, indent=1)
    pen.write(sheet, HEAD_ROW, 6, "\n".join(_GUIDE), guide)
    _check_head(sheet)


def _check_head(sheet: Worksheet) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    prepared = DataValidation(
        type="date", operator="greaterThanOrEqual", formula1="DATE(2015,1,1)", allow_blank=True,
        promptTitle="Ngày lập", prompt="Ngày/tháng/năm, ví dụ 20/01/2024.", showInputMessage=True,
        errorTitle="Ngày lập chưa đúng", error="Hãy ghi ngày theo dạng ngày/tháng/năm.", showErrorMessage=True,
    )  # fmt: skip
    prepared.add(f"B{HEAD_ROW + 8}")
    author = DataValidation(
        type="textLength", operator="lessThanOrEqual", formula1="100", allow_blank=True, showInputMessage=True,
        promptTitle="Người lập", prompt="Họ tên, chức vụ người lập biểu.", showErrorMessage=True,
        errorTitle="Quá dài", error="Tối đa 100 ký tự.",
    )  # fmt: skip
    author.add(f"B{HEAD_ROW + 7}")
    sheet.add_data_validation(prepared)
    sheet.add_data_validation(author)


def _draw_header(pen: Pen, sheet: Worksheet) -> None:
    sheet.merge_cells(start_row=HEADER_ROW - 1, end_row=HEADER_ROW - 1, start_column=7, end_column=10)
    above = Look(size=10, bold=True, ink=_PLUM, fill=_ROSE, line=_LINE, horizontal="center")
    for column in range(7, 11):
        pen.write(sheet, HEADER_ROW - 1, column, "Số thực hiện" if column == 7 else None, above)
    header = Look(bold=True, ink="FFFFFF", fill=_PLUM, line=_LINE, horizontal="center", wrap=True)
    for column, (title, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=False), start=1):
        pen.write(sheet, HEADER_ROW, column, title, header)
        sheet.column_dimensions[column_letter(column)].width = width


def _draw_earlier(pen: Pen, sheet: Worksheet, lines: Sequence[FormLine], earlier: Earlier) -> None:
    """The grey column behind the notes: to compare with, closed, and not read."""
    column = len(COLUMNS) + 1
    header = Look(size=10, italic=True, ink=_GREY, fill=_CLOSED, line=_LINE, horizontal="center", wrap=True)
    grey = Look(size=9, italic=True, ink=_GREY, line=_LINE, horizontal="right", wrap=True)
    sheet.column_dimensions[column_letter(column)].width = _WIDTHS[-1]
    title = f"{EARLIER_COLUMN} ({earlier.period_code}, để đối chiếu)"
    pen.write(sheet, HEADER_ROW, column, title, header)
    for number, line in enumerate(lines):
        text = earlier.figures.get((line.programme_code, line.indicator_code))
        top = _PLUM if _starts_programme(lines, number) else ""
        pen.write(sheet, FIRST_ROW + number, column, text, replace(grey, top_line=top))
        dimension = sheet.row_dimensions[FIRST_ROW + number]
        dimension.height = max(dimension.height or 0, 6 + 12 * len((text or "").split("\n")))


def _draw_line(pen: Pen, sheet: Worksheet, number: int, line: FormLine, is_first: bool) -> None:
    """One indicator: prefilled codes and label, the cells that it accepts open, the others closed and grey.

    A programme's first line has a strong rule above it.
    """
    row = FIRST_ROW + number - 1
    base = Look(line=_LINE, top_line=_PLUM if is_first else "")
    code = replace(base, size=8, ink=_GREY, shrink=True)
    prefilled: tuple[tuple[Content, Look], ...] = (
        (number, replace(base, horizontal="center")),
        (line.programme_code, replace(code, bold=is_first)),
        (line.indicator_code, code),
        (line.label, replace(base, horizontal="left", wrap=True, indent=1)),
        (line.unit_name, replace(base, horizontal="center", wrap=True)),
    )
    for column, (content, look) in enumerate(prefilled, start=1):
        pen.write(sheet, row, column, content, look)
    for (scenario, basis), title in FIGURE_COLUMNS.items():
        is_open = scenario == "plan" or basis in line.bases
        # Text, so that what is typed stays what was typed, on every locale of Excel.
        figure = replace(
            base, fill=_INPUT if is_open else _CLOSED, horizontal="right", number_format="@", is_open=is_open
        )
        pen.write(sheet, row, COLUMNS.index(title) + 1, None, figure)
    pen.write(sheet, row, len(COLUMNS), None, replace(base, size=10, fill=_INPUT, wrap=True, is_open=True))
    line_count = max(-(-len(line.label) // 60), -(-len(line.unit_name) // 16))
    sheet.row_dimensions[row].height = 6 + 15 * line_count
    _check_line(sheet, row, line)


def _check_line(sheet: Worksheet, row: int, line: FormLine) -> None:
    """Number checks and the input message of one line's figures; a drop-down of usual notes."""
    from openpyxl.worksheet.datavalidation import DataValidation

    cell = f"F{row}"
    number_check = f"AND({cell}>=0,{cell}=INT({cell}))" if line.is_whole else f"{cell}>=0"
    figure = DataValidation(
        type="custom", allow_blank=True, showInputMessage=True, showErrorMessage=True,
        formula1=f'IF(ISNUMBER({cell}),{number_check},AND(LEN({cell})<=80,ISERROR(FIND("/",{cell})),ISERROR(FIND("#",{cell}))))',
        promptTitle=_shorten(f"{line.programme_code} · {line.unit_name}", 32),
        prompt=_shorten(line.definition or line.label, 255),
        errorTitle="Số liệu chưa đúng",
        error=f"Ghi số không âm, ví dụ {_EXAMPLES[line.is_whole]}. Không ghi phân số, ngày tháng hay lỗi công thức.",
    )  # fmt: skip
    figure.add(f"F{row}:J{row}")
    sheet.add_data_validation(figure)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _fill(sheet: Worksheet, lines: Sequence[FormLine], values: Iterable[FormValue]) -> None:
    """Write the given values and their notes. Raises LookupError for a value that no line has."""
    rows = {(line.programme_code, line.indicator_code): row for row, line in enumerate(lines, start=FIRST_ROW)}
    for value in values:
        place = (value.programme_code, value.indicator_code)
        if place not in rows:
            raise LookupError(
                phrase(
                    f"biểu không có dòng cho chương trình {place[0]}, chỉ tiêu {place[1]}",
                    f"the form has no line for programme {place[0]}, indicator {place[1]}",
                )
            )
        column = COLUMNS.index(FIGURE_COLUMNS[value.scenario, value.basis]) + 1
        cell = sheet.cell(rows[place], column, value.content)
        cell.number_format = _number_format(value.content)
        if value.note:
            sheet.cell(rows[place], len(COLUMNS), value.note)


def _number_format(content: str | int | float | Decimal | date) -> str:
    if isinstance(content, str):
        return "@"
    if isinstance(content, date):
        return "d/m/yyyy"
    return "#,##0" if content == int(content) else "#,##0.###"


def _set_page(sheet: Worksheet, head: FormHead, last_row: int, last_column: str) -> None:
    """Freeze, protect and paginate: A4 landscape, one page wide, the header repeated."""
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.page import PageMargins
    from openpyxl.worksheet.properties import PageSetupProperties

    notes = DataValidation(
        type="list", formula1=f'"{_NOTES}"', allow_blank=True, showErrorMessage=False, showInputMessage=True,
        promptTitle="Ghi chú", prompt="Chọn trong danh sách hoặc ghi tự do: nguồn số, lý do tăng giảm, phạm vi.",
    )  # fmt: skip
    notes.add(f"K{FIRST_ROW}:K{last_row}")
    sheet.add_data_validation(notes)
    for row in range(1, HEADER_ROW + 1):
        sheet.row_dimensions[row].height = {1: 26, HEADER_ROW: 34}.get(row, 18)
    sheet.freeze_panes = f"E{FIRST_ROW}"
    sheet.sheet_view.showGridLines = False
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_properties.tabColor = _PLUM
    sheet.print_area = f"A1:{last_column}{last_row}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.75)
    footer = sheet.oddFooter
    assert footer is not None
    assert footer.left is not None
    assert footer.right is not None
    footer.left.text = f"Biểu {FORM} · {head.branch_code} · {head.period_code}"
    footer.right.text = "Trang &P/&N"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
