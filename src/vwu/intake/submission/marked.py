"""The workbook that goes back to the branch: the same file, faulty cells coloured, a comment on each, a sheet `Lỗi`.

Only the parts that have to say something new are patched; every other part, and every byte around the patches, stays
as it was sent (saving with a spreadsheet library would lose text boxes, check boxes and stored results).
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

from vwu.intake.model import Finding, Severity
from vwu.intake.rules import showable
from vwu.intake.submission.form import MARKS_SHEET
from vwu.intake.submission.package import Package, PackageError, cell_at, cell_name, open_package, sheet_paths
from vwu.intake.submission.splice import Element, Splice, append, elements, spliced, tag_text, with_attributes
from vwu.intake.submission.values import format_number

SHEET = MARKS_SHEET
_AUTHOR = "vwu check"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_POSITION = re.compile(r"(?:'((?:[^']|'')+)'|([^!']+))!([A-Z]{1,3}[1-9][0-9]{0,6})")
# Elements that the schema wants behind `legacyDrawing`.
_BEHIND_LEGACY = (
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)
_COLOURS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "FFF4A6A0", Severity.WARNING: "FFFFE08A", Severity.INFO: "FFCFE2F3"}
)
_WORDS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "Lỗi", Severity.WARNING: "Cảnh báo", Severity.INFO: "Thông tin"}
)
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
# A cell holds 32,767 characters.
_MAX_CELL_TEXT = 32_000

Cell = tuple[int, int]


def mark_workbook(content: bytes, findings: Sequence[Finding]) -> bytes:
    """The marked .xlsx of a workbook and its findings.

    What is no sound .xlsx (an .ods, an .xls, a CSV, a damaged file) comes back as a workbook with the sheet `Lỗi`
    alone. A workbook that was marked before loses the old marks. The same input gives the same bytes.
    """
    try:
        package = open_package(content)
        paths = sheet_paths(package)
        if "xl/styles.xml" in package.names and paths:
            return _Marking(package, paths, findings).write()
    except (PackageError, ValueError, LookupError, StopIteration):
        # A part is damaged or lacks what it must have. The findings say what is wrong; the list of them is of use.
        pass
    return _list_alone(findings)


def positions(findings: Iterable[Finding]) -> dict[str, dict[Cell, list[Finding]]]:
    """Findings by sheet and cell (row and column from 0); those that name no cell are left out."""
    found: dict[str, dict[Cell, list[Finding]]] = {}
    for each in findings:
        parts = _POSITION.fullmatch(each.position)
        if parts is not None:
            sheet = (parts[1] or parts[2]).replace("''", "'")
            found.setdefault(sheet, {}).setdefault(cell_at(parts[3]), []).append(each)
    return found


@dataclass(frozen=True, slots=True)
class _ListStyles:
    """Cell styles of the sheet `Lỗi`: its header, its cells, and one for each severity."""

    header: int
    cell: int
    severity: Mapping[Severity, int]


class _Marking:
    """One workbook being marked: `changed` holds the parts that are new or different."""

    def __init__(self, package: Package, paths: Mapping[str, str], findings: Sequence[Finding]) -> None:
        self.package, self.paths, self.findings = package, paths, findings
        self.changed: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.styles = _Styles(package.part("xl/styles.xml"))

    def write(self) -> bytes:
        # What is only told asks for no correction, so it stands in the list alone.
        found = positions(each for each in self.findings if each.severity is not Severity.INFO)
        for name, path in self.paths.items():
            # In a workbook that was marked before, old marks go from every sheet.
            if name != SHEET and (name in found or SHEET in self.paths):
                self._mark_sheet(path, found.get(name, {}))
        self._add_list()
        self.changed["xl/styles.xml"] = self.styles.write()
        self._register_types()
        return self._zip()

    def _part(self, name: str) -> bytes:
        return self.changed.get(name) or self.package.part(name)

    def _free(self, pattern: str) -> str:
        """The first part name of a pattern such as `xl/comments{}.xml` that nobody uses."""
        taken = {*self.package.names, *self.changed}
        return next(name for number in range(1, 100_000) if (name := pattern.format(number)) not in taken)

    # One sheet

    def _mark_sheet(self, path: str, cells: Mapping[Cell, list[Finding]]) -> None:
        part = _colour(self._part(path), {cell: _worst(found) for cell, found in cells.items()}, self.styles)
        relations = _Relations(self, path)
        texts = {cell: "\n\n".join(_comment_text(each) for each in found) for cell, found in cells.items()}
        if cells or relations.target("comments"):
            self._comment(relations, texts)
            part = self._draw(part, relations, list(cells))
            relations.write()
        self.changed[path] = part

    def _comment(self, relations: _Relations, texts: Mapping[Cell, str]) -> None:
        """Add comments to the sheet's comment part, or make one; a cell's own comment is kept and continued."""
        path = relations.target("comments")
        if path is None:
            path = self._free("xl/comments{}.xml")
            relations.add("comments", path)
            self.types[path] = f"{_CONTENT}.comments+xml"
            self.changed[path] = (
                f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="{_MAIN}">'
                "<authors/><commentList/></comments>"
            ).encode()
        self.changed[path] = _with_comments(self._part(path), texts)

    def _draw(self, sheet: bytes, relations: _Relations, cells: list[Cell]) -> bytes:
        """Add the comments' boxes to the sheet's legacy drawing, or make one and let the sheet point at it."""
        drawn = next(iter(elements(sheet, ("legacyDrawing",))), None)
        path = relations.target("vmlDrawing", _relation_id(drawn)) if drawn else None
        if path is None:
            path = self._free("xl/drawings/vmlDrawing{}.vml")
            relation = relations.add("vmlDrawing", path)
            self.changed[path] = _EMPTY_DRAWING.encode()
            sheet = _with_legacy_drawing(sheet, relation)
        drawing = self._part(path)
        self.changed[path] = _with_boxes(drawing, cells)
        return sheet

    # The list

    def _add_list(self) -> None:
        part = _list_sheet(self.findings, self.styles.add_list_styles())
        if SHEET in self.paths:
            self.changed[self.paths[SHEET]] = part
            return
        path = self._free("xl/worksheets/sheet{}.xml")
        self.changed[path] = part
        self.types[path] = f"{_CONTENT}.worksheet+xml"
        relations = _Relations(self, "xl/workbook.xml")
        relation = relations.add("worksheet", path)
        relations.write()
        workbook = self._part("xl/workbook.xml")
        found = elements(workbook, ("sheets", "sheet"))
        sheets, listed = found[0], found[1:]
        number = max(int(each.attributes.get("sheetId", "0")) for each in listed) + 1
        id_name = next(name for name in listed[0].attributes if name.endswith(":id"))
        entry = tag_text(listed[0].tag, {"name": SHEET, "sheetId": str(number), id_name: relation}, "/>")
        self.changed["xl/workbook.xml"] = spliced(workbook, [append(workbook, sheets, entry)])

    # The package

    def _register_types(self) -> None:
        part = self._part("[Content_Types].xml")
        found = elements(part, ("Types", "Default"))
        prefix = found[0].prefix
        entries = "".join(
            f'<{prefix}Override PartName={quoteattr("/" + name)} ContentType="{kind}"/>'
            for name, kind in self.types.items()
        )
        known = {each.attributes.get("Extension", "").lower() for each in found[1:]}
        if "vml" not in known:
            kind = "application/vnd.openxmlformats-officedocument.vmlDrawing"
            # Excel wants the defaults before the overrides.
            default = f'<{prefix}Default Extension="vml" ContentType="{kind}"/>'.encode()
            at = found[0].inner
            self.changed["[Content_Types].xml"] = spliced(
                part, [Splice(at, at, default), append(part, found[0], entries)]
            )
        else:
            self.changed["[Content_Types].xml"] = spliced(part, [append(part, found[0], entries)])

    def _zip(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as target:
            for entry in self.package.archive.infolist():
                content = self.changed.pop(entry.filename, None)
                copied = zipfile.ZipInfo(entry.filename, entry.date_time)
                copied.external_attr = entry.external_attr
                part = self.package.part(entry.filename) if content is None else content
                target.writestr(copied, part, zipfile.ZIP_DEFLATED)
            for name, content in self.changed.items():
                target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def _relation_id(element: Element) -> str:
    return next((value for name, value in element.attributes.items() if name.endswith(":id")), "")


class _Relations:
    """The relations of one part, to look up and to add to."""

    def __init__(self, marking: _Marking, source: str) -> None:
        folder, name = posixpath.split(source)
        self.marking, self.folder = marking, folder
        self.path = f"{folder}/_rels/{name}.rels"
        empty = (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{_PACKAGE_RELATIONS}"/>'
        )
        self.part = marking._part(self.path) or empty.encode()
        self.found = elements(self.part, ("Relationships", "Relationship"))
        self.added: list[str] = []

    def target(self, kind: str, relation: str | None = None) -> str | None:
        """The part that a relation of a kind (that very one, if its id is given) leads to, if it is in the package."""
        for each in self.found[1:]:
            target = each.attributes.get("Target", "")
            is_kind = each.attributes.get("Type", "").endswith("/" + kind)
            is_kind = is_kind and relation in (None, each.attributes.get("Id"))
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(self.folder, target))
            if is_kind and path in self.marking.package.names:
                return path
        return None

    def add(self, kind: str, path: str) -> str:
        """Add a relation and return its id."""
        taken = {each.attributes.get("Id") for each in self.found[1:]}
        number = len(self.added) + 1
        relation = next(name for n in range(number, 100_000) if (name := f"rIdVwu{n}") not in taken)
        named = {"Id": relation, "Type": f"{_RELATIONS}/{kind}", "Target": "/" + path}
        self.added.append(tag_text(f"{self.found[0].prefix}Relationship", named, "/>"))
        return relation

    def write(self) -> None:
        if self.added:
            change = append(self.part, self.found[0], "".join(self.added))
            self.marking.changed[self.path] = spliced(self.part, [change])


class _Styles:
    """The style part: gives each coloured cell a style that is its own but for the fill."""

    def __init__(self, part: bytes) -> None:
        self.part = part
        found = elements(part, ("fonts", "fills", "fill", "cellXfs", "xf"))
        named = {each.name: each for each in found if each.name not in ("xf", "fill")}
        self.fonts, self.fills, self.formats = named.get("fonts"), named["fills"], named["cellXfs"]
        self.cells = [each for each in found if each.name == "xf" and self._is_cell_format(each)]
        fills = [each for each in found if each.name == "fill" and self.fills.start < each.start < self.fills.end]
        marks = tuple(colour.encode() for colour in _COLOURS.values())
        self.marks = {
            str(number)
            for number, each in enumerate(fills)
            if any(mark in part[each.start : each.end] for mark in marks)
        }
        self.font_count = _count(self.fonts) if self.fonts else 0
        self.first_fill = _count(self.fills)
        self.added: dict[tuple[int, Severity], int] = {}
        self.texts: list[str] = []
        self.list_styles: list[str] = []

    def _is_cell_format(self, element: Element) -> bool:
        return self.formats.inner <= element.start < self.formats.close

    def unmarked(self, style: int) -> int:
        """The style that a cell had before an earlier marking coloured it; any other style is left as it is."""
        if not 0 <= style < len(self.cells) or self.cells[style].attributes.get("fillId") not in self.marks:
            return style
        look = self._look(style)
        return next((before for before in range(style) if self._look(before) == look), style)

    def _look(self, style: int) -> tuple[dict[str, str], bytes]:
        """A style without its fill."""
        element = self.cells[style]
        kept = {name: value for name, value in element.attributes.items() if name not in ("fillId", "applyFill")}
        return kept, self.part[element.inner : element.end]

    def coloured(self, style: int, severity: Severity) -> int:
        """The number of a style that is the given one with the severity's colour as its fill."""
        if (style, severity) not in self.added:
            base = self.cells[style] if 0 <= style < len(self.cells) else self.cells[0]
            fill = str(self.first_fill + _ORDER.index(severity))
            tag = tag_text(base.tag, base.attributes | {"fillId": fill, "applyFill": "1"}, "")
            inner = "/>" if base.is_empty_tag else ">" + self.part[base.inner : base.end].decode()
            self.texts.append(tag + inner)
            self.added[style, severity] = len(self.cells) + len(self.texts) - 1
        return self.added[style, severity]

    def add_list_styles(self) -> _ListStyles:
        """Styles of the sheet `Lỗi`: a bold white header, wrapped cells, and the severities' colours."""
        p, first = self.formats.prefix, len(self.cells) + len(self.texts)
        wrap = f'<{p}alignment vertical="top" wrapText="1"/></{p}xf>'
        plain = f'<{p}xf numFmtId="49" fontId="0" fillId="{{}}" borderId="0" xfId="0" applyFill="1" applyAlignment="1">'
        bold = plain.replace('fontId="0"', f'fontId="{self.font_count}" applyFont="1"')
        fills = [self.first_fill + len(_ORDER), 0, *(self.first_fill + step for step in range(len(_ORDER)))]
        self.texts += [(bold if place == 0 else plain).format(fill) + wrap for place, fill in enumerate(fills)]
        return _ListStyles(first, first + 1, {severity: first + 2 + step for step, severity in enumerate(_ORDER)})

    def write(self) -> bytes:
        p = self.fills.prefix
        fills = "".join(
            f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{colour}"/><{p}bgColor indexed="64"/>'
            f"</{p}patternFill></{p}fill>"
            for colour in (*(_COLOURS[severity] for severity in _ORDER), "FF8A1C4A")
        )
        font = f'<{p}font><{p}b/><{p}sz val="11"/><{p}color rgb="FFFFFFFF"/><{p}name val="Times New Roman"/></{p}font>'
        splices = [
            *_grown(self.fills, len(_ORDER) + 1, fills),
            *_grown(self.formats, len(self.texts), "".join(self.texts)),
        ]
        if self.fonts is not None:
            splices += _grown(self.fonts, 1, font)
        return spliced(self.part, splices)


def _count(element: Element) -> int:
    return int(element.attributes.get("count", "0"))


def _grown(parent: Element, more: int, text: str) -> list[Splice]:
    """The splices that put children behind the last one and raise the parent's count."""
    return [
        with_attributes(parent, {"count": str(_count(parent) + more)}),
        Splice(parent.close, parent.close, text.encode()),
    ]


# --- cells ----------------------------------------------------------------------------------------------------------


def _worst(findings: Iterable[Finding]) -> Severity:
    return min((each.severity for each in findings), key=_ORDER.index)


def _colour(sheet: bytes, colours: Mapping[Cell, Severity], styles: _Styles) -> bytes:
    """Give each cell its coloured style; a cell, or a row, that the sheet leaves out is put in its place."""
    found = elements(sheet, ("sheetData", "row", "c"))
    data = next(each for each in found if each.name == "sheetData")
    rows, cells = _located(found)
    splices, inside, fresh = _without_marks(cells, colours, styles), dict[int, list[str]](), dict[int, list[str]]()
    for (row, column), severity in sorted(colours.items()):
        cell = cells.get((row, column))
        if cell is not None:
            style = styles.unmarked(_style(cell))
            splices.append(with_attributes(cell, {"s": str(styles.coloured(style, severity))}))
            continue
        made = f'<{data.prefix}c r="{cell_name(row, column)}" s="{styles.coloured(0, severity)}"/>'
        if row not in rows:
            fresh.setdefault(row, []).append(made)
        elif behind := [at.start for (line, place), at in cells.items() if line == row and place > column]:
            splices.append(Splice(min(behind), min(behind), made.encode()))
        else:
            inside.setdefault(row, []).append(made)
    splices += [append(sheet, rows[row], "".join(texts)) for row, texts in inside.items()]
    splices += _fresh_rows(sheet, data, rows, fresh)
    return spliced(sheet, splices)


def _style(cell: Element) -> int:
    return int(cell.attributes.get("s", "0"))


def _without_marks(cells: Mapping[Cell, Element], colours: Mapping[Cell, Severity], styles: _Styles) -> list[Splice]:
    """The splices that give cells without a finding the style that they had before an earlier marking."""
    restored = []
    for place, cell in cells.items():
        before = styles.unmarked(_style(cell))
        if place not in colours and before != _style(cell):
            restored.append(with_attributes(cell, {"s": str(before)}))
    return restored


def _located(found: list[Element]) -> tuple[dict[int, Element], dict[Cell, Element]]:
    """Rows by number and cells by place, both from 0; one without a reference follows the one before it."""
    rows: dict[int, Element] = {}
    cells: dict[Cell, Element] = {}
    row = column = -1
    for each in found:
        reference = each.attributes.get("r", "")
        if each.name == "row":
            row, column = int(reference) - 1 if reference else row + 1, -1
            rows[row] = each
        elif each.name == "c":
            row, column = cell_at(reference) if reference else (row, column + 1)
            cells[row, column] = each
    return rows, cells


def _fresh_rows(
    sheet: bytes, data: Element, rows: Mapping[int, Element], fresh: Mapping[int, list[str]]
) -> list[Splice]:
    splices, last = [], []
    for row, texts in sorted(fresh.items()):
        text = f'<{data.prefix}row r="{row + 1}">{"".join(texts)}</{data.prefix}row>'
        behind = [element.start for number, element in rows.items() if number > row]
        if behind:
            splices.append(Splice(min(behind), min(behind), text.encode()))
        else:
            last.append(text)
    return [*splices, append(sheet, data, "".join(last))] if last else splices


# --- comments -------------------------------------------------------------------------------------------------------


def _xml_text(text: str) -> str:
    return escape(showable(text)[:_MAX_CELL_TEXT])


def _bare(each: Finding, message: str) -> str:
    """The message without its position, which the comment's cell or the column beside it says already."""
    text = message.removeprefix(f"{each.position}: ")
    return text[:1].upper() + text[1:]


def _comment_text(each: Finding) -> str:
    """What a comment says: severity and message in Vietnamese, then in English, then what to write instead."""
    lines = [f"{_WORDS[each.severity].upper()}: {_bare(each, each.message_vi)}", _bare(each, each.message_en)]
    if each.proposed:
        lines.append(f"→ {_proposal(each)}")
    return "\n".join(lines)


def _proposal(each: Finding) -> str:
    """What to write instead; amounts with their digits in groups: 2.238.000.000.000 hoặc 2.238.000.000."""
    parts = (each.proposed or "").split(" | ")
    if each.rule_id.startswith("VALUE_"):
        parts = [format_number(Decimal(part)) if part.isascii() and part.isdigit() else part for part in parts]
    return " hoặc ".join(parts)


def _with_comments(part: bytes, texts: Mapping[Cell, str]) -> bytes:
    found = elements(part, ("authors", "author", "commentList", "comment", "text"))
    authors = next(each for each in found if each.name == "authors")
    comments = next(each for each in found if each.name == "commentList")
    number, prefix = sum(each.name == "author" for each in found), comments.prefix
    names = [part[each.inner : each.close].decode() for each in found if each.name == "author"]
    old = {str(place) for place, name in enumerate(names) if name == _AUTHOR}
    earlier = [each for each in found if each.name == "comment" and each.attributes.get("authorId") in old]
    own = {each.attributes.get("ref"): each for each in found if each.name == "comment" and each not in earlier}
    splices = [Splice(each.start, each.end, b"") for each in earlier]
    splices.append(append(part, authors, f"<{prefix}author>{_AUTHOR}</{prefix}author>"))
    fresh = []
    for cell, text in sorted(texts.items()):
        reference = cell_name(*cell)
        existing = own.get(reference)
        body = next(
            (t for t in found if t.name == "text" and existing and existing.start < t.start < existing.end), None
        )
        run = f'<{prefix}r><{prefix}t xml:space="preserve">{{}}{_xml_text(text)}</{prefix}t></{prefix}r>'
        if body is not None:
            splices.append(append(part, body, run.format("\n\n")))
        elif existing is None:
            fresh.append(
                f'<{prefix}comment ref="{reference}" authorId="{number}"><{prefix}text>{run.format("")}</{prefix}text>'
                f"</{prefix}comment>"
            )
    splices.append(append(part, comments, "".join(fresh)))
    return spliced(part, splices)


_EMPTY_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"></xml>'
)
# The namespaces are declared on each shape, so that it stands in any drawing.
_BOX = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel" id="_vwu_{reference}" type="#_vwu_note"'
    ' style="position:absolute;width:330pt;height:130pt;visibility:hidden" fillcolor="#FFF8E1" o:insetmode="auto">'
    '<v:fill color2="#FFF8E1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 12, {top}, 6, {right}, 40, {bottom}, 10</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_BOX_TYPE = (
    '<v:shapetype xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' id="_vwu_note" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


def _with_boxes(drawing: bytes, cells: Iterable[Cell]) -> bytes:
    """The drawing with a box for each commented cell that has none yet."""
    found = elements(drawing, ("xml", "shape", "shapetype", "Row", "Column"))
    earlier = [each for each in found if each.attributes.get("id", "").startswith("_vwu_")]
    places = [each for each in found if each.name in ("Row", "Column")]
    kept = [each for each in places if not any(box.start < each.start < box.end for box in earlier)]
    numbers = [int(drawing[each.inner : each.close]) for each in kept]
    boxed = set(zip(numbers[::2], numbers[1::2], strict=False))
    boxes = [
        _BOX.format(
            reference=cell_name(row, column), row=row, column=column, left=column + 1, right=column + 5,
            top=max(row - 1, 0), bottom=row + 7,
        )
        for row, column in sorted(cells)
        if (row, column) not in boxed
    ]  # fmt: skip
    splices = [Splice(each.start, each.end, b"") for each in earlier]
    if boxes:
        splices.append(append(drawing, found[0], _BOX_TYPE + "".join(boxes)))
    return spliced(drawing, splices)


def _with_legacy_drawing(sheet: bytes, relation: str) -> bytes:
    found = elements(sheet, ("worksheet", *_BEHIND_LEGACY))
    root = found[0]
    # `extLst` may also stand inside other elements; only children of the sheet itself count.
    depth = elements(sheet, ("sheetData", "conditionalFormatting", "dataValidations"))
    inner = [(each.start, each.end) for each in depth]
    behind = [each for each in found[1:] if not any(start < each.start < end for start, end in inner)]
    text = f'<{root.prefix}legacyDrawing xmlns:r="{_RELATIONS}" r:id="{relation}"/>'
    at = min((each.start for each in behind), default=root.close)
    return spliced(sheet, [Splice(at, at, text.encode())])


# --- the sheet `Lỗi` ------------------------------------------------------------------------------------------------

_LIST_COLUMNS = (
    ("STT", 6), ("Mức độ", 11), ("Vị trí", 16), ("Cột", 20), ("Giá trị đã ghi", 26), ("Nội dung và cách sửa", 70),
    ("Đề xuất", 24), ("In English", 60), ("Mã quy tắc", 26),
)  # fmt: skip


def _list_sheet(findings: Sequence[Finding], styles: _ListStyles) -> bytes:
    """One line a finding, errors first; the position is a link to the cell."""
    ordered = sorted(findings, key=lambda each: _ORDER.index(each.severity))
    rows = [_row(1, [(title, styles.header) for title, _ in _LIST_COLUMNS])]
    links = []
    for number, each in enumerate(ordered, start=1):
        texts = (
            str(number), _WORDS[each.severity], each.position, each.column, each.value, _bare(each, each.message_vi),
            _proposal(each), _bare(each, each.message_en), each.rule_id,
        )  # fmt: skip
        look = [styles.severity[each.severity] if place == 1 else styles.cell for place in range(len(texts))]
        rows.append(_row(number + 1, list(zip(texts, look, strict=True))))
        if _POSITION.fullmatch(each.position):
            links.append(f'<hyperlink ref="C{number + 1}" location={quoteattr(each.position)}/>')
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, (_, width) in enumerate(_LIST_COLUMNS, start=1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{_MAIN}">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
        f' state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData>'
        f'<autoFilter ref="A1:I{len(ordered) + 1}"/>'
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<printOptions gridLines="1"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()


def _row(number: int, cells: list[tuple[str, int]]) -> str:
    """Texts as inline strings: nothing in them is ever a formula."""
    written = "".join(
        f'<c r="{cell_name(number - 1, place)}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        f"{_xml_text(text)}</t></is></c>"
        for place, (text, style) in enumerate(cells)
    )
    # A row of inline strings gets no height of its own from every program.
    lines = max(math.ceil(len(text) * 1.15 / width) for (text, _), (_, width) in zip(cells, _LIST_COLUMNS, strict=True))
    return f'<row r="{number}" ht="{15.5 * max(lines, 1)}" customHeight="1">{written}</row>'


def _list_alone(findings: Sequence[Finding]) -> bytes:
    """A workbook with the sheet `Lỗi` alone, for files that cannot be patched."""
    styles = (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Times New Roman"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="1"><xf/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
    style = _Styles(styles.encode())
    sheet = _list_sheet(findings, style.add_list_styles())
    relation = f'<Relationship Id="rId{{}}" Type="{_RELATIONS}/{{}}" Target="{{}}"/>'
    relations = f'<Relationships xmlns="{_PACKAGE_RELATIONS}">{{}}</Relationships>'
    types = "".join(
        f'<Override PartName="/xl/{name}" ContentType="{_CONTENT}.{kind}+xml"/>'
        for name, kind in (
            ("workbook.xml", "sheet.main"),
            ("worksheets/sheet1.xml", "worksheet"),
            ("styles.xml", "styles"),
        )
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{types}</Types>",
        "_rels/.rels": relations.format(relation.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        f'<sheet name="{SHEET}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations.format(
            relation.format(1, "worksheet", "worksheets/sheet1.xml") + relation.format(2, "styles", "styles.xml")
        ),
        "xl/styles.xml": style.write().decode(),
        "xl/worksheets/sheet1.xml": sheet.decode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, text in parts.items():
            target.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
