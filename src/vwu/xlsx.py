"""Workbooks in few looks, as bytes that depend on their content only: a receipt is known by its bytes (D4)."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from vwu.language import phrase

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.styles import NamedStyle
    from openpyxl.worksheet.worksheet import Worksheet

Content = str | int | float | Decimal | date | None

# The first moment a zip entry can carry; openpyxl would write the time of saving.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)
_SAVED_AT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
# What a workbook can carry along unseen: caches and sources of pivot tables and queries, links to other files, macros.
_UNSEEN_PART = re.compile(
    r"xl/(?:pivot|externalLinks|connections|queryTables|model|vbaProject)|customXml/", re.IGNORECASE
)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_DEFINED_NAME = re.compile(rb'<(?:\w+:)?definedName\b[^>]*\bname="([^"]*)"')
_SHOWN_NAMES = (b"_xlnm.Print_Titles", b"_xlnm.Print_Area", b"_xlnm._FilterDatabase")
_HIDDEN_LINE = re.compile(rb'<(?:\w+:)?(?:row|col)\b[^>]*\bhidden="(?:1|true)"')
_AFTER_PAGE = re.compile(rb"(?=<(?:drawing|legacyDrawing|tableParts|extLst)\b|</worksheet>)")


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks. Colours are hexadecimal, no colour is none; `line` is its frame, `top_line` a strong rule."""

    size: float = 11
    bold: bool = False
    italic: bool = False
    ink: str = "1F1F1F"
    fill: str = ""
    line: str = ""
    top_line: str = ""
    horizontal: str = ""
    vertical: str = "center"
    wrap: bool = False
    shrink: bool = False
    indent: int = 0
    number_format: str = "General"
    is_open: bool = False  # may be filled in a protected sheet


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes cells of one workbook. Each look becomes one named style: styling cell by cell costs ten times as much."""

    workbook: Workbook
    font: str = "Times New Roman"
    names: dict[Look, str] = field(default_factory=dict)

    def write(self, sheet: Worksheet, row: int, column: int, content: Content, look: Look) -> None:
        """Put content and look into one cell; one that a merged cell covers takes the look alone."""
        cell = cast("Cell", sheet.cell(row, column))
        if content is not None:
            cell.value = content
        if isinstance(content, str):
            cell.data_type = "s"  # a text that begins with = is no formula
        cell.style = self._style(look)

    def _style(self, look: Look) -> str:
        if look not in self.names:
            self.names[look] = f"vwu {len(self.names) + 1}"
            self.workbook.add_named_style(_named_style(self.names[look], look, self.font))
        return self.names[look]


def column_letter(number: int) -> str:
    """`A` of 1, `AA` of 27."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(number))


def _named_style(name: str, look: Look, font: str) -> NamedStyle:
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

    thin = Side(style="thin", color=look.line) if look.line else None
    above = Side(style="medium", color=look.top_line) if look.top_line else thin
    return NamedStyle(
        name=name,
        font=Font(name=font, size=look.size, bold=look.bold, italic=look.italic, color=look.ink),
        fill=PatternFill("solid", fgColor=look.fill) if look.fill else PatternFill(),
        border=Border(left=thin, right=thin, bottom=thin, top=above),
        alignment=Alignment(
            horizontal=look.horizontal or None,
            vertical=look.vertical,
            wrap_text=look.wrap,
            shrink_to_fit=look.shrink,
            indent=look.indent,
        ),
        number_format=look.number_format,
        protection=Protection(locked=not look.is_open),
    )


class HiddenContentError(ValueError):
    """A workbook would carry something that its reader does not see."""


def hidden_content(workbook: bytes) -> list[str]:
    """What an .xlsx file carries unseen: hidden sheets, rows, columns, defined names, pivot caches, links, macros."""
    found = []
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        for name in parts.namelist():
            content = parts.read(name)
            if _UNSEEN_PART.match(name):
                found.append(name)
            elif name == "xl/workbook.xml":
                found += ["hidden sheet" for tag in _SHEET.findall(content) if re.search(rb'state="\w*idden"', tag)]
                found += [
                    f"defined name {label.decode()}"
                    for label in _DEFINED_NAME.findall(content)
                    if label not in _SHOWN_NAMES
                ]
            elif name.startswith("xl/worksheets/") and _HIDDEN_LINE.search(content):
                found.append(f"hidden row or column in {name}")
    return found


def workbook_bytes(workbook: Workbook, text_number_ranges: str = "") -> bytes:
    """The .xlsx file of a workbook that goes out, as `steady_bytes` writes it.

    Raises HiddenContentError when it carries something unseen.
    """
    content = steady_bytes(workbook, text_number_ranges)
    if unseen := hidden_content(content):
        raise HiddenContentError(
            phrase(
                f"không được gửi bảng tính này đi: {', '.join(unseen)}",
                f"this workbook may not go out: {', '.join(unseen)}",
            )
        )
    return content


def steady_bytes(workbook: Workbook, text_number_ranges: str = "") -> bytes:
    """The .xlsx file of a workbook; the same workbook gives the same bytes on every call.

    `text_number_ranges` (such as `F14:J40`) are cells of the first sheet where a number typed as text is meant, so
    that Excel does not put a green corner on each; openpyxl has no way to write that element.
    """
    saved = io.BytesIO()
    workbook.save(saved)
    steady = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _SAVED_AT.sub(rb"\g<1>2015-01-01T00:00:00Z\2", content)
            if name == "xl/worksheets/sheet1.xml" and text_number_ranges:
                content = _ignore_numbers_as_text(content, text_number_ranges)
            target.writestr(zipfile.ZipInfo(name, _ENTRY_TIME), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def _ignore_numbers_as_text(sheet: bytes, ranges: str) -> bytes:
    """The sheet's XML with an `ignoredErrors` element where the schema wants it."""
    element = f'<ignoredErrors><ignoredError sqref="{ranges}" numberStoredAsText="1"/></ignoredErrors>'
    return _AFTER_PAGE.sub(element.encode(), sheet, count=1)
