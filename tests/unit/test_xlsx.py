"""Nothing unseen goes out in a workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from vwu.xlsx import HiddenContentError, hidden_content, workbook_bytes


def hide_sheet(workbook: Workbook) -> None:
    workbook.create_sheet("Dữ liệu gốc").sheet_state = "hidden"


def hide_sheet_well(workbook: Workbook) -> None:
    workbook.create_sheet("Dữ liệu gốc").sheet_state = "veryHidden"


def hide_row(workbook: Workbook) -> None:
    workbook.worksheets[0].row_dimensions[1].hidden = True


def hide_column(workbook: Workbook) -> None:
    workbook.worksheets[0].column_dimensions["A"].hidden = True


def name_cells(workbook: Workbook) -> None:
    workbook.defined_names["nguon"] = DefinedName("nguon", attr_text="'Sheet'!$A$1")


@pytest.mark.parametrize("hide", [hide_sheet, hide_sheet_well, hide_row, hide_column, name_cells])
def test_a_workbook_with_something_unseen_does_not_go_out(hide: Callable[[Workbook], None]) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["Nguyễn Thị An"])
    sheet.auto_filter.ref = "A1:A1"
    sheet.print_title_rows = "1:1"
    workbook_bytes(workbook)
    hide(workbook)
    with pytest.raises(HiddenContentError):
        workbook_bytes(workbook)


@pytest.mark.parametrize("part", ["xl/pivotCache/pivotCacheRecords1.xml", "xl/externalLinks/externalLink1.xml",
                                  "xl/connections.xml", "xl/vbaProject.bin", "customXml/item1.xml"])  # fmt: skip
def test_caches_links_and_macros_are_found(part: str) -> None:
    file = io.BytesIO(workbook_bytes(Workbook()))
    assert hidden_content(file.getvalue()) == []
    with zipfile.ZipFile(file, "a") as parts:
        parts.writestr(part, "<x/>")
    assert hidden_content(file.getvalue()) == [part]
