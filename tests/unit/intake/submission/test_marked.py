"""The workbook that goes back: faulty cells coloured, a comment on each, a sheet `Lỗi`, all else as it was sent."""

from __future__ import annotations

import io
import random
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.marked import mark_workbook, positions

from .conftest import FIRST_ROW, STARTUP, Check, saved, workbook

RED, YELLOW = "FFF4A6A0", "FFFFE08A"
PATCHED = {
    "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml",
    "xl/worksheets/_rels/sheet1.xml.rels",
}  # fmt: skip


def at(position: str, rule_id: str = "VALUE_LOGICAL") -> Finding:
    return finding(rule_id, position=position, value="TRUE")


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def colour(book: Workbook, cell: str) -> str:
    fill = book["BaoCao"][cell].fill
    return str(fill.fgColor.rgb) if fill.patternType == "solid" else ""


def comment(book: Workbook, cell: str) -> str:
    found = book["BaoCao"][cell].comment
    return "" if found is None else found.text


@pytest.fixture
def sent() -> bytes:
    book = workbook((*STARTUP[:6], "6/8"), (2, "DA939", "TRAINING_CLASSES", "", "lớp", None, "14,0"))
    sheet = book.active
    assert sheet is not None
    sheet["G13"].number_format = "@"
    sheet["A1"].comment = Comment("ghi chú của đơn vị", "đơn vị")
    validation = DataValidation(type="whole", operator="greaterThan", formula1="0")
    validation.add("G14")
    sheet.add_data_validation(validation)
    sheet.merge_cells("A1:D1")
    book.create_sheet("Phụ lục")["A1"] = "giữ nguyên"
    return saved(book)


def test_each_faulty_cell_is_coloured_and_says_why(check: Check, sent: bytes) -> None:
    findings = check(sent).findings
    book = opened(mark_workbook(sent, findings))
    assert {cell: colour(book, cell) for cell in ("G13", "G14", "G15", "C13")} == {
        "G13": RED, "G14": YELLOW, "G15": "", "C13": "",
    }  # fmt: skip
    assert comment(book, "G13").startswith("LỖI: 6/8 gồm nhiều số")
    assert "holds several numbers" in comment(book, "G13")
    assert "→ 6 hoặc 8" in comment(book, "G13")
    assert comment(book, "G14").startswith("CẢNH BÁO")
    assert comment(book, "A1") == "ghi chú của đơn vị"
    assert book["BaoCao"]["G13"].number_format == "@"
    assert book["BaoCao"]["G13"].value == "6/8"


def test_the_list_holds_every_finding_errors_first(check: Check, sent: bytes) -> None:
    findings = check(sent).findings
    rows = list(opened(mark_workbook(sent, findings))["Lỗi"].iter_rows(values_only=True))
    assert rows[0][:4] == ("STT", "Mức độ", "Vị trí", "Cột")
    assert [(row[1], row[2], row[8]) for row in rows[1:]] == [
        ("Lỗi", "BaoCao!G13", "VALUE_COMPOSITE"),
        ("Cảnh báo", "BaoCao!G14", "VALUE_UNUSUAL"),
        ("Thông tin", "'Phụ lục'!A1", "SHEET_NOT_READ"),
    ]
    assert findings[1].message_vi == f"BaoCao!G13: {rows[1][5]}"


def test_everything_else_stays_byte_for_byte(check: Check, sent: bytes) -> None:
    before, after = parts(sent), parts(mark_workbook(sent, check(sent).findings))
    kept = [name for name in before if name not in PATCHED and "comments" not in name and "Drawing" not in name]
    assert {"xl/worksheets/sheet2.xml", "docProps/app.xml", "xl/theme/theme1.xml"} <= set(kept)
    for name in kept:
        assert after[name] == before[name], name
    sheet_before, sheet_after = before["xl/worksheets/sheet1.xml"], after["xl/worksheets/sheet1.xml"]
    for piece in (b"<dataValidations", b"<mergeCells", b"<sheetViews"):
        start = sheet_before.index(piece)
        assert sheet_before[start : start + 200] in sheet_after


def test_the_same_workbook_gives_the_same_bytes_and_the_same_findings(check: Check, sent: bytes) -> None:
    findings = check(sent).findings
    marked = mark_workbook(sent, findings)
    assert mark_workbook(sent, findings) == marked
    assert check(marked).findings == findings


def test_cells_and_rows_that_the_sheet_leaves_out_are_put_in_place() -> None:
    content = saved(workbook((1, "DA939", "TRAINING_CLASSES", "", "lớp", None, None, None, None, 5)))
    cells = ("G13", "H13", "K13", "B1", "C40", "A41", "B14")
    marked = mark_workbook(content, [at(f"BaoCao!{cell}") for cell in cells])
    book = opened(marked)
    assert {cell: colour(book, cell) for cell in cells} == dict.fromkeys(cells, RED)
    assert book["BaoCao"]["J13"].value == 5
    sheet = parts(marked)["xl/worksheets/sheet1.xml"].decode()
    places = [sheet.index(f'r="{cell}"') for cell in ("B1", "A2", "G13", "H13", "J13", "K13", "B14", "C40", "A41")]
    assert places == sorted(places)


def test_a_comment_of_the_branch_is_continued_not_replaced(check: Check) -> None:
    book = workbook((*STARTUP[:6], "6/8"))
    sheet = book.active
    assert sheet is not None
    sheet["G13"].comment = Comment("sẽ bổ sung", "đơn vị")
    content = saved(book)
    text = comment(opened(mark_workbook(content, check(content).findings)), "G13")
    assert text.startswith("sẽ bổ sung")
    assert "gồm nhiều số" in text


def test_a_corrected_cell_loses_its_mark(check: Check, sent: bytes) -> None:
    marked = opened(mark_workbook(sent, check(sent).findings))
    marked["BaoCao"]["G13"] = "6"
    corrected = saved(marked)
    findings = check(corrected).findings
    assert [each.rule_id for each in findings] == ["SHEET_NOT_READ", "VALUE_UNUSUAL"]
    again = opened(mark_workbook(corrected, findings))
    assert (colour(again, "G13"), colour(again, "G14")) == ("", YELLOW)
    assert comment(again, "G13") == ""
    assert comment(again, "G14").count("CẢNH BÁO") == 1
    assert again.sheetnames == ["BaoCao", "Phụ lục", "Lỗi"]


def test_several_findings_of_a_cell_share_one_comment_and_the_worst_colour() -> None:
    content = saved(workbook(STARTUP))
    unusual = finding("VALUE_UNUSUAL", position="BaoCao!G13", value="2,0", amount="2")
    found = [unusual, at("BaoCao!G13", "VALUE_NEGATIVE"), at("BaoCao!G13")]
    book = opened(mark_workbook(content, found))
    assert colour(book, "G13") == RED
    assert comment(book, "G13").count("LỖI:") == 2


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off", "a,b\n1,2\n".encode("utf-16")])
def test_what_cannot_be_patched_comes_back_as_the_list(content: bytes) -> None:
    book = opened(mark_workbook(content, [finding("FILE_TRUNCATED", position="P22.xlsx", value="P22.xlsx")]))
    assert book.sheetnames == ["Lỗi"]
    assert book["Lỗi"]["I2"].value == "FILE_TRUNCATED"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "<&>\"'", "a\x00b\x0bc", "x" * 40_000])
def test_what_was_sent_is_shown_as_text_and_never_runs(text: str) -> None:
    content = saved(workbook(STARTUP))
    marked = mark_workbook(content, [finding("VALUE_LOGICAL", position="BaoCao!G13", value=text)])
    cell = opened(marked)["Lỗi"]["E2"]
    assert cell.data_type == "s"
    assert b"<f>" not in parts(marked)["xl/worksheets/sheet2.xml"]


def test_positions_are_understood_with_quoted_names() -> None:
    found = positions([at("'Biểu số ''1'''!AB12"), at("BaoCao!G13"), at("P22.csv:12"), at("BaoCao!G13")])
    cells: dict[str, dict[Any, int]] = {sheet: {c: len(f) for c, f in cells.items()} for sheet, cells in found.items()}
    assert cells == {"Biểu số '1'": {(11, 27): 1}, "BaoCao": {(FIRST_ROW - 1, 6): 2}}


def test_damaged_parts_never_break_the_marking(sent: bytes) -> None:
    chance = random.Random(11)
    found = [at("BaoCao!G13"), at("BaoCao!A40")]
    for _ in range(300):
        content = parts(sent)
        name = chance.choice(sorted(content))
        damaged = bytearray(content[name])
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b"<>/\"' =&0123456789abcrst-")
        content[name] = bytes(damaged)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for each, part in content.items():
                archive.writestr(each, part)
        assert "xl/workbook.xml" in parts(mark_workbook(buffer.getvalue(), found))
