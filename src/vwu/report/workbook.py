"""`rollup.xlsx`: real numbers with formats, frozen heads, print areas, source and release on each sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vwu.report import wording
from vwu.report.beside import cautions, estimate_words, revised_words, stated
from vwu.report.wording import Words, said
from vwu.xlsx import Content, Look, Pen, column_letter, workbook_bytes

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from vwu.comparison import Cell
    from vwu.rollup import Credit, Figure, Release, Rollup, Submission, Target

_PLUM, _LINE = "8A1C4A", "D9C8D0"
_TITLE = Look(size=15, bold=True, ink=_PLUM)
_SOURCE = Look(size=10, ink="6B6B6B")
_HEADER = Look(bold=True, ink="FFFFFF", fill=_PLUM, line=_LINE, horizontal="center", wrap=True)
_WHOLE, _ANY, _PERCENT, _DAY, _TEXT = "#,##0", "#,##0.##", '0.0#"%"', "dd/mm/yyyy", "@"
_HEADER_ROW = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: its title, its width in characters and the format of its cells."""

    title: str
    width: float
    number_format: str = _TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's title, its columns, the first column that scrolls, and how many columns are printed (0: all)."""

    title: str
    columns: Sequence[Column]
    frozen_before: str
    printed: int = 0


def rollup_workbook(rollup: Rollup, units: Mapping[str, Words]) -> bytes:
    """The workbook of one period as .xlsx bytes, the same for the same roll-up; `units` are names of units by code."""
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    pen = Pen(workbook)
    workbook.properties.title = f"Tổng hợp toàn quốc {rollup.period.period_code}"
    workbook.properties.creator = f"vwu, bản phát hành {rollup.release.release_id}"
    nation = [_nation_row(rollup, each, units) for each in rollup.national]
    provinces = [_province_row(rollup, each, land, units) for each, land in _provincial(rollup.figures)]
    targets = [_target_row(each, units) for each in rollup.targets]
    _add(pen, rollup, Sheet("Toàn quốc", _NATION, "C", printed=1 + len(_FIGURE)), nation)
    _add(pen, rollup, Sheet("Theo tỉnh", _PROVINCES, "D", printed=2 + len(_FIGURE)), provinces)
    _add(pen, rollup, *_matrix(rollup, units))
    _add(pen, rollup, Sheet("Chỉ tiêu kế hoạch", _TARGETS, "C"), targets)
    _add(pen, rollup, Sheet("Tín dụng", _CREDIT, "C"), map(_credit_row, rollup.credit))
    _add(pen, rollup, Sheet("Độ phủ", _COVERAGE, "C"), map(_submission_row, rollup.submissions))
    _add(pen, rollup, Sheet("Ghi chú", _NOTES, "B"), _note_rows(rollup))
    return workbook_bytes(workbook)


# The columns after the last printed one are for looking up and filtering.
_FIGURE = (
    Column("Chỉ tiêu", 40), Column("Loại", 11), Column("Cách tính", 16), Column("Đơn vị tính", 11),
    Column("Số liệu", 18, _ANY), Column("Đọc là", 19), Column("Cùng kỳ năm trước", 18, _ANY),
    Column("Thay đổi", 10, _PERCENT), Column("Độ phủ", 9, _PERCENT), Column("Độ phủ hội viên", 10, _PERCENT),
    Column("Số đến ngày", 12, _DAY), Column("Ghi chú", 34),
)  # fmt: skip
_FIGURE_CODES = (
    Column("Không dưới", 19, _ANY), Column("Không quá", 19, _ANY), Column("Đơn vị đã báo cáo", 11, _WHOLE),
    Column("Đơn vị phải có", 11, _WHOLE), Column("Ước tính phần thiếu, ngoài số liệu", 19, _ANY),
    Column("Mã chương trình", 14), Column("Mã chỉ tiêu", 40),
)  # fmt: skip
_NATION = (Column("Chương trình", 14), *_FIGURE, *_FIGURE_CODES)
_PROVINCES = (
    Column("Tỉnh, thành phố", 23), Column("Chương trình", 14), *_FIGURE, *_FIGURE_CODES, Column("Mã tỉnh", 9),
    Column("Địa giới", 14),
)  # fmt: skip
_TARGETS = (
    Column("Chương trình", 15), Column("Chỉ tiêu", 52), Column("Phạm vi", 18), Column("Từ ngày", 12, _DAY),
    Column("Đến ngày", 12, _DAY), Column("Căn cứ", 32), Column("Đơn vị", 12), Column("Phải đạt", 21, _ANY),
    Column("Đã đạt", 21, _ANY), Column("Tỷ lệ", 10, _PERCENT), Column("Đánh giá", 20), Column("Theo kỳ", 16),
    Column("Độ phủ", 10, _PERCENT),
)  # fmt: skip
_CREDIT = (
    Column("Ngân hàng", 14), Column("Chương trình tín dụng", 46), Column("Tỉnh, thành phố", 22), Column("Tổ chức", 20),
    Column("Khoản vay", 11, _WHOLE), Column("Người vay", 11, _WHOLE), Column("Trong đó nữ", 11, _WHOLE),
    Column("Cho vay trong kỳ (đồng)", 20, _WHOLE), Column("Thu nợ trong kỳ (đồng)", 20, _WHOLE),
    Column("Dư nợ (đồng)", 20, _WHOLE), Column("Quá hạn (đồng)", 18, _WHOLE), Column("Khoanh (đồng)", 18, _WHOLE),
    Column("Nợ có rủi ro trên 30 ngày (đồng)", 20, _WHOLE), Column("Bảo vệ người vay", 30),
)  # fmt: skip
_COVERAGE = (
    Column("Mã đơn vị", 14), Column("Đơn vị", 40), Column("Cấp", 18), Column("Biểu", 8), Column("Phải nộp", 10),
    Column("Tình trạng", 16), Column("Hạn nộp", 12, _DAY), Column("Ngày nhận", 12, _DAY),
    Column("Số ngày muộn", 11, _WHOLE), Column("Biên nhận", 19),
)  # fmt: skip
_NOTES = (Column("Mục", 22), Column("Nội dung", 110))


def _nation_row(rollup: Rollup, figure: Figure, units: Mapping[str, Words]) -> tuple[Content, ...]:
    return (figure.programme_code, *_figure_cells(rollup, figure, units))


def _province_row(rollup: Rollup, figure: Figure, land: str, units: Mapping[str, Words]) -> tuple[Content, ...]:
    cells = _figure_cells(rollup, figure, units)
    return (figure.region_name, figure.programme_code, *cells, figure.region_code, land)


def _provincial(figures: Iterable[Figure]) -> Iterator[tuple[Figure, str]]:
    """Provincial figures with the boundaries that they hold in; one row where both say the same."""
    found: dict[Cell, dict[str, Figure]] = {}
    for figure in figures:
        if figure.level == "province":
            found.setdefault(figure.cell, {})[figure.boundary] = figure
    for sides in found.values():
        then, now = sides.get("as_reported"), sides.get("as_now")
        if then and now and stated(then) == stated(now):
            yield then, "cả hai"
            continue
        yield from ((each, _LANDS[each.boundary]) for each in (then, now) if each)


_LANDS = {"as_reported": "khi báo cáo", "as_now": "hiện nay"}


def _matrix(rollup: Rollup, units: Mapping[str, Words]) -> tuple[Sheet, Iterable[tuple[Content, ...]]]:
    """One row an indicator, one column a province, in the boundaries of the period."""
    own = [each for each in rollup.figures if each.level == "province" and each.boundary == "as_reported"]
    regions = sorted({(each.region_code, each.region_name) for each in own})
    values = {each.cell: each.value for each in own}
    columns = (
        Column("Chương trình", 14), Column("Chỉ tiêu", 48), Column("Cách tính", 18), Column("Đơn vị tính", 12),
        Column("Toàn quốc", 19, _ANY), *(Column(name, 15, _ANY) for _, name in regions),
    )  # fmt: skip
    rows = (
        (
            each.programme_code,
            each.name_vi if each.scenario == "actual" else f"{each.name_vi} (kế hoạch)",
            wording.words(wording.BASES, each.basis).vi,
            _unit_name(each.unit_code, units),
            each.value,
            *(values.get(each.cell._replace(region_code=code)) for code, _ in regions),
        )
        for each in rollup.national
    )
    return Sheet("Theo chương trình", columns, "F"), rows


def _figure_cells(rollup: Rollup, figure: Figure, units: Mapping[str, Words]) -> tuple[Content, ...]:
    told = said(figure)
    year_ago = rollup.beside.year_ago(figure.cell, rollup.period.period_code)
    if year_ago and year_ago.now.boundary != figure.boundary:
        year_ago = None
    revised = revised_words(rollup, figure) if figure.boundary == "as_reported" else None
    estimate = estimate_words(figure)
    notes = [figure.blocked_reason_vi or ""]
    notes += ["gần đúng, có phần là giới hạn"] if figure.is_approximate and told else []
    notes += ["có phần ước tính theo tỷ lệ chia địa giới"] if figure.is_estimated else []
    notes += [estimate.vi] if estimate else []
    notes += [f"đã điều chỉnh: {revised.vi}"] if revised else []
    notes += [f"so sánh: {caution.vi}" for caution in cautions(year_ago)] if year_ago else []
    return (
        figure.name_vi,
        wording.words(wording.SCENARIOS, figure.scenario).vi,
        wording.words(wording.BASES, figure.basis).vi,
        _unit_name(figure.unit_code, units),
        figure.value,
        told.vi if told else "không cộng",
        year_ago.then.exact if year_ago else None,
        year_ago.change_pct if year_ago else None,
        figure.coverage_pct,
        figure.coverage_members_pct,
        figure.data_to_date,
        "; ".join(note for note in notes if note),
        figure.lower_bound,
        figure.upper_bound,
        figure.branches_reported,
        figure.branches_expected,
        figure.missing_estimate,
        figure.programme_code,
        figure.indicator_code,
    )


def _unit_name(unit_code: str, units: Mapping[str, Words]) -> str:
    return {"VND": "đồng", "PERCENT": "%"}.get(unit_code) or units.get(unit_code, Words(unit_code, unit_code)).vi


def _target_row(target: Target, units: Mapping[str, Words]) -> tuple[Content, ...]:
    return (
        target.programme_code,
        target.name_vi,
        target.region_name,
        target.horizon_start,
        target.horizon_end,
        target.legal_basis,
        _unit_name(target.unit_code, units),
        target.target_value,
        target.actual_value,
        target.attained_pct,
        wording.words(wording.OUTCOMES, target.outcome).vi,
        target.as_of_period,
        target.coverage_pct,
    )


def _credit_row(credit: Credit) -> tuple[Content, ...]:
    return (
        credit.bank_code,
        credit.programme_name_vi,
        credit.province_name,
        wording.words(wording.ORGANISATIONS, credit.organisation).vi,
        credit.loans,
        credit.borrowers,
        credit.female_borrowers,
        credit.lent,
        credit.collected,
        credit.closing_balance,
        credit.overdue,
        credit.frozen,
        credit.par30_balance,
        "quá ít người: gộp hoặc không nêu" if credit.is_protected else "",
    )


def _submission_row(each: Submission) -> tuple[Content, ...]:
    return (
        each.branch_code,
        each.name_vi,
        wording.words(wording.LEVELS, each.level).vi,
        each.form,
        "có" if each.is_expected else "không",
        wording.words(wording.STATES, each.state).vi,
        each.due_date,
        each.received_at.date() if each.received_at else None,
        each.days_late,
        each.receipt_id,
    )


def _note_rows(rollup: Rollup) -> Iterable[tuple[Content, ...]]:
    release, period = rollup.release, rollup.period
    yield "Kỳ", f"{period.period_code}: {wording.day(period.start_date)} đến {wording.day(period.end_date)}"
    yield "Bản phát hành", _release_text(release)
    yield "Nguồn", "Báo cáo BM01 của các cấp Hội; sao kê của ngân hàng. Từng ô tra được bằng lệnh vwu trace."
    yield (
        "Giới hạn",
        "“Trên”, “dưới”, “gần”, “khoảng” được giữ như đơn vị báo cáo; tổng có phần như vậy là số giới hạn.",
    )
    yield (
        "Cách cộng",
        "Số phát sinh cộng qua các kỳ rời nhau; số lũy kế, số tại thời điểm lấy lần cuối; tỷ lệ tính lại.",
    )
    yield "Không cộng", "Số chưa rõ cách tính, tỷ lệ thiếu tử số hoặc mẫu số, số có thể trùng người: xem cột Ghi chú."
    for finding in rollup.findings[:500]:
        severity = wording.words(wording.SEVERITIES, finding.severity).vi
        yield f"Phát hiện: {severity}", f"{finding.file_name}: {finding.message_vi}"


def _release_text(release: Release) -> str:
    return f"Số {release.release_id}, {wording.day(release.published_at)}, vwu {release.code_version}"


def _add(pen: Pen, rollup: Rollup, plan: Sheet, rows: Iterable[tuple[Content, ...]]) -> None:
    """One sheet: what it is, which release, a header, the rows."""
    sheet: Worksheet = pen.workbook.create_sheet(plan.title)
    period = wording.period_name(rollup.period.period_code, rollup.period.period_kind)
    pen.write(sheet, 1, 1, f"{plan.title} – {period.vi}", _TITLE)
    days = f"{wording.day(rollup.period.start_date)} – {wording.day(rollup.period.end_date)}"
    status = wording.words(wording.STATUSES, rollup.status).vi
    source = (
        f"Hội Liên hiệp Phụ nữ Việt Nam · {days} · Bản phát hành {_release_text(rollup.release)} · Số liệu {status}"
    )
    pen.write(sheet, 2, 1, source, _SOURCE)
    for number, column in enumerate(plan.columns, start=1):
        pen.write(sheet, _HEADER_ROW, number, column.title, _HEADER)
        sheet.column_dimensions[column_letter(number)].width = column.width
    sheet.row_dimensions[_HEADER_ROW].height = 34
    last_row = _HEADER_ROW
    for last_row, row in enumerate(rows, start=_HEADER_ROW + 1):
        _row(pen, sheet, last_row, plan.columns, row)
    if last_row == _HEADER_ROW:
        last_row += 1
        pen.write(sheet, last_row, 1, "Không có số liệu cho kỳ này.", Look(italic=True))
    _page(sheet, plan, last_row, rollup)


def _row(pen: Pen, sheet: Worksheet, row: int, columns: Sequence[Column], contents: Sequence[Content]) -> None:
    stripe = "FCF8FA" if row % 2 else ""
    for number, (column, content) in enumerate(zip(columns, contents, strict=True), start=1):
        pen.write(sheet, row, number, content, _look(_format_of(content, column.number_format), stripe))
    lines = (_line_count(content, column.width) for column, content in zip(columns, contents, strict=True))
    sheet.row_dimensions[row].height = 4 + 14.5 * max(lines)


def _look(number_format: str, stripe: str) -> Look:
    is_text = number_format == _TEXT
    return Look(
        fill=stripe, line=_LINE, horizontal="left" if is_text else "right", vertical="top", wrap=is_text,
        indent=int(is_text), number_format=number_format,
    )  # fmt: skip


def _line_count(content: Content, width: float) -> int:
    """Lines that a text takes in a column; said outright, since not every program fits a row to its text."""
    return max(1, -(-len(content) // max(int(width * 1.25) - 3, 1))) if isinstance(content, str) else 1


def _format_of(content: Content, number_format: str) -> str:
    """Whole numbers without an empty decimal point; text stays text."""
    is_whole = isinstance(content, (int, Decimal)) and content == int(content)
    return _WHOLE if number_format == _ANY and is_whole else number_format


def _page(sheet: Worksheet, plan: Sheet, last_row: int, rollup: Rollup) -> None:
    from openpyxl.worksheet.page import PageMargins
    from openpyxl.worksheet.properties import PageSetupProperties

    last_column = column_letter(len(plan.columns))
    sheet.freeze_panes = f"{plan.frozen_before}{_HEADER_ROW + 1}"
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = _PLUM
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.auto_filter.ref = f"A{_HEADER_ROW}:{last_column}{last_row}"
    sheet.print_area = f"A1:{column_letter(plan.printed or len(plan.columns))}{last_row}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    footer = sheet.oddFooter
    assert footer is not None
    assert footer.left is not None
    assert footer.right is not None
    footer.left.text = f"Nguồn: kho dữ liệu Hội LHPN Việt Nam, bản phát hành {rollup.release.release_id}"
    footer.right.text = "Trang &P/&N"
