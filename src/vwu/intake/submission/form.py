"""Finds form BM01 in a workbook as people send it: its head, its table, its lines; and says what was not read.

Labels are known by their normal form wherever they stand. What is understood becomes a line; what is not becomes a
finding with its cell. Hidden content is never read silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.entries import FIGURE_COLUMNS, Figure, HeadField, Line, Paper, Place
from vwu.intake.submission.text import clean, match_key
from vwu.intake.submission.values import Content
from vwu.intake.submission.workbook import Sheet, in_unicode

# Head labels by their normal form -> the field. The last one is optional: it settles `2.238 tỷ` for the whole file.
_HEAD_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "ma bieu": "form", "phien ban": "form_version", "ma don vi": "branch_code", "ten don vi": "branch_name",
        "ky bao cao": "period_code", "tu ngay": "start_date", "den ngay": "end_date", "nguoi lap": "prepared_by",
        "ngay lap": "prepared_on", "dau thap phan": "decimal_mark",
    }
)  # fmt: skip
_COLUMN_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "stt": "STT", "tt": "STT", "so tt": "STT", "ma chuong trinh": "Mã chương trình", "ma chi tieu": "Mã chỉ tiêu",
        "chi tieu": "Chỉ tiêu", "ten chi tieu": "Chỉ tiêu", "don vi tinh": "Đơn vị tính", "dvt": "Đơn vị tính",
        "ke hoach": "Kế hoạch", "trong ky": "Trong kỳ", "thuc hien trong ky": "Trong kỳ", "luy ke nam": "Lũy kế năm",
        "luy ke tu dau nam": "Lũy kế năm", "luy ke chuong trinh": "Lũy kế chương trình",
        "luy ke tu dau chuong trinh": "Lũy kế chương trình", "tai thoi diem": "Tại thời điểm", "ghi chu": "Ghi chú",
    }
)  # fmt: skip
# The form's own column of the period before: written to compare with, never read.
_EARLIER = "ky truoc"
_SUBTOTALS = frozenset(("tong", "tong cong", "cong", "tong so", "cong don"))
_SIGNATURE = re.compile(
    r"\bngay .*thang .*nam\b|\bnguoi lap\b|\bthu truong\b|\b(pho )?chu tich\b|\btm ban\b|\bnoi nhan\b|\bky ten\b"
)
_NUMBERING = re.compile(r"\(?(?:[0-9]{1,2}|[a-z])\)?(?:=.*)?")
# The list that a marked workbook carries; it may come back with the corrected form.
MARKS_SHEET = "Lỗi"
_MIN_LABELS, _ALL_LABELS = 3, len(set(_COLUMN_LABELS.values()))
# How far to the right of its label a head value may stand: labels are often merged over some columns.
_HEAD_REACH = 6
# Headings between the lines may name the programme of the lines below; a few levels are kept.
_HEADINGS_KEPT = 7


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the table stands: the column of each label, the first line, and columns with labels nobody knows."""

    columns: Mapping[str, int]
    header_row: int
    first_row: int
    unknown: Mapping[int, str]
    repeated: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A sheet that carries the form: its head and its table."""

    sheet: Sheet
    head: Mapping[str, HeadField]
    table: _Table


def read_form(name: str, sheets: tuple[Sheet, ...]) -> tuple[tuple[Paper, ...], tuple[Finding, ...]]:
    """A paper of each visible sheet that carries the form, and what is told of the other sheets.

    Of several forms, those without a figure are told and not read: who has nothing to report says so.
    """
    converted = {sheet.name: in_unicode(sheet) for sheet in sheets}
    sheets = tuple(sheet for sheet, _ in converted.values())
    found = [each for sheet in sheets if (each := _find(sheet)) is not None]
    visible = [each for each in found if not each.sheet.is_hidden]
    if not visible:
        hidden = [each.sheet for each in found]
        if hidden:
            return (), (finding("FORM_SHEET_HIDDEN", position=hidden[0].position(0, 0), value=hidden[0].name),)
        return (), (finding("FORM_NOT_FOUND", position=name, value=name, sheets=", ".join(s.name for s in sheets)),)
    papers = {each.sheet.name: _paper(each, converted[each.sheet.name][1]) for each in visible}
    read = {sheet: paper for sheet, paper in papers.items() if not paper.is_blank} or papers
    told = [
        finding("FORM_SHEET_EMPTY", position=paper.place.position, value=sheet)
        for sheet, paper in papers.items()
        if sheet not in read
    ]
    return tuple(read.values()), (*told, *_other_sheets(sheets, list(papers)))


def _paper(found: _Found, legacy: tuple[Finding, ...]) -> Paper:
    reader = _LineReader(found)
    lines = tuple(reader.read())
    findings = (*legacy, *_columns(found), *reader.findings)
    return Paper(found.head, lines, Place(found.sheet.position(0, 0)), findings)


def _find(sheet: Sheet) -> _Found | None:
    table = _find_table(sheet)
    return _Found(sheet, _read_head(sheet, table.header_row), table) if table else None


# --- head -----------------------------------------------------------------------------------------------------------


def _read_head(sheet: Sheet, end: int) -> dict[str, HeadField]:
    """The labelled values above the table; the first of a label counts."""
    head: dict[str, HeadField] = {}
    for row in range(end):
        for column in sheet.filled(row):
            label, _, behind = sheet.text(row, column).partition(":")
            name = _HEAD_LABELS.get(match_key(label))
            if name is None or name in head:
                continue
            if behind.strip():
                head[name] = HeadField(behind.strip(), Place(sheet.position(row, column), clean(label)))
            else:
                head |= _value_beside(sheet, row, column, name, clean(label))
    return head


def _value_beside(sheet: Sheet, row: int, column: int, name: str, label: str) -> dict[str, HeadField]:
    """The value in the next filled cell to the right, unless that is a label itself."""
    for beside in sheet.filled(row):
        if not column < beside <= column + _HEAD_REACH:
            continue
        if match_key(sheet.text(row, beside)) in _HEAD_LABELS:
            return {}
        return {name: HeadField(_head_content(sheet, row, beside), Place(sheet.position(row, beside), label))}
    return {}


def _head_content(sheet: Sheet, row: int, column: int) -> str | date:
    content: Content = sheet.cell(row, column).content
    if isinstance(content, datetime):
        return content.date()
    return content if isinstance(content, date) else sheet.text(row, column)


# --- table ----------------------------------------------------------------------------------------------------------


def _find_table(sheet: Sheet) -> _Table | None:
    """The row with the most known labels, at least three, one of a column of figures and one that names the line."""
    best: dict[str, int] = {}
    header_row = -1
    for row in range(min(sheet.height, 200)):
        labels = _labels(sheet, row)
        if len(labels) > len(best):
            best, header_row = labels, row
        if len(best) == _ALL_LABELS:
            break  # no row can have more
    if len(best) < _MIN_LABELS or not best.keys() & {"Mã chỉ tiêu", "Chỉ tiêu"}:
        return None
    first_row = header_row + 1
    # A header over two rows: labels that span both stand in the upper one, the others in the lower one.
    for other in (header_row - 1, header_row + 1):
        free = {name: column for name, column in _labels(sheet, other).items() if column not in best.values()}
        if free and not (free.keys() & best.keys()):
            best = best | free
            first_row = max(first_row, other + 1)
    if not best.keys() & FIGURE_COLUMNS.keys():
        return None
    header_rows = range(min(header_row, first_row - 1), first_row)
    return _Table(best, header_row, first_row, *_other_columns(sheet, best, header_rows))


def _labels(sheet: Sheet, row: int) -> dict[str, int]:
    """The known labels of a row and their columns; the first of a label counts."""
    found: dict[str, int] = {}
    if row >= 0:
        for column in sheet.filled(row):
            name = _COLUMN_LABELS.get(match_key(sheet.text(row, column)))
            if name is not None:
                found.setdefault(name, column)
    return found


def _other_columns(sheet: Sheet, known: Mapping[str, int], rows: range) -> tuple[dict[int, str], tuple[int, ...]]:
    """Labelled columns that the form does not have, and columns that repeat a label of the form."""
    unknown: dict[int, str] = {}
    repeated: list[int] = []
    for row in rows:
        for column in sheet.filled(row):
            if column in known.values():
                continue
            label = sheet.text(row, column)
            if match_key(label) in _COLUMN_LABELS:
                repeated.append(column)
            elif not match_key(label).startswith(_EARLIER):
                unknown[column] = label
    return unknown, tuple(repeated)


def _other_sheets(sheets: tuple[Sheet, ...], forms: list[str]) -> Iterator[Finding]:
    for sheet in sheets:
        if sheet.name not in (*forms, MARKS_SHEET) and any(sheet.filled(row) for row in range(sheet.height)):
            rule_id = "SHEET_HIDDEN_NOT_READ" if sheet.is_hidden else "SHEET_NOT_READ"
            yield finding(rule_id, position=sheet.position(0, 0), value=sheet.name, form_sheet=", ".join(forms))


def _columns(found: _Found) -> Iterator[Finding]:
    """What is odd about the table's columns: unknown ones, repeated ones, hidden ones with something in them."""
    sheet, table = found.sheet, found.table
    for column, label in table.unknown.items():
        yield finding(
            "COLUMN_UNKNOWN", position=sheet.position(table.header_row, column), column=label, value=label,
            known=", ".join(FIGURE_COLUMNS),
        )  # fmt: skip
    for column in table.repeated:
        label = sheet.text(table.header_row, column)
        yield finding("COLUMN_TWICE", position=sheet.position(table.header_row, column), column=label, value=label)
    for label, column in table.columns.items():
        if label in FIGURE_COLUMNS and column in sheet.facts.hidden_columns:
            rows = [row for row in range(table.first_row, sheet.height) if column in sheet.filled(row)]
            if rows:
                yield finding("COLUMN_HIDDEN", position=sheet.position(rows[0], column), column=label, value=label)


# --- lines ----------------------------------------------------------------------------------------------------------


class _LineReader:
    """Reads the lines of the table; collects findings about rows that are no lines."""

    def __init__(self, found: _Found) -> None:
        self.sheet, self.columns = found.sheet, found.table.columns
        self.first_row = found.table.first_row
        hidden = found.sheet.facts.hidden_columns
        self.figures = {
            name: column for name, column in self.columns.items() if name in FIGURE_COLUMNS and column not in hidden
        }
        self.findings: list[Finding] = []
        self.headings: tuple[str, ...] = ()
        self.above = self._merged_texts()
        self._report_merged_figures()

    def read(self) -> Iterator[Line]:
        """The lines that name an indicator, by code or by label."""
        is_over = False
        for row in range(self.first_row, self.sheet.height):
            filled = self.sheet.filled(row)
            if not filled or (row == self.first_row and self._is_numbering(row, filled)):
                continue
            code, label = self._text(row, "Mã chỉ tiêu"), self._text(row, "Chỉ tiêu")
            figures = [name for name, column in self.figures.items() if column in filled]
            is_over = is_over or (not code and self._is_signature(row, filled))
            if is_over and not code:
                self._report_after_end(row, figures)
            elif row in self.sheet.facts.hidden_rows:
                self._report_hidden(row, figures)
            elif not figures and not code and label:
                self.headings = (*self.headings[-_HEADINGS_KEPT:], label)
            elif self._is_subtotal(code, label, row):
                self._report_subtotal(row, figures)
            elif code or label:
                yield self._line(row, code, label, figures)
            elif figures:
                self._report("ROW_WITHOUT_INDICATOR", row, figures[0])

    def _line(self, row: int, code: str, label: str, filled: list[str]) -> Line:
        named_by = "Mã chỉ tiêu" if code or "Chỉ tiêu" not in self.columns else "Chỉ tiêu"
        figures = tuple(
            Figure(
                *FIGURE_COLUMNS[name], self.sheet.cell(row, self.figures[name]),
                Place(self.sheet.position(row, self.figures[name]), name),
            )
            for name in filled or self.figures
        )  # fmt: skip
        return Line(
            programme=self._text(row, "Mã chương trình"), indicator=code, label=label,
            unit=self._text(row, "Đơn vị tính"), figures=figures, indicator_place=self._place(row, named_by),
            programme_place=self._place(row, "Mã chương trình"), unit_place=self._place(row, "Đơn vị tính"),
            note=self._text(row, "Ghi chú"), headings=self.headings,
        )  # fmt: skip

    def _text(self, row: int, name: str) -> str:
        """The text of a named column; in a cell merged over several lines, the text of the first of them."""
        column = self.columns.get(name)
        if column is None:
            return ""
        return self.sheet.text(row, column) or self.above.get((row, column), "")

    def _merged_texts(self) -> dict[tuple[int, int], str]:
        """Texts of codes and units that one merged cell gives to several lines. Figures are never spread so."""
        names = ("Mã chương trình", "Đơn vị tính", "Ghi chú")
        columns = {self.columns[name] for name in names if name in self.columns}
        texts = {}
        for (top, left), (bottom, right) in self.sheet.merged:
            if left == right and left in columns and bottom > top >= self.first_row:
                for row in range(top + 1, min(bottom + 1, self.sheet.height)):
                    texts[row, left] = self.sheet.text(top, left)
        return texts

    def _report_merged_figures(self) -> None:
        """A figure in a cell merged over two lines or two columns of figures has two readings."""
        by_column = {column: name for name, column in self.figures.items()}
        for (top, left), (bottom, right) in self.sheet.merged:
            covered = [column for column in by_column if left <= column <= right]
            is_shared = len(covered) > 1 or (covered and bottom > top)
            if top >= self.first_row and is_shared and left in self.sheet.filled(top):
                self._report("CELL_MERGED", top, by_column[covered[0]], left)

    def _place(self, row: int, name: str) -> Place:
        column = self.columns.get(name, 0)
        return Place(self.sheet.position(row, column), name if name in self.columns else "")

    def _report(self, rule_id: str, row: int, name: str, column: int | None = None) -> None:
        place = self.figures[name] if column is None else column
        self.findings.append(
            finding(
                rule_id, position=self.sheet.position(row, place), column=name,
                value=self.sheet.cell(row, place).shown, row=row + 1,
            )
        )  # fmt: skip

    def _report_hidden(self, row: int, figures: list[str]) -> None:
        if figures:
            self._report("ROW_HIDDEN", row, figures[0])

    def _is_subtotal(self, code: str, label: str, row: int) -> bool:
        texts = (label, self._text(row, "STT"), self._text(row, "Mã chương trình"))
        return not code and any(match_key(text) in _SUBTOTALS for text in texts if text)

    def _report_subtotal(self, row: int, figures: list[str]) -> None:
        if figures:
            self._report("ROW_SUBTOTAL", row, figures[0])

    def _is_numbering(self, row: int, filled: list[int]) -> bool:
        """A line below the header that numbers the columns: (1) (2) (3), or A B 1 2."""
        texts = [self.sheet.text(row, column).lower() for column in filled]
        return len(texts) > 2 and all(_NUMBERING.fullmatch(text.replace(" ", "")) for text in texts)

    def _report_after_end(self, row: int, figures: list[str]) -> None:
        for name in figures:
            if isinstance(self.sheet.cell(row, self.figures[name]).content, int | float):
                self._report("ROW_WITHOUT_INDICATOR", row, name)

    def _is_signature(self, row: int, filled: list[int]) -> bool:
        if self._text(row, "STT"):
            return False
        is_text = all(isinstance(self.sheet.cell(row, column).content, str) for column in filled)
        return is_text and any(_SIGNATURE.search(match_key(self.sheet.text(row, column))) for column in filled)
