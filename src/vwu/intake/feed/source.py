"""The bytes of a feed: decompress, digest, header, and which physical line is not a record.

A feed has one record on each line. Anything else is refused with its line, so that a record's line number is always
its place in the file plus one for the header.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from vwu.intake.feed.places import MOST_LINES, line_finding
from vwu.intake.model import Finding
from vwu.intake.rules import finding

_CHUNK = 1 << 20
# One line as RFC 4180 has it: cells bare without a quote, or quoted with inner quotes doubled.
_CELL = r'(?:"(?:[^"]|"")*"|[^",]*)'
_RECORD = re.compile(rf"{_CELL}(?:,{_CELL})*")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# A header is short; a file without any line end must not be read into memory to find that out.
_LONGEST_HEADER = 64 * 1024
# The engine takes no longer one either.
_LONGEST_LINE = 2_000_000


class BrokenCompressionError(Exception):
    """The file says that it is compressed, and is not, or is cut short."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the bytes tells: digest as sent, how many lines have content (header included), and commas.

    `comma_count` is None in a file with quotes, where a comma may be part of a cell.
    """

    sha256: str
    line_count: int
    comma_count: int | None = None

    def may_have_width(self, width: int) -> bool:
        """Whether each line can have so many cells: the engine forgives a line one empty cell too many at its end."""
        return self.comma_count in (None, self.line_count * (width - 1))


class _Digesting(io.RawIOBase):
    """A raw stream that digests what is read through it."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = self._source.readinto(view)
        self.digest.update(view[:count])
        return int(count)


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """The decompressed bytes of a feed. Reading raises BrokenCompressionError when they cannot be had."""
    with path.open("rb", buffering=0) as raw:
        yield _plain(path.name, io.BufferedReader(_Digesting(raw), _CHUNK))


def scan(path: Path) -> Scan:
    """Digest the file and count its lines in one pass, in constant memory.

    Raises BrokenCompressionError for a compressed file that is damaged or cut short.
    """
    with path.open("rb", buffering=0) as raw:
        digesting = _Digesting(raw)
        buffered = io.BufferedReader(digesting, _CHUNK)
        line_count, comma_count = _count(_plain(path.name, buffered))
        while buffered.read(_CHUNK):  # whatever stands behind the compressed stream belongs to the file too
            pass
        return Scan(digesting.digest.hexdigest(), line_count, comma_count)


def read_header(path: Path) -> list[str]:
    """The cells of the first line. Raises BrokenCompressionError, UnicodeDecodeError."""
    with open_plain(path) as plain:
        try:
            first = plain.readline(_LONGEST_HEADER)
        except _reading_errors() as error:
            raise BrokenCompressionError(str(error)) from error
    return next(csv.reader([first.decode("utf-8-sig").rstrip("\r\n")]), [])


def find_structure_faults(path: Path, width: int) -> tuple[Finding, ...]:
    """Look at each line for why the file is not one record a line; slow, for files known to be faulty."""
    faults: dict[str, _Fault] = {}
    with open_plain(path) as plain:
        for rule_id, line, value in _faulty_lines(plain, width):
            faults.setdefault(rule_id, _Fault(value, [])).add(line)
    return tuple(
        line_finding(rule_id, path.name, fault.lines, fault.count, value=fault.value, proposed=str(width))
        for rule_id, fault in faults.items()
    ) or (finding("FEED_UNREADABLE", position=path.name, value=path.name),)


@dataclass
class _Fault:
    value: str
    lines: list[int]
    count: int = 0

    def add(self, line: int) -> None:
        self.count += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)


def _plain(name: str, source: Any) -> BinaryIO:
    if name.lower().endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=source))
    if name.lower().endswith(".zst"):
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True, closefd=False)
        return io.BufferedReader(reader, _CHUNK)
    return cast("BinaryIO", source)


def _count(plain: BinaryIO) -> tuple[int, int | None]:
    """Lines with content (line ends before the last content, and the line that it is in); and commas."""
    import numpy as np

    ends = before_content = 0
    is_empty = True
    commas: int | None = 0
    for chunk in _chunks(plain):
        if commas is not None:
            # `bytes.count` takes longer the more it finds.
            is_comma = np.frombuffer(chunk, np.uint8) == ord(",")
            commas = None if b'"' in chunk else commas + int(np.count_nonzero(is_comma))
        ends_here = chunk.count(b"\n")
        content = chunk.rstrip(b"\r\n")
        if content:
            is_empty = False
            before_content = ends + ends_here - chunk.count(b"\n", len(content))
        ends += ends_here
    return (0 if is_empty else before_content + 1), commas


def _chunks(plain: BinaryIO) -> Iterator[bytes]:
    try:
        while chunk := plain.read(_CHUNK):
            yield chunk
    except _reading_errors() as error:
        raise BrokenCompressionError(str(error)) from error


def _reading_errors() -> tuple[type[Exception], ...]:
    return (OSError, *unpacking_errors())


def unpacking_errors() -> tuple[type[Exception], ...]:
    """What reading a feed raises when its compression is broken, and nothing else raises."""
    import zstandard

    return (gzip.BadGzipFile, EOFError, zlib.error, cast("type[Exception]", zstandard.ZstdError))


def _faulty_lines(plain: BinaryIO, width: int) -> Iterator[tuple[str, int, str]]:
    """(rule, line, what was found) of each line that is not one record of `width` cells."""
    last, is_open = 0, False  # the last line with content; whether a quote has not closed yet
    for number, raw in enumerate(_lines(plain), start=1):
        if is_open:
            is_open, last = raw.count(b'"') % 2 == 0, number
            continue
        line = raw.rstrip(b"\r\n")
        if not line:
            continue
        yield from (("FEED_LINE_EMPTY", empty, "") for empty in range(last + 1, number))
        last = number
        is_open = line.count(b'"') % 2 == 1
        yield from _line_fault(line, number, width)


def _lines(plain: BinaryIO) -> Iterator[bytes]:
    """Line by line; of a line that is longer than any record the beginning, since the whole may not fit into memory."""
    is_beginning = True
    while part := plain.readline(_LONGEST_LINE):
        if is_beginning:
            yield part
        is_beginning = part.endswith(b"\n")


def _line_fault(line: bytes, number: int, width: int) -> Sequence[tuple[str, int, str]]:
    if len(line) == _LONGEST_LINE:
        return [("FEED_LINE_BROKEN", number, "")]
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return [("FEED_ENCODING", number, "")]
    if '"' in text and not _RECORD.fullmatch(text):
        return [("FEED_LINE_BROKEN", number, "")]
    cells = _QUOTED.sub("", text).count(",") + 1
    return [] if cells == width else [("FEED_LINE_WIDTH", number, str(cells))]
