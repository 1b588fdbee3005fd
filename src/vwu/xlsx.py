"""Workbooks as bytes that depend on their content only: a receipt is known by its bytes (ARCHITECTURE D4)."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

# The first moment a zip entry can carry; openpyxl would write the time of saving.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)
_SAVED_AT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
_AFTER_PAGE = re.compile(rb"(?=<(?:drawing|legacyDrawing|tableParts|extLst)\b|</worksheet>)")


def workbook_bytes(workbook: Workbook, text_number_ranges: str = "") -> bytes:
    """The .xlsx file of a workbook; the same workbook gives the same bytes on every call.

    `text_number_ranges` (such as `F14:J40`) are cells of the first sheet where a number typed as text is meant, so
    that Excel does not put a green corner on each; openpyxl has no way to write that element.
    """
    saved = io.BytesIO()
    workbook.save(saved)
    steady = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _SAVED_AT.sub(rb"\g<1>2015-01-01T00:00:00Z\2", content)
            if name == "xl/worksheets/sheet1.xml" and text_number_ranges:
                content = _ignore_numbers_as_text(content, text_number_ranges)
            target.writestr(zipfile.ZipInfo(name, _ENTRY_TIME), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def _ignore_numbers_as_text(sheet: bytes, ranges: str) -> bytes:
    """The sheet's XML with an `ignoredErrors` element where the schema wants it."""
    element = f'<ignoredErrors><ignoredError sqref="{ranges}" numberStoredAsText="1"/></ignoredErrors>'
    return _AFTER_PAGE.sub(element.encode(), sheet, count=1)
