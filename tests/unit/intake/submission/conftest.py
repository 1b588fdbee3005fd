"""The catalogue of the project's own seeds, and submissions built cell by cell."""

from __future__ import annotations

import io
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from vwu.catalogue import Catalogue, Unit, load_catalogue
from vwu.intake.model import Submission
from vwu.intake.submission.check import check_submission
from vwu.intake.submission.values import Cell, Notation, Reading, Vocabulary, read_value, vocabulary_of

TODAY = date(2026, 11, 21)
HEAD: Mapping[str, Any] = {
    "Mã biểu": "BM01",
    "Phiên bản": "1",
    "Mã đơn vị": "P22",
    "Tên đơn vị": "Hội LHPN tỉnh Quảng Ninh",
    "Kỳ báo cáo": "2024-01",
    "Từ ngày": date(2023, 12, 15),
    "Đến ngày": date(2024, 1, 14),
    "Người lập": "Nguyễn Thị A",
    "Ngày lập": date(2024, 1, 20),
}
COLUMNS = (
    "STT", "Mã chương trình", "Mã chỉ tiêu", "Chỉ tiêu", "Đơn vị tính", "Kế hoạch", "Trong kỳ", "Lũy kế năm",
    "Lũy kế chương trình", "Tại thời điểm", "Ghi chú",
)  # fmt: skip
FIRST_ROW = 13
# STT, programme, indicator, label, unit; then plan, in_period, year_to_date, programme_to_date, as_of; then the note.
STARTUP = (1, "DA939", "WOMEN_STARTUP_SUPPORTED", "", "người", None, "2.238")

Line = Sequence[Any]
Build = Callable[..., bytes]
Check = Callable[..., Submission]
Read = Callable[..., Reading]
Office = Callable[[bytes, str, str], bytes]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parents[4] / "seeds")


@pytest.fixture(scope="session")
def vocabulary(catalogue: Catalogue) -> Vocabulary:
    return vocabulary_of(catalogue.units.values())


@pytest.fixture(scope="session")
def units(catalogue: Catalogue) -> Mapping[str, Unit]:
    return catalogue.units


@pytest.fixture(scope="session")
def read(units: Mapping[str, Unit], vocabulary: Vocabulary) -> Read:
    """`read("2.238", "PERSON")` reads one cell."""

    def read_one(content: Any, unit_code: str, **notation: Any) -> Reading:
        cell = content if isinstance(content, Cell) else Cell(content)
        return read_value(cell, units[unit_code], vocabulary, Notation(**notation))

    return read_one


def workbook(*lines: Line, head: Mapping[str, Any] | None = None, columns: Sequence[str] = COLUMNS) -> Workbook:
    """BM01 with the given lines from row 13 on: head in rows 2 to 10, header in row 12."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "BaoCao"
    sheet["A1"] = "BÁO CÁO KẾT QUẢ"
    for row, (label, value) in enumerate((HEAD | dict(head or {})).items(), start=2):
        if value is not None:
            sheet.cell(row, 1, label)
            sheet.cell(row, 2, value)
    for column, label in enumerate(columns, start=1):
        sheet.cell(FIRST_ROW - 1, column, label)
    for row, line in enumerate(lines, start=FIRST_ROW):
        for column, content in enumerate(line, start=1):
            sheet.cell(row, column, content)
    return book


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def container(*streams: str) -> bytes:
    """A small OLE2 file with empty streams of these names: what encrypted and old workbooks are kept in."""
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[none] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, end, *[none] * 126)
    directory = b""
    for name, kind in (("Root Entry", 5), *((stream, 2) for stream in streams)):
        spelled = (name + "\0").encode("utf-16-le")
        directory += struct.pack("<64sHBB", spelled, len(spelled), kind, 1) + struct.pack("<3I", none, none, none)
        directory += bytes(36) + struct.pack("<IQ", end, 0)
    return header + table + directory.ljust(512, b"\0")


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """`office(content, "xlsx", "ods")` opens bytes in LibreOffice and gives what it saves in another format."""
    profile = tmp_path_factory.mktemp("profile")

    def convert(content: bytes, source: str, target: str) -> bytes:
        folder = tmp_path_factory.mktemp("office")
        path = folder / f"given.{source}"
        path.write_bytes(content)
        subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", target,
             "--outdir", str(folder / "saved"), str(path)],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        return (folder / "saved" / f"given.{target}").read_bytes()

    return convert


@pytest.fixture
def build() -> Build:
    """`build(line, …, head={…})` makes the bytes of a BM01 workbook."""

    def build_workbook(*lines: Line, head: Mapping[str, Any] | None = None) -> bytes:
        return saved(workbook(*lines, head=head))

    return build_workbook


def checked(name: str, content: bytes, catalogue: Catalogue, today: date = TODAY) -> Submission:
    """The first report of a file, with what is told of the whole file among its findings."""
    reports, findings = check_submission(name, content, catalogue, today)
    report = reports[0] if reports else Submission(None)
    return replace(report, findings=(*findings, *(each for report in reports for each in report.findings)))


@pytest.fixture
def check(catalogue: Catalogue) -> Check:
    """`check(content, name)` checks bytes as of 21 November 2026."""

    def check_bytes(content: bytes, name: str = "P22.xlsx", today: date = TODAY) -> Submission:
        return checked(name, content, catalogue, today)

    return check_bytes
