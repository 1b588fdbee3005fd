"""What calamine does not tell about an .xls file (BIFF8 in an OLE2 container): errors, percent formats, hidden rows.

Record numbers and layouts are those of [MS-XLS] and [MS-CFB]. Rows and columns count from 0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vwu.intake.submission.package import (
    CONNECTIONS,
    EMBEDDED,
    LINKS,
    MAX_COLUMNS,
    MAX_ROWS,
    CellStyles,
    PackageError,
    SheetFacts,
    cell_styles,
    too_large,
)  # fmt: skip

_END_OF_CHAIN = 0xFFFFFFFA  # this and everything above it ends a chain
_BOF, _EOF, _BOUNDSHEET, _FILEPASS, _XF, _FORMAT, _FONT = 0x809, 0x0A, 0x85, 0x2F, 0xE0, 0x41E, 0x31
_SHARED_STRINGS, _DIMENSIONS = 0xFC, 0x200
_ROW, _COLINFO, _FORMULA, _BOOLERR, _MULRK = 0x208, 0x7D, 0x06, 0x205, 0xBD
_OTHER_CELLS = frozenset((0x203, 0x27E, 0xFD, 0x204, 0xD6))
_BIFF8 = 0x600
# A SUPBOOK record that means the workbook itself or its add-ins has one of these in place of a name.
_SUPBOOK, _DCONN, _OWN_BOOKS = 0x1AE, 0x876, (0x0401, 0x3A01)
# The most that the format itself allows; programs write more rows into DIMENSIONS than they fill.
MAX_BIFF_ROWS = 65_536
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def xls_facts(content: bytes) -> tuple[dict[str, SheetFacts], frozenset[str]]:
    """The facts of each sheet by its name, and the kinds of foreign content.

    Raises PackageError when the file is damaged, encrypted or has macros.
    """
    try:
        container = _Container(content)
        names = {entry.name for entry in container.entries}
        if "EncryptedPackage" in names:
            raise PackageError("FILE_ENCRYPTED")
        if names & {"_VBA_PROJECT_CUR", "VBA"}:
            raise PackageError("FILE_MACROS")
        if "Workbook" not in names:
            detail = "không phải tệp Excel 97 trở lên", "it is no file of Excel 97 or later"
            raise PackageError("FILE_UNREADABLE", *detail)
        book = _Book(container.stream("Workbook"))
        facts = book.facts()
        # Excel keeps each embedded object in a storage of its own.
        embedded = {EMBEDDED} if any(name.startswith("MBD") for name in names) else set[str]()
        return facts, frozenset(book.foreign | embedded)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise PackageError("FILE_TRUNCATED") from error


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the container's directory."""

    name: str
    kind: int
    start: int
    size: int


class _Container:
    """An OLE2 compound file: sectors, their chains, and the streams that they make."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = 1 << min(struct.unpack_from("<H", content, 0x1E)[0], 16)
        directory, _, self.cutoff, mini_start = struct.unpack_from("<4I", content, 0x30)
        self.chains = self._read_chains()
        self.entries = tuple(self._read_entries(self._chain(directory)))
        # calamine makes room for what the file promises before it reads, and the process dies if that is too much.
        if any(entry.size > len(content) for entry in self.entries):
            raise PackageError("FILE_TRUNCATED")
        self.mini_chains = _integers(self._chain(mini_start))
        root = next((entry for entry in self.entries if entry.kind == 5), None)
        self.mini = self._chain(root.start)[: root.size] if root else b""

    def stream(self, name: str) -> bytes:
        """The bytes of a stream, from the small sectors if it is small."""
        entry = next(each for each in self.entries if each.name == name)
        if entry.size >= self.cutoff:
            return self._chain(entry.start)[: entry.size]
        numbers = _follow(self.mini_chains, entry.start)
        return b"".join(self.mini[number * 64 : number * 64 + 64] for number in numbers)[: entry.size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        return self.content[start : start + self.size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(self.chains, start))

    def _read_chains(self) -> list[int]:
        """The file allocation table: sector -> next sector. Its own sectors are listed in the header and beyond."""
        listed = [*struct.unpack_from("<109I", self.content, 0x4C)]
        more = struct.unpack_from("<I", self.content, 0x44)[0]
        for _ in range(len(self.content) // self.size):
            if more >= _END_OF_CHAIN:
                break
            numbers = _integers(self._sector(more))
            listed += numbers[:-1]
            more = numbers[-1]
        return [each for sector in listed if sector < _END_OF_CHAIN for each in _integers(self._sector(sector))]

    @staticmethod
    def _read_entries(directory: bytes) -> Iterator[_Entry]:
        for at in range(0, len(directory) - 127, 128):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<IQ", directory, at + 116)
            if kind:
                yield _Entry(directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le"), kind, start, size)


def _integers(sector: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4]))


def _follow(chains: list[int], start: int) -> Iterator[int]:
    """The sectors of a chain; a chain longer than the table is a circle. Raises IndexError when it leaves the table."""
    number = start
    for _ in range(len(chains)):
        if number >= _END_OF_CHAIN:
            return
        yield number
        number = chains[number]


class _Book:
    """The records of a workbook stream."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream
        self.sheets: list[tuple[str, int]] = []
        self.formats: dict[int, str] = {}
        self.foreign: set[str] = set()
        self.fonts: list[str] = []
        self.cell_formats: list[tuple[int, int]] = []

    def facts(self) -> dict[str, SheetFacts]:
        self._read_globals()
        styles = self._styles()
        found = {}
        for name, start in self.sheets:
            sheet = _SheetRecords(styles)
            for kind, record in self._records(start):
                sheet.take(kind, record)
            found[name] = sheet.facts
        return found

    def _records(self, start: int) -> Iterator[tuple[int, bytes]]:
        """The records of one substream, those of charts within it left out."""
        at, depth = start, 0
        while at + 4 <= len(self.stream):
            kind, length = struct.unpack_from("<HH", self.stream, at)
            record = self.stream[at + 4 : at + 4 + length]
            at += 4 + length
            depth += (kind == _BOF) - (kind == _EOF)
            if depth == 1:
                yield kind, record
            elif depth <= 0:
                return
        raise IndexError("a substream does not end")

    def _read_globals(self) -> None:
        for kind, record in self._records(0):
            if kind == _BOF and struct.unpack_from("<H", record)[0] != _BIFF8:
                raise PackageError("FILE_UNREADABLE", "tệp của Excel 95 hoặc cũ hơn", "it is of Excel 95 or older")
            if kind == _FILEPASS:
                raise PackageError("FILE_ENCRYPTED")
            if kind == _BOUNDSHEET:
                start, _, sheet_type, length, flags = struct.unpack_from("<IBBBB", record)
                if sheet_type == 0:
                    self.sheets.append((_characters(record[8:], length, flags), start))
            elif kind == _SHARED_STRINGS:
                # A string takes three bytes at least.
                if struct.unpack_from("<I", record, 4)[0] > len(self.stream) // 3:
                    raise PackageError("FILE_TRUNCATED")
            else:
                self._take_other(kind, record)

    def _take_other(self, kind: int, record: bytes) -> None:
        if kind == _XF:
            font, number = struct.unpack_from("<HH", record)
            self.cell_formats.append((number, font))
        elif kind == _FONT:
            length, flags = struct.unpack_from("<BB", record, 14)
            self.fonts.append(_characters(record[16:], length, flags))
        elif kind == _SUPBOOK and struct.unpack_from("<H", record, 2)[0] not in _OWN_BOOKS:
            self.foreign.add(LINKS)
        elif kind == _DCONN:
            self.foreign.add(CONNECTIONS)
        elif kind == _FORMAT:
            number, length, flags = struct.unpack_from("<HHB", record)
            self.formats[number] = _characters(record[5:], length, flags)

    def _styles(self) -> CellStyles:
        # The format has no font of number 4.
        fonts = {number + (number > 3): name for number, name in enumerate(self.fonts)}
        return cell_styles(self.cell_formats, self.formats, fonts)


def _characters(data: bytes, length: int, flags: int) -> str:
    return data[: length * 2].decode("utf-16-le") if flags & 1 else data[:length].decode("latin-1")


class _SheetRecords:
    """Takes the records of one sheet and keeps what they say about its cells."""

    def __init__(self, styles: CellStyles) -> None:
        self.facts = SheetFacts()
        self.styles = styles

    def take(self, kind: int, record: bytes) -> None:
        """One record; those that say nothing of interest are ignored."""
        if kind == _ROW:
            if record[12] & 0x20:
                self.facts.hidden_rows.add(struct.unpack_from("<H", record)[0])
        elif kind == _COLINFO:
            first, last, width, _, flags = struct.unpack_from("<5H", record)
            if flags & 1 or not width:
                self.facts.hidden_columns.update(range(first, min(last + 1, MAX_COLUMNS)))
        elif kind == _DIMENSIONS:
            first_row, end_row, first_column, end_column = struct.unpack_from("<IIHH", record)
            if end_row > MAX_BIFF_ROWS or end_column > MAX_COLUMNS or first_row > end_row or first_column > end_column:
                raise too_large(f"{end_row} × {end_column}")
        elif kind == _MULRK:
            row, column = struct.unpack_from("<HH", record)
            for step in range((len(record) - 6) // 6):
                self._cell(row, column + step, struct.unpack_from("<H", record, 4 + step * 6)[0])
        elif kind in _OTHER_CELLS or kind in (_FORMULA, _BOOLERR):
            row, column, style = struct.unpack_from("<3H", record)
            self._cell(row, column, style)
            self._error(kind, record, row, column)

    def _cell(self, row: int, column: int, style: int) -> None:
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            raise too_large(f"{row + 1} × {column + 1}")
        self.styles.note(self.facts, (row, column), style)

    def _error(self, kind: int, record: bytes, row: int, column: int) -> None:
        if kind == _BOOLERR and record[7]:
            self.facts.add_error(row, column, _ERRORS.get(record[6], "#N/A"))
        elif kind == _FORMULA and record[12:14] == b"\xff\xff" and record[6] == 2:
            self.facts.add_error(row, column, _ERRORS.get(record[8], "#N/A"))
