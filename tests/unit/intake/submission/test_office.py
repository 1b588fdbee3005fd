"""Forms that went through a real LibreOffice: what was filled in is read back from every format, cell by cell."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from vwu.catalogue import Catalogue
from vwu.intake.model import Submission
from vwu.intake.submission.check import check_submission
from vwu.intake.submission.marked import mark_workbook
from vwu.intake.submission.template import FIRST_ROW, FormValue, write_template
from vwu.intake.submission.workbook import read_sheets

from .conftest import STARTUP, TODAY, Check, Office, saved, workbook
from .test_form import COMMUNE, several
from .test_known_errors import CELLS, became, line_with

pytestmark = pytest.mark.program("soffice")
FORMATS = ("xlsx", "ods", "xls")


def _filled(catalogue: Catalogue) -> bytes:
    """The form of the product, filled with every kind of thing that an officer types."""
    values = [
        FormValue("DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "in_period", "2.238", "Số chính thức"),
        FormValue("DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date", "trên 18.000"),
        FormValue("DA939", "TRAINING_CLASSES", "plan", "in_period", 6),
        FormValue("DA939", "TRAINING_CLASSES", "actual", "in_period", 0),
        FormValue("DA939", "COOP_GROUPS_ESTABLISHED_SUPPORTED", "actual", "in_period", "-"),
        FormValue("MAIAM", "SHELTER_FUND", "actual", "in_period", "gần 2,3 tỷ đồng"),
        FormValue("MAIAM", "SHELTERS_BUILT_REPAIRED", "actual", "in_period", "x"),
    ]
    made = write_template(
        catalogue, "P22", "2024-01", values, prepared_by="Nguyễn Thị Hoà", prepared_on=date(2024, 1, 20)
    )
    book = load_workbook(io.BytesIO(made))
    sheet = book.active
    assert sheet is not None
    sheet.cell(FIRST_ROW, 11).value = "cã"
    sheet.cell(FIRST_ROW, 11).font = Font(name=".VnTime")
    sheet.column_dimensions["F"].hidden = False
    return saved(book)


def _read(submission: Submission) -> list[tuple[object, ...]]:
    return [(v.programme_code, v.indicator_code, v.scenario, v.basis, v.quantity, v.position, v.note)
            for v in submission.values]  # fmt: skip


@pytest.mark.parametrize("target", FORMATS)
def test_a_filled_form_reads_the_same_from_every_format(
    check: Check, catalogue: Catalogue, office: Office, target: str
) -> None:
    filled = _filled(catalogue)
    sent, back = check(filled), check(office(filled, "xlsx", target), f"P22.{target}")
    reported = [v for v in sent.values if v.quantity.value_state != "missing"]
    assert len(reported) == 7
    assert _read(back) == _read(sent)
    assert back.scope == sent.scope
    # The note in the font .VnTime is `có` only because of the font, which each format tells.
    assert reported[0].note == "có"
    found = [(f.rule_id, f.position, f.line_count) for f in sent.findings]
    assert [(f.rule_id, f.position, f.line_count) for f in back.findings] == found
    assert found[0][0] == "TEXT_LEGACY"


@pytest.mark.parametrize("target", FORMATS)
def test_a_sheet_a_commune_reads_the_same_from_every_format(catalogue: Catalogue, office: Office, target: str) -> None:
    sent = saved(several(COMMUNE, COMMUNE | {"Mã đơn vị": "P22-06931"}))
    first, told = check_submission("P22.xlsx", sent, catalogue, TODAY)
    back, told_back = check_submission(f"P22.{target}", office(sent, "xlsx", target), catalogue, TODAY)
    assert [each.scope for each in back] == [each.scope for each in first]
    assert [_read(each) for each in back] == [_read(each) for each in first]
    assert told_back == told == ()


@pytest.mark.parametrize("target", FORMATS)
def test_the_known_errors_are_the_same_errors_in_what_libreoffice_saved(
    catalogue: Catalogue, office: Office, target: str
) -> None:
    """Each cell of DOMAIN D.3 and of INTERFACES 2.3 on a sheet of its own; a formula is left out, which is computed."""
    cells = [each for each in CELLS if not str(each[1]).startswith("=")]
    book = workbook(line_with(*cells[0][1:3]))
    for number, (_, content, subject, _) in enumerate(cells[1:], start=2):
        sheet = book.create_sheet(f"Trang {number}")
        for row in workbook(line_with(content, subject))["BaoCao"].iter_rows():
            for cell in row:
                sheet[cell.coordinate] = cell.value
    reports, told = check_submission(f"a.{target}", office(saved(book), "xlsx", target), catalogue, TODAY)
    assert {each.rule_id for each in told} == {"REPORT_TWICE"}
    found = [(content, became(report)) for (_, content, _, _), report in zip(cells, reports, strict=True)]
    assert found == [(content, expected) for _, content, _, expected in cells]


def test_a_marked_workbook_opens_and_its_list_is_read(check: Check, office: Office) -> None:
    """LibreOffice opens what was patched and saves it; the sheet `Lỗi` and the form are both there."""
    content = saved(workbook((*STARTUP[:6], "6/8")))
    marked = mark_workbook(content, check(content).findings)
    book = load_workbook(io.BytesIO(office(marked, "xlsx", "xlsx")))
    assert book.sheetnames == ["BaoCao", "Lỗi"]
    assert book["Lỗi"]["C2"].value == "BaoCao!G13"
    assert book["BaoCao"]["G13"].comment is not None
    assert book["BaoCao"]["G13"].fill.fgColor.rgb == "FFF4A6A0"


# A flat OpenDocument workbook that takes one cell from another file, as LibreOffice writes it.
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_LINKED = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="{_OASIS}:office:1.0" office:version="1.2" xmlns:table="{_OASIS}:table:1.0"
 xmlns:text="{_OASIS}:text:1.0" xmlns:of="{_OASIS}:of:1.2"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:body><office:spreadsheet><table:table table:name="Trang1"><table:table-row><table:table-cell
 table:formula="of:=['file:///srv/other.ods'#$Sheet1.A1]" office:value-type="float" office:value="5"><text:p>5</text:p>
</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document>"""


@pytest.mark.parametrize("target", FORMATS)
def test_a_link_to_another_file_is_said_in_every_format(office: Office, target: str) -> None:
    saved_as = office(_LINKED.encode(), "fods", target)
    _, found = read_sheets(f"a.{target}", saved_as)
    assert [each.rule_id for each in found] == ["FILE_FOREIGN_CONTENT"]
    assert "links to other files" in found[0].message_en
