"""What calamine does not tell about a spreadsheet file: error cells, formulas without a value, percent formats, hidden
rows and columns; and whether the file is safe to open at all.

Reads the parts of the zip package (.xlsx, .ods) with expat: no entity is ever resolved, a document type is refused, and
reading stops as soon as a limit is passed. Rows and columns count from 0.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from xml.parsers import expat

from vwu.intake.submission.encodings import encoding_of_font

# A form of 100 indicators needs some 200 KB; these limits leave room for photographs and long notes.
MAX_FILE_BYTES = 20_000_000
MAX_PART_BYTES, MAX_PACKAGE_BYTES = 30_000_000, 90_000_000
MAX_PARTS = 2_000
MAX_ROWS = 5_000
MAX_COLUMNS = 256
# A province may send a sheet for each of its communes.
MAX_SHEETS = 300

# What the reader of a zip archive raises when the archive is damaged; a compression that it does not know is a
# NotImplementedError, an encrypted part a RuntimeError.
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_COUNT = re.compile(rb"""ount\s*=\s*["']\s*\+?([0-9]{1,30})""")
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_BUILT_IN_PERCENT = frozenset((9, 10))

Attributes = Mapping[str, str]


class PackageError(Exception):
    """The file cannot be opened safely; `rule_id` names the rule, `detail_vi` and `detail_en` what was seen."""

    def __init__(self, rule_id: str, detail_vi: str = "", detail_en: str = "") -> None:
        super().__init__(rule_id)
        self.rule_id, self.detail_vi, self.detail_en = rule_id, detail_vi, detail_en


@dataclass(slots=True)
class SheetFacts:
    """Facts about one sheet beside its values; `knows_formats` is False where the file format does not tell them."""

    knows_formats: bool = True
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    without_value: set[tuple[int, int]] = field(default_factory=set)
    percents: set[tuple[int, int]] = field(default_factory=set)
    # Cells in a font of before Unicode, and its name.
    legacy_fonts: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    # Columns of the cells in `errors` and `without_value` by row: calamine shows these cells as empty.
    unseen: dict[int, set[int]] = field(default_factory=dict)

    def add_error(self, row: int, column: int, text: str) -> None:
        """An error cell such as `#REF!`."""
        self.errors[row, column] = text
        self.unseen.setdefault(row, set()).add(column)

    def add_without_value(self, row: int, column: int) -> None:
        """A formula whose result is not stored."""
        self.without_value.add((row, column))
        self.unseen.setdefault(row, set()).add(column)


@dataclass(frozen=True, slots=True)
class Package:
    """The parts of a zip package, opened within the limits."""

    archive: zipfile.ZipFile
    names: frozenset[str]

    def part(self, name: str) -> bytes:
        """The bytes of a part, empty when there is none. Raises PackageError when it is damaged or too large."""
        if name not in self.names:
            return b""
        try:
            with self.archive.open(name) as source:
                content = source.read(MAX_PART_BYTES + 1)
        except _DAMAGE as error:
            raise PackageError("FILE_TRUNCATED") from error
        if len(content) > MAX_PART_BYTES:
            raise too_large(name)
        return content


def open_package(content: bytes) -> Package:
    """Open a zip package. Raises PackageError when it is cut off, encrypted, or unpacks to more than the limits."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except _DAMAGE as error:
        raise PackageError("FILE_TRUNCATED") from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise PackageError("FILE_ENCRYPTED")
    sizes = [entry.file_size for entry in entries]
    if len(sizes) > MAX_PARTS or max(sizes, default=0) > MAX_PART_BYTES or sum(sizes) > MAX_PACKAGE_BYTES:
        raise too_large(f"{sum(sizes):,} byte")
    return Package(archive, frozenset(entry.filename for entry in entries))


# What a report has no use for, by kind; told, never opened. Charts are no such thing.
LINKS, EMBEDDED, CONNECTIONS = "links", "embedded", "connections"
_FOREIGN_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "xl/externalLinks/": LINKS, "xl/embeddings/": EMBEDDED, "xl/activeX/": EMBEDDED, "xl/ctrlProps/": EMBEDDED,
        "xl/connections": CONNECTIONS, "xl/queryTables/": CONNECTIONS,
    }
)  # fmt: skip
_FOREIGN_ODS = (
    (
        re.compile(
            rb"table:dde-link|office:dde-source|table:table-source|table:cell-range-source|(?:'|&apos;)[a-z]+:/"
        ),
        LINKS,
    ),
    (re.compile(rb"table:database-source-"), CONNECTIONS),
)
_ODS_OBJECT = re.compile(rb"<manifest:file-entry\b(?=[^>]*full-path=\"Object [0-9]+/?\")([^>]*)>")


def foreign_content(package: Package) -> frozenset[str]:
    """The kinds of content in a package that reach out of it or were put into it from elsewhere."""
    found = {kind for name in package.names for start, kind in _FOREIGN_PARTS.items() if name.startswith(start)}
    content = package.part("content.xml")
    found |= {kind for pattern, kind in _FOREIGN_ODS if pattern.search(content)}
    objects = [each[1] for each in _ODS_OBJECT.finditer(package.part("META-INF/manifest.xml"))]
    if any(b".chart" not in entry for entry in objects):
        found.add(EMBEDDED)
    return frozenset(found)


def too_large(what: str) -> PackageError:
    """The refusal of a file that is beyond the limits in `what`."""
    return PackageError("FILE_TOO_LARGE", what, what)


def sheet_facts(package: Package) -> dict[str, SheetFacts]:
    """The facts of each sheet by its name. Raises PackageError when a part is damaged, hostile or too large."""
    if "content.xml" in package.names:
        scan = _OdsScan()
        _parse(package.part("content.xml"), scan)
        return scan.sheets
    styles = _cell_styles(package)
    facts = {}
    for name, path in _sheet_parts(package).items():
        sheet = _SheetScan(styles)
        _parse(package.part(path), sheet)
        facts[name] = sheet.facts
    _check_shared_strings(package.part("xl/sharedStrings.xml"))
    return facts


def _check_shared_strings(part: bytes) -> None:
    """calamine makes room for as many texts as the part promises; a text takes nine bytes at least (`<si></si>`)."""
    promised = max((int(number) for number in _COUNT.findall(part[:4096])), default=0)
    if promised > len(part):
        raise PackageError("FILE_TRUNCATED")


def _parse(part: bytes, scan: _Scan) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(part, True)
    except expat.ExpatError as error:
        raise PackageError("FILE_TRUNCATED") from error
    except (ValueError, LookupError) as error:
        raise PackageError("FILE_UNREADABLE", "cấu trúc bên trong hỏng", "its inner structure is damaged") from error


def _refuse_document_type(*_: object) -> None:
    raise PackageError("FILE_HOSTILE")


def sheet_paths(package: Package) -> dict[str, str]:
    """Part name of each sheet of an .xlsx package by the sheet's name, in workbook order."""
    return _sheet_parts(package)


def _sheet_parts(package: Package) -> dict[str, str]:
    workbook, relations = _Listing("sheet"), _Listing("Relationship")
    _parse(package.part("xl/workbook.xml"), workbook)
    _parse(package.part("xl/_rels/workbook.xml.rels"), relations)
    targets = {each.get("Id", ""): each.get("Target", "") for each in relations.found}
    if len(workbook.found) > MAX_SHEETS:
        raise too_large(f"{len(workbook.found)} sheets")
    paths = {}
    for sheet in workbook.found:
        target = targets.get(next((value for name, value in sheet.items() if name.endswith(":id")), ""), "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if path in package.names:
            paths[sheet.get("name", "")] = path
    return paths


@dataclass(frozen=True, slots=True)
class CellStyles:
    """What the cell styles of a workbook say, by their index: which multiply by 100, which have a font of old."""

    percents: frozenset[int]
    legacy_fonts: Mapping[int, str]

    def note(self, facts: SheetFacts, place: tuple[int, int], style: int) -> None:
        """Keep what the style of a cell says."""
        if style in self.percents:
            facts.percents.add(place)
        if style in self.legacy_fonts:
            facts.legacy_fonts[place] = self.legacy_fonts[style]


def cell_styles(formats: Iterable[tuple[int, int]], codes: Mapping[int, str], fonts: Mapping[int, str]) -> CellStyles:
    """From the number format and font of each style, the codes of the formats and the names of the fonts."""
    listed = list(enumerate(formats))
    return CellStyles(
        frozenset(style for style, (number, _) in listed if is_percent_format(number, codes.get(number))),
        {style: fonts[font] for style, (_, font) in listed if encoding_of_font(fonts.get(font, ""))},
    )


def _cell_styles(package: Package) -> CellStyles:
    scan = _Styles()
    part = package.part("xl/styles.xml")
    if part:
        _parse(part, scan)
    return cell_styles(scan.cell_formats, scan.formats, dict(enumerate(scan.fonts)))


def is_percent_format(number: int, code: str | None) -> bool:
    """Whether a number format multiplies by 100: one of the built-in ones, or an unquoted % in its code."""
    return number in _BUILT_IN_PERCENT if code is None else "%" in _QUOTED.sub("", code)


class _Scan:
    """Handlers of one pass over a part; a namespace prefix is ignored."""

    def start(self, tag: str, attributes: Attributes) -> None:
        raise TypeError(tag, attributes)

    def end(self, tag: str) -> None:
        """Most passes need the opening tags only."""

    def text(self, data: str) -> None:
        """Most passes need no text."""


class _Listing(_Scan):
    """The attributes of each element of one name."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.found: list[dict[str, str]] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        if _local(tag) == self.tag:
            self.found.append(dict(attributes))


class _Styles(_Scan):
    """Number formats and fonts, and which of them each cell style uses."""

    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.fonts: list[str] = []
        self.cell_formats: list[tuple[int, int]] = []
        self.list = ""

    def start(self, tag: str, attributes: Attributes) -> None:
        tag = _local(tag)
        if tag == "numFmt" and "numFmtId" in attributes:
            self.formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "fonts"):
            self.list = tag
        elif tag == "font" and self.list == "fonts":
            self.fonts.append("")
        elif tag == "name" and self.list == "fonts" and self.fonts:
            self.fonts[-1] = attributes.get("val", "")
        elif tag == "xf" and self.list == "cellXfs":
            self.cell_formats.append((int(attributes.get("numFmtId", "0")), int(attributes.get("fontId", "0"))))

    def end(self, tag: str) -> None:
        if _local(tag) == self.list:
            self.list = ""


class _SheetScan(_Scan):
    """One pass over a sheet of an .xlsx file."""

    def __init__(self, styles: CellStyles) -> None:
        self.facts = SheetFacts()
        self.styles = styles
        self.row = self.column = -1
        self.kind, self.value = "", ""
        self.has_formula = self.is_value = self.has_inline = False

    def start(self, tag: str, attributes: Attributes) -> None:
        tag = _local(tag)
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "f":
            self.has_formula = True
        elif tag == "v":
            self.is_value = True
        elif tag == "is":
            self.has_inline = True
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "col" and (_is_true(attributes.get("hidden")) or attributes.get("width") == "0"):
            first, last = int(attributes.get("min", "1")) - 1, int(attributes.get("max", "1"))
            self.facts.hidden_columns.update(range(first, min(last, MAX_COLUMNS)))

    def text(self, data: str) -> None:
        if self.is_value:
            self.value += data

    def end(self, tag: str) -> None:
        tag = _local(tag)
        if tag == "v":
            self.is_value = False
        elif tag == "c":
            self._end_cell()

    def _start_row(self, attributes: Attributes) -> None:
        self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
        self.column = -1
        is_hidden = _is_true(attributes.get("hidden")) or attributes.get("ht") == "0"
        if is_hidden and self.row < MAX_ROWS:
            self.facts.hidden_rows.add(self.row)

    def _start_cell(self, attributes: Attributes) -> None:
        self.column += 1
        if "r" in attributes:
            # calamine trusts the cell's own reference, whatever row it stands in.
            self.row, self.column = cell_at(attributes["r"])
        self.kind, self.value = attributes.get("t", ""), ""
        self.has_formula = self.is_value = self.has_inline = False
        self.styles.note(self.facts, (self.row, self.column), int(attributes.get("s", "0")))

    def _end_cell(self) -> None:
        place = (self.row, self.column)
        has_content = bool(self.value or self.has_formula or self.has_inline)
        # calamine makes a dense table up to the last cell: nothing beyond the limits may reach it.
        if has_content and (self.row >= MAX_ROWS or self.column >= MAX_COLUMNS):
            raise too_large(f"{self.row + 1} × {self.column + 1}")
        if self.kind == "e":
            self.facts.add_error(*place, self.value or "#N/A")
        elif self.has_formula and not self.value and self.kind != "str":
            self.facts.add_without_value(*place)


class _OdsScan(_Scan):
    """One pass over the content of an .ods file; repeated rows and cells are counted, not unrolled."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetFacts] = {}
        self.facts = SheetFacts()
        self.row = self.column = 0
        self.row_repeat = 1
        self.error: tuple[int, int] | None = None
        self.style = ""
        self.legacy_fonts: dict[str, str] = {}

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "style:style":
            self.style = attributes.get("style:name", "")
        elif tag == "style:text-properties":
            font = attributes.get("style:font-name") or attributes.get("fo:font-family", "")
            if encoding_of_font(font.strip("'")):
                self.legacy_fonts[self.style] = font
        elif tag == "table:table":
            self.facts = self.sheets.setdefault(attributes.get("table:name", ""), SheetFacts())
            self.row = self.column = 0
        elif tag == "table:table-column":
            repeat = int(attributes.get("table:number-columns-repeated", "1"))
            if attributes.get("table:visibility", "visible") != "visible":
                self.facts.hidden_columns.update(range(self.column, min(self.column + repeat, MAX_COLUMNS)))
            self.column += repeat
        elif tag == "table:table-row":
            self._start_row(attributes)
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._start_cell(attributes)

    def text(self, data: str) -> None:
        if self.error is not None and data.strip():
            self.facts.add_error(*self.error, data.strip())
            self.error = None

    def end(self, tag: str) -> None:
        if tag == "table:table-row":
            self.row += self.row_repeat
        elif tag == "table:table-cell":
            self.error = None

    def _start_row(self, attributes: Attributes) -> None:
        self.column = 0
        self.row_repeat = int(attributes.get("table:number-rows-repeated", "1"))
        if attributes.get("table:visibility", "visible") != "visible":
            self.facts.hidden_rows.update(range(self.row, min(self.row + self.row_repeat, MAX_ROWS)))

    def _start_cell(self, attributes: Attributes) -> None:
        repeat = int(attributes.get("table:number-columns-repeated", "1"))
        kind, place = attributes.get("office:value-type", ""), (self.row, self.column)
        formula = attributes.get("table:formula", "")
        self.column += repeat
        if not kind and not formula:
            return
        if self.row + self.row_repeat > MAX_ROWS or self.column > MAX_COLUMNS:
            raise too_large(f"{self.row + self.row_repeat} × {self.column}")
        if attributes.get("table:style-name") in self.legacy_fonts:
            self.facts.legacy_fonts[place] = self.legacy_fonts[attributes["table:style-name"]]
        if kind == "percentage":
            self.facts.percents.update((place[0], place[1] + step) for step in range(repeat))
        if attributes.get("calcext:value-type") == "error":
            self.facts.errors[place], self.error = "#N/A", place
        elif formula and not kind:
            self.facts.add_without_value(*place)


@lru_cache(maxsize=1_000)
def _local(tag: str) -> str:
    """The name of an element without its prefix. Elements are many, their names are few."""
    return tag.rpartition(":")[2]


def _is_true(flag: str | None) -> bool:
    return flag in ("1", "true")


# Forms are alike, so their cells have the same places again and again.
@lru_cache(maxsize=20_000)
def cell_at(reference: str) -> tuple[int, int]:
    """Row and column, from 0, of a reference such as `G14`. Raises ValueError when it is none."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"{reference[:20]} is no cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


@lru_cache(maxsize=20_000)
def cell_name(row: int, column: int) -> str:
    """`G14` for row 13, column 6."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
