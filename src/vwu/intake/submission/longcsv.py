"""The long CSV of INTERFACES 2.2: one value a line, comma, header.

It should be UTF-8. UTF-16 is read too; fields in Windows-1258, TCVN3 or VNI are read with a warning where only one of
these makes every word Vietnamese.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.encodings import Written, byte_readings, encodings_of, written
from vwu.intake.submission.entries import Figure, HeadField, Line, Paper, Place
from vwu.intake.submission.package import MAX_FILE_BYTES
from vwu.intake.submission.text import clean, match_key, without_zero
from vwu.intake.submission.values import Cell

COLUMNS = (
    "form", "form_version", "branch_code", "period_code", "programme_code", "indicator_code", "scenario", "basis",
    "value", "unit", "note",
)  # fmt: skip
_HEAD = ("form", "form_version", "branch_code", "period_code")
_OPTIONAL = frozenset(("form_version", "unit", "note"))
MAX_LINES = 20_000
# A field is a code, a figure or a note; a longer one means a quote that nobody closed.
_MAX_FIELD = 20_000
_UTF_8_MARK, _UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_ASCII = Written(is_sound=True, possible={})

Fields = tuple[int, dict[str, str]]


class _CsvError(Exception):
    """Carries the finding that ends the reading of a file; never leaves this module."""

    def __init__(self, found: Finding) -> None:
        super().__init__(found.rule_id)
        self.found = found


def has_long_header(content: bytes) -> bool:
    """Whether the first line names a branch and an indicator, in whatever encoding and with whatever separator."""
    first = content[:4096].replace(b"\x00", b"").split(b"\n", 1)[0].lower()
    return b"branch_code" in first and b"indicator_code" in first


def read_long_csv(name: str, content: bytes) -> tuple[tuple[Paper, ...], tuple[Finding, ...]]:
    """A paper of each report in the file, and what is wrong with the file; none when it cannot be read as a table."""
    try:
        text, converted = _text(name, content)
        header, lines = _table(name, text)
    except _CsvError as error:
        return (), (error.found,)
    findings = [*converted, *_unknown_columns(name, header)]
    if not lines:
        return (), (*findings, finding("CSV_NO_LINES", position=f"{name}:1", value=name))
    reports: dict[tuple[str, ...], list[Fields]] = {}
    for line in lines:
        reports.setdefault(tuple(clean(line[1].get(column, "")).upper() for column in _HEAD), []).append(line)
    return tuple(_paper(name, report) for report in reports.values()), tuple(findings)


def _paper(name: str, lines: list[Fields]) -> Paper:
    """One report: branch, period and form are the same on each of its lines."""
    return Paper(_head(name, lines[0]), tuple(_lines(name, lines)), Place(f"{name}:{lines[0][0]}"), is_table=True)


def _text(name: str, content: bytes) -> tuple[str, list[Finding]]:
    """The text of the file, and one finding for each old encoding that lines of it are written in."""
    if len(content) > MAX_FILE_BYTES:
        size = f"{len(content):,} byte"
        raise _CsvError(finding("FILE_TOO_LARGE", position=name, value=name, detail_vi=size, detail_en=size))
    if b"\x00" in content:
        content = _utf_16(name, content).encode()
    lines = content.removeprefix(_UTF_8_MARK).split(b"\n")
    # Judged field by field: what a comma within quotes parts does not matter for the words.
    fields = [(number, field) for number, line in enumerate(lines, start=1) for field in line.split(b",")]
    texts = [_written(field) for _, field in fields]
    encodings = encodings_of([text for _, text in texts])
    read: list[list[str]] = [[] for _ in lines]
    first: dict[str, Finding] = {}
    for (number, field), (typed, text), encoding in zip(fields, texts, encodings, strict=True):
        if typed is None and not encoding:
            shown = ", ".join(text.possible) or "?"
            raise _CsvError(finding("CSV_ENCODING", position=f"{name}:{number}", value=shown))
        read[number - 1].append(text.possible[encoding] if encoding else str(typed))
        if encoding and encoding not in first:
            first[encoding] = finding(
                "TEXT_LEGACY", position=f"{name}:{number}", value=(typed or field.decode("latin-1")).strip()[:200],
                proposed=text.possible[encoding].strip()[:200], line_count=encodings.count(encoding),
                encoding=encoding,
            )  # fmt: skip
    return "\n".join(map(",".join, read)), list(first.values())


def _written(field: bytes) -> tuple[str | None, Written]:
    """A field as UTF-8, None if it is not, and what else it may say."""
    if field.isascii():
        return field.decode(), _ASCII
    try:
        text = field.decode("utf-8")
    except UnicodeDecodeError:
        return None, Written(is_sound=False, possible=byte_readings(field))
    return text, written(text)


def _utf_16(name: str, content: bytes) -> str:
    """UTF-16 with its byte order mark or without; the header's letters are ASCII, so every other byte of it is 0."""
    encoding = "utf-16" if content.startswith(_UTF_16_MARKS) else "utf-16-be" if content[0] == 0 else "utf-16-le"
    try:
        return without_zero(content.decode(encoding))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _CsvError(finding("CSV_ENCODING", position=f"{name}:{line}", value=encoding.upper())) from error


def _table(name: str, text: str) -> tuple[list[str], list[Fields]]:
    """The header and the lines with their numbers; every line has as many fields as the header."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    lines: list[Fields] = []
    start = 1
    try:
        for row in rows:
            if not header:
                header = _header(name, row)
            elif any(row):
                lines.append((start, _line(name, start, header, row)))
            start = rows.line_num + 1
    except csv.Error as error:
        raise _CsvError(finding("CSV_LINE_BROKEN", position=f"{name}:{start}", value=str(error)[:100])) from error
    if not header:
        raise _CsvError(finding("CSV_NO_LINES", position=f"{name}:1", value=name))
    return header, lines


def _header(name: str, row: list[str]) -> list[str]:
    header = [match_key(label).replace(" ", "_") for label in row]
    missing = [column for column in COLUMNS if column not in header and column not in _OPTIONAL]
    if missing:
        separated = ";" in "".join(row) or "\t" in "".join(row)
        rule_id = "CSV_SEPARATOR" if separated and len(row) < 3 else "CSV_COLUMN_MISSING"
        shown = ", ".join(missing)
        raise _CsvError(finding(rule_id, position=f"{name}:1", value=shown, column=missing[0]))
    repeated = next((column for column in COLUMNS if header.count(column) > 1), "")
    if repeated:
        raise _CsvError(finding("COLUMN_TWICE", position=f"{name}:1", column=repeated, value=repeated))
    return header


def _line(name: str, number: int, header: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(header):
        raise _CsvError(
            finding(
                "CSV_FIELD_COUNT", position=f"{name}:{number}", value=str(len(row)),
                expected=str(len(header)), found=str(len(row)),
            )
        )  # fmt: skip
    if number > MAX_LINES or max(map(len, row)) > _MAX_FIELD:
        shown = f"{number} × {max(map(len, row))}"
        place = f"{name}:{number}"
        raise _CsvError(finding("FILE_TOO_LARGE", position=place, value=name, detail_vi=shown, detail_en=shown))
    return dict(zip(header, row, strict=True))


def _unknown_columns(name: str, header: list[str]) -> Iterator[Finding]:
    for column in header:
        if column not in COLUMNS:
            yield finding("COLUMN_UNKNOWN", position=f"{name}:1", column=column, value=column, known=", ".join(COLUMNS))


def _head(name: str, line: Fields) -> dict[str, HeadField]:
    number, fields = line
    return {
        column: HeadField(clean(fields[column]), Place(f"{name}:{number}", column))
        for column in _HEAD
        if fields.get(column, "").strip()
    }


def _lines(name: str, lines: list[Fields]) -> Iterator[Line]:
    for number, fields in lines:
        position = f"{name}:{number}"
        scenario, basis = clean(fields["scenario"]).lower(), clean(fields["basis"]).lower()
        yield Line(
            programme=clean(fields["programme_code"]), indicator=clean(fields["indicator_code"]), label="",
            unit=clean(fields.get("unit", "")),
            figures=(Figure(scenario, basis, Cell(fields["value"]), Place(position, "value")),),
            indicator_place=Place(position, "indicator_code"), programme_place=Place(position, "programme_code"),
            unit_place=Place(position, "unit"), note=clean(fields.get("note", "")),
        )  # fmt: skip
