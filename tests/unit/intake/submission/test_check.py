"""Whole files: every format that people save, damaged and hostile ones, and what a check gives back."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwu.catalogue import load_catalogue
from vwu.intake.model import Severity, has_errors
from vwu.intake.submission.check import check_submission, looks_like_submission

from .conftest import STARTUP, TODAY, Build, Check, checked, container, saved, workbook

# One workbook saved by LibreOffice 7.4 in three formats (`soffice --convert-to`): a percent cell, a hidden row and a
# hidden column with figures, a formula with and one without an error, a date where a number belongs, a second sheet.
SAVED = Path(__file__).parent / "libreoffice"
CATALOGUE = load_catalogue(Path(__file__).parents[4] / "seeds")
ROW = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'


@pytest.mark.parametrize("name", ["saved.xlsx", "saved.ods", "saved.xls"])
def test_what_libreoffice_saves_reads_the_same_in_every_format(check: Check, name: str) -> None:
    submission = check((SAVED / name).read_bytes(), name)
    assert submission.scope is not None
    assert submission.scope.key == "submission|P22|2024-01|BM01"
    figures = [(v.indicator_code, v.quantity.qualifier, str(v.quantity.value), v.position) for v in submission.values]
    assert figures == [
        ("WOMEN_STARTUP_SUPPORTED", "exact", "2238", "BaoCao!G13"),
        ("MEMBERSHIP_RATE_PCT", "exact", "62", "BaoCao!J14"),
        ("MEMBERS_TOTAL", "exact", "620", "BaoCao!J15"),
        ("WOMEN_18_PLUS", "exact", "1000", "BaoCao!J16"),
        ("SHELTER_FUND", "less_than", "2300000000", "BaoCao!G17"),
        ("LOAN_TURNS", "exact", "60425", "BaoCao!G21"),
    ]
    assert [(finding.rule_id, finding.position) for finding in submission.findings] == [
        ("SHEET_NOT_READ", "'Tham khảo'!A1"),
        ("COLUMN_HIDDEN", "BaoCao!H13"),
        ("ROW_HIDDEN", "BaoCao!G20"),
        ("VALUE_ERROR_CELL", "BaoCao!G18"),
        ("VALUE_DATE", "BaoCao!G19"),
    ]


@pytest.mark.parametrize("name", ["encrypted.ods", "encrypted.xls"])
def test_a_password_is_told(check: Check, name: str) -> None:
    assert [finding.rule_id for finding in check((SAVED / name).read_bytes(), name).findings] == ["FILE_ENCRYPTED"]


def test_a_workbook_under_the_name_of_another_format_is_read_by_its_content(check: Check, build: Build) -> None:
    assert len(check(build(STARTUP), "P22.xls").values) == 1
    assert len(check((SAVED / "saved.xls").read_bytes(), "P22.xlsx").values) == 6


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.xlsx", b"PK\x03\x04", True), ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", True), ("a.XLSX", b"", True),
        ("a.csv", b"form,branch_code,indicator_code\n", True), ("a.csv", b"bank_code,loan_id\n", False),
        ("a.txt", b"hello", False),
    ],
)  # fmt: skip
def test_submissions_are_told_from_other_files(name: str, content: bytes, expected: bool) -> None:
    assert looks_like_submission(name, content) is expected


@pytest.mark.parametrize(
    ("name", "content", "rule_id"),
    [
        ("a.xlsx", b"", "FILE_EMPTY"),
        ("a.pdf", b"%PDF-1.7", "FILE_UNKNOWN_KIND"),
        ("a.xlsx", b"%PDF-1.7", "FILE_RENAMED"),
        ("a.xlsx", b"PK\x03\x04 and no more", "FILE_TRUNCATED"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "FILE_TRUNCATED"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000), "FILE_TRUNCATED"),
        ("a.csv", b"hello", "CSV_COLUMN_MISSING"),
        ("a.xlsx", container("EncryptedPackage"), "FILE_ENCRYPTED"),
        ("a.xls", container("Workbook", "_VBA_PROJECT_CUR"), "FILE_MACROS"),
        ("a.xls", container("Book"), "FILE_UNREADABLE"),
        ("a.doc", container("WordDocument"), "FILE_UNREADABLE"),
    ],
)
def test_what_cannot_be_read_is_one_finding_that_names_the_file(
    check: Check, name: str, content: bytes, rule_id: str
) -> None:
    submission = check(content, name)
    assert submission.scope is None
    assert submission.values == ()
    (finding,) = submission.findings
    assert (finding.rule_id, finding.severity) == (rule_id, Severity.ERROR)
    assert name in finding.position


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_sheet(change: Callable[[bytes], bytes], **more: bytes) -> bytes:
    """A sound workbook whose sheet's XML was changed."""
    with zipfile.ZipFile(io.BytesIO(saved(workbook(STARTUP)))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
    return zipped(**parts, **more)


def promising(record: int, length: int, offset: int) -> bytes:
    """An .xls whose first record of a kind promises four billion of what it holds."""
    content = bytearray((SAVED / "saved.xls").read_bytes())
    at = content.index(struct.pack("<HH", record, length), 512)
    struct.pack_into("<I", content, at + 4 + offset, 0xFFFFFFF0)
    return bytes(content)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a bomb in the sheet": lambda: with_sheet(lambda sheet: sheet + b" " * 60_000_000),
    "a bomb in another part": lambda: zipped(**{"xl/workbook.xml": b"<a/>", "bomb": bytes(60_000_000)}),
    "ten thousand parts": lambda: zipped(**{f"part{number}": b"" for number in range(10_000)}),
    "a cell in the last corner": lambda: with_sheet(
        lambda sheet: sheet.replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        )
    ),
    "100,000 rows": lambda: with_sheet(
        lambda sheet: sheet.replace(
            b"</sheetData>", "".join(ROW.format(row) for row in range(20, 100_020)).encode() + b"</sheetData>"
        )
    ),
    "an entity that grows": lambda: with_sheet(
        lambda sheet: b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>' + sheet.partition(b"?>")[2]
    ),
    "an external entity": lambda: with_sheet(
        lambda sheet: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + sheet.replace(b"2.238", b"&b;")
    ),
    "a cell of another row": lambda: with_sheet(lambda sheet: sheet.replace(b'r="G13"', b'r="G1048000"')),
    "a promise of texts": lambda: with_sheet(
        lambda sheet: sheet, **{"xl/sharedStrings.xml": b'<sst uniqueCount="599999929"><si><t>a</t></si></sst>'}
    ),
    "an encoding that nobody knows": lambda: with_sheet(
        lambda sheet: b'<?xml version="1.0" encoding="UTF-9"?>' + sheet.partition(b"?>")[2]
    ),
    "a promise of rows in an .xls": lambda: promising(0x200, 14, 4),
    "a cell with no place": lambda: with_sheet(lambda sheet: sheet.replace(b'r="G13"', b'r="!!"')),
    "half a sheet": lambda: with_sheet(lambda sheet: sheet[: len(sheet) // 2]),
    "no sheet at all": lambda: zipped(**{"xl/workbook.xml": b"<workbook/>", "[Content_Types].xml": b"<Types/>"}),
    "a Word document": lambda: zipped(**{"word/document.xml": b"<a/>", "[Content_Types].xml": b"<Types/>"}),
    "repeated cells of an .ods": lambda: zipped(
        mimetype=b"application/vnd.oasis.opendocument.spreadsheet",
        **{
            "content.xml": b'<office:document-content xmlns:office="o" xmlns:table="t"><table:table table:name="a">'
            b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float"'
            b' office:value="1" table:number-columns-repeated="16000"/></table:table-row></table:table>'
            b"</office:document-content>"
        },
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_little_time_and_memory(check: Check, kind: str) -> None:
    content = HOSTILE[kind]()
    tracemalloc.start()
    start = time.process_time()
    submission = check(content)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert has_errors(submission.findings)
    assert submission.scope is None
    assert seconds < 5
    assert peak < 150_000_000


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("xl/externalLinks/externalLink1.xml", "links to other files or DDE"),
        ("xl/embeddings/Microsoft_Word_Document.docx", "embedded objects"),
        ("xl/activeX/activeX1.bin", "embedded objects"),
        ("xl/connections.xml", "external data connections"),
        ("xl/queryTables/queryTable1.xml", "external data connections"),
    ],
)
def test_what_reaches_out_of_a_workbook_is_said_and_the_figures_are_read(
    check: Check, build: Build, part: str, said: str
) -> None:
    buffer = io.BytesIO(build(STARTUP))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(part, b"<a/>")
    submission = check(buffer.getvalue())
    assert [finding.rule_id for finding in submission.findings] == ["FILE_FOREIGN_CONTENT"]
    assert said in submission.findings[0].message_en
    assert len(submission.values) == 1


def test_a_formula_that_reaches_out_is_never_followed(check: Check) -> None:
    submission = check(saved(workbook((*STARTUP[:6], '=WEBSERVICE("http://example.org")'))))
    assert [finding.rule_id for finding in submission.findings] == ["VALUE_FORMULA_EMPTY"]


@given(st.integers(min_value=0, max_value=2**32), st.sampled_from(("saved.xlsx", "saved.ods", "saved.xls", "P22.csv")))
@settings(max_examples=300, deadline=None)
def test_damaged_files_never_break_the_check(seed: int, name: str) -> None:
    chance = random.Random(seed)
    if name == "P22.csv":
        line = "BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,5,PERSON,\n"
        head = (
            "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note\n"
        )
        content = bytearray((head + line * 3).encode())
    else:
        content = bytearray((SAVED / name).read_bytes())
    for _ in range(chance.randint(1, 30)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    del content[chance.randint(len(content) // 2, len(content)) :]
    reports, findings = check_submission(name, bytes(content), CATALOGUE, TODAY)
    assert findings or any(report.values or report.findings for report in reports)


@given(st.binary(max_size=2000), st.sampled_from((b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
@settings(max_examples=300, deadline=None)
def test_random_files_never_break_the_check(content: bytes, start: bytes) -> None:
    for name in ("a.xlsx", "a.csv"):
        assert has_errors(checked(name, start + content, CATALOGUE).findings)


def test_damaged_sheets_never_break_the_check(check: Check) -> None:
    chance = random.Random(7)
    for _ in range(150):

        def damage(sheet: bytes) -> bytes:
            changed = bytearray(sheet)
            for _ in range(chance.randint(1, 8)):
                changed[chance.randrange(len(changed))] = chance.choice(b"<>/\"' =&0123456789abcrst")
            return bytes(changed)

        submission = check(with_sheet(damage))
        assert submission.values or submission.findings
