"""Spreadsheet files (.xlsx, .ods, .xls) as sheets of cells: calamine, and the facts that calamine leaves out."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.biff import xls_facts
from vwu.intake.submission.encodings import Written, encodings_of, written
from vwu.intake.submission.package import (
    CONNECTIONS,
    EMBEDDED,
    LINKS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    MAX_SHEETS,
    Package,
    PackageError,
    SheetFacts,
    cell_name,
    foreign_content,
    open_package,
    sheet_facts,
)  # fmt: skip
from vwu.intake.submission.text import clean, without_zero
from vwu.intake.submission.values import Cell, Content

ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACRO_TYPE = b"macroEnabled"

_FOREIGN = {
    LINKS: ("liên kết tới tệp khác hoặc DDE", "links to other files or DDE"),
    EMBEDDED: ("đối tượng nhúng (OLE, tệp khác, điều khiển)", "embedded objects (OLE, other files, controls)"),
    CONNECTIONS: ("kết nối dữ liệu bên ngoài", "external data connections"),
}

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `rows` of raw contents from A1, and what is known about them. Rows and columns count from 0."""

    name: str
    rows: tuple[tuple[Content, ...], ...]
    facts: SheetFacts
    merged: tuple[Range, ...] = ()
    is_hidden: bool = False

    def cell(self, row: int, column: int) -> Cell:
        """The cell as it was sent; an empty one beyond the last row or column."""
        place, facts = (row, column), self.facts
        is_percent = place in facts.percents if facts.knows_formats else None
        return Cell(self._content(row, column), is_percent, facts.errors.get(place, ""), place in facts.without_value)

    def _content(self, row: int, column: int) -> Content:
        if row >= len(self.rows) or column >= len(self.rows[row]):
            return None
        content = self.rows[row][column]
        return None if content == "" else content

    def text(self, row: int, column: int) -> str:
        """The cleaned text of a cell; a whole number as digits, anything else as its cell shows it."""
        content = self._content(row, column)
        if isinstance(content, float) and content.is_integer():
            return str(int(content))
        return clean(str(content)) if content is not None else ""

    def position(self, row: int, column: int) -> str:
        """`BaoCao!G14`; a name with spaces or signs is quoted as Excel does."""
        name = self.name if self.name.replace("_", "").isalnum() else "'" + self.name.replace("'", "''") + "'"
        return f"{name}!{cell_name(row, column)}"

    def filled(self, row: int) -> list[int]:
        """The columns of a row in which something stands."""
        contents = self.rows[row] if row < len(self.rows) else ()
        seen = {column for column, content in enumerate(contents) if not _is_blank(content)}
        return sorted(seen | self.facts.unseen.get(row, set()))

    @property
    def height(self) -> int:
        """Rows that hold anything, error cells and formulas without a value among them."""
        return max(len(self.rows), max(self.facts.unseen, default=-1) + 1)


def _is_blank(content: Content) -> bool:
    """Nothing to see: `clean` is asked only where a text may consist of zero-width characters."""
    if not isinstance(content, str):
        return content is None
    return not content or (not content[0].isalnum() and not clean(content))


def in_unicode(sheet: Sheet) -> tuple[Sheet, tuple[Finding, ...]]:
    """The sheet with its texts in TCVN3 or VNI as Unicode, and one finding for each of these encodings."""
    texts: dict[tuple[int, int], Written] = {}
    for row, contents in enumerate(sheet.rows):
        for column, content in enumerate(contents):
            if isinstance(content, str) and not content.isascii():
                texts[row, column] = written(content, sheet.facts.legacy_fonts.get((row, column), ""))
    found = dict(zip(texts, encodings_of(tuple(texts.values())), strict=True))
    by_encoding: dict[str, list[tuple[int, int]]] = {}
    for place, encoding in found.items():
        if encoding:
            by_encoding.setdefault(encoding, []).append(place)
    if not by_encoding:
        return sheet, ()
    rows = [list(contents) for contents in sheet.rows]
    for encoding, places in by_encoding.items():
        for row, column in places:
            rows[row][column] = texts[row, column].possible[encoding]
    findings = tuple(
        finding(
            "TEXT_LEGACY", position=sheet.position(*places[0]), value=sheet.text(*places[0])[:200],
            proposed=texts[places[0]].possible[encoding][:200], line_count=len(places), encoding=encoding,
        )
        for encoding, places in by_encoding.items()
    )  # fmt: skip
    return replace(sheet, rows=tuple(map(tuple, rows))), findings


def is_spreadsheet(content: bytes) -> bool:
    """Whether the bytes begin as a zip package or an OLE file does."""
    return content.startswith((ZIP_MAGIC, OLE_MAGIC))


def read_sheets(name: str, content: bytes) -> tuple[tuple[Sheet, ...], tuple[Finding, ...]]:
    """Every sheet of a spreadsheet file, with what is told about it; no sheet when the file cannot be read."""
    try:
        sheets, foreign = _read(name, content)
    except PackageError as error:
        vi, en = error.detail_vi, error.detail_en
        return (), (finding(error.rule_id, position=name, value=name, detail_vi=vi, detail_en=en),)
    if not foreign:
        return sheets, ()
    said = [_FOREIGN[kind] for kind in sorted(foreign)]
    vi, en = ("; ".join(words) for words in zip(*said, strict=True))
    return sheets, (finding("FILE_FOREIGN_CONTENT", position=name, value=name, detail_vi=vi, detail_en=en),)


def _read(name: str, content: bytes) -> tuple[tuple[Sheet, ...], frozenset[str]]:
    if len(content) > MAX_FILE_BYTES:
        raise PackageError("FILE_TOO_LARGE", f"{len(content):,} byte", f"{len(content):,} bytes")
    if content.startswith(OLE_MAGIC):
        facts, foreign = xls_facts(content)
        return _load(content, facts), foreign
    package = open_package(content)
    _refuse_other_packages(name, package)
    return _load(content, sheet_facts(package)), foreign_content(package)


def _refuse_other_packages(name: str, package: Package) -> None:
    """Macros are refused whatever the file is called; a package that is no workbook is of an unknown kind."""
    has_macros = any(part.lower().endswith("vbaproject.bin") for part in package.names)
    if has_macros or _MACRO_TYPE in package.part("[Content_Types].xml") or name.lower().endswith((".xlsm", ".xltm")):
        raise PackageError("FILE_MACROS")
    if "META-INF/manifest.xml" in package.names and b"encryption-data" in package.part("META-INF/manifest.xml"):
        raise PackageError("FILE_ENCRYPTED")
    if not package.names & {"xl/workbook.xml", "content.xml"}:
        raise PackageError("FILE_UNKNOWN_KIND")


def _load(content: bytes, facts: Mapping[str, SheetFacts]) -> tuple[Sheet, ...]:
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    try:
        with load_workbook(io.BytesIO(content)) as workbook:
            listed = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
            if len(listed) > MAX_SHEETS:
                raise PackageError("FILE_TOO_LARGE", f"{len(listed)} trang tính", f"{len(listed)} sheets")
            sheets = []
            for each in listed:
                sheet = workbook.get_sheet_by_name(each.name)
                if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
                    raise PackageError("FILE_TOO_LARGE", *[f"{sheet.total_height} × {sheet.total_width}"] * 2)
                rows = tuple(
                    tuple(without_zero(cell) if isinstance(cell, str) else cell for cell in row)
                    for row in sheet.to_python(skip_empty_area=False)
                )
                merged = tuple(sheet.merged_cell_ranges or ())
                known = facts.get(each.name) or SheetFacts(knows_formats=False)
                is_hidden = each.visible != SheetVisibleEnum.Visible
                sheets.append(Sheet(without_zero(each.name), rows, known, merged, is_hidden))
            return tuple(sheets)
    except PasswordError as error:
        raise PackageError("FILE_ENCRYPTED") from error
    except (CalamineError, ValueError, OSError) as error:
        raise PackageError("FILE_UNREADABLE", str(error)[:200], str(error)[:200]) from error
    except BaseException as error:
        # calamine stops on some damaged files by a Rust panic, which is no Exception and has no importable class.
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise PackageError("FILE_TRUNCATED") from error
