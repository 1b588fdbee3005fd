"""The example landing zone: the 23 reported figures of the two source documents, sample bank feeds, broken files.

The figures (`example_figures.csv`) and the short text of each cell come from two press articles: Quảng Ninh,
24/01/2024, and Thái Nguyên, phunuvietnam.vn, 28/05/2024. Everything about banks, every person too, is invented. A cell
says what the document says (`trên 3.500 tỉ đồng`); the fractions 6/8 and 2/8 became the counts that they state.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from vwu.catalogue import Catalogue, load_catalogue
from vwu.example_credit import feed_files
from vwu.intake.submission.template import FormLine, FormValue, form_head, form_lines, write_form, write_template

LONG_CSV_COLUMNS = (
    "form", "form_version", "branch_code", "period_code", "programme_code", "indicator_code", "scenario", "basis",
    "value", "unit", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One reported figure of the source documents and the cell text that states it."""

    figure_id: str
    workbook: str
    branch_code: str
    period_code: str
    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    cell_text: str
    document_date: date

    @property
    def form_value(self) -> FormValue:
        note = f"{self.figure_id}: theo bài báo ngày {self.document_date:%d/%m/%Y}"
        return FormValue(self.programme_code, self.indicator_code, self.scenario, self.basis, self.cell_text, note)


def write_example(directory: Path, catalogue: Catalogue | None = None) -> list[Path]:
    """Write the example into `directory` (zones `branch_submissions`, `bank_feeds`) and return its files.

    Bank files come with their control records. A file that is there with the same bytes is left untouched, so that
    a second call changes nothing. Raises OSError when the folder cannot be written.
    """
    if catalogue is None:
        from vwu.settings import load_settings

        catalogue = load_catalogue(load_settings().root / "seeds")
    written = []
    for name, content in example_files(catalogue).items():
        path = Path(directory) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        written.append(path)
    return written


def example_files(catalogue: Catalogue) -> Mapping[str, bytes]:
    """The example's files: path below the landing zone -> bytes, the same on every call."""
    submissions = {
        **_workbooks(catalogue),
        "Quảng Ninh - Báo cáo BM01 tháng 02-2024 (lỗi).xlsx": _broken_workbook(catalogue),
        "Thái Nguyên - số liệu tháng 01-2024 (lỗi).csv": _broken_long_csv(),
    }
    return {
        **{f"branch_submissions/{name}": content for name, content in submissions.items()},
        **{f"bank_feeds/{name}": content for name, content in feed_files().items()},
    }


def figures() -> tuple[Figure, ...]:
    """The 23 reported figures, in the order of the documents."""
    text = files("vwu").joinpath("example_figures.csv").read_text("utf-8")
    return tuple(_figures(csv.DictReader(io.StringIO(text))))


def _figures(rows: csv.DictReader[str]) -> Iterator[Figure]:
    for row in rows:
        document_date = date.fromisoformat(row.pop("document_date"))
        yield Figure(**row, document_date=document_date)


def _workbooks(catalogue: Catalogue) -> dict[str, bytes]:
    by_workbook: dict[str, list[Figure]] = {}
    for figure in figures():
        by_workbook.setdefault(figure.workbook, []).append(figure)
    return {
        name: write_template(
            catalogue,
            group[0].branch_code,
            group[0].period_code,
            [figure.form_value for figure in group],
            prepared_by="Ban Kinh tế (số liệu minh họa)",
            prepared_on=group[0].document_date,
        )
        for name, group in by_workbook.items()
    }


def _broken_workbook(catalogue: Catalogue) -> bytes:
    """A workbook with the faults that Excel and haste make: each is refused at its own cell."""
    unknown = FormLine(
        "DA939", "PHU_NU_KHOI_NGHIEP", "Phụ nữ khởi nghiệp thành công rực rỡ", "người", True, frozenset({"in_period"})
    )
    faults = (
        # 2.238 typed into a number cell of an English Excel: a count cannot be 2,238 thousandths.
        FormValue("DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date", 2.238),
        # 6/8 typed into a cell without a text format: Excel makes the 6th of August of it.
        FormValue("DA939", "TRAINING_CLASSES", "actual", "in_period", date(2024, 8, 6)),
        FormValue("DA939", "COOP_GROUPS_ESTABLISHED_SUPPORTED", "actual", "programme_to_date", "#REF!"),
        FormValue("DA939", "STARTUP_CAPITAL_CONNECTED", "actual", "in_period", "2.238 tỷ"),
        FormValue("MAIAM", "SHELTERS_BUILT_REPAIRED", "actual", "in_period", "=SUM(G90:G95)"),
        FormValue("MAIAM", "SHELTER_FUND", "actual", "in_period", "nhiều"),
        FormValue("DA939", unknown.indicator_code, "actual", "in_period", "15"),
    )
    head = form_head(catalogue, "P22", "2024-02", "Ban Kinh tế (số liệu minh họa)", date(2024, 2, 20))
    return write_form(head, (*form_lines(catalogue, "P22", "2024-02"), unknown), faults)


def _broken_long_csv() -> bytes:
    """A long CSV with one good line among faults: an unknown programme, a wrong unit, a fraction."""
    lines = (
        ("MAIAM", "SHELTERS_BUILT_REPAIRED", "actual", "in_period", "3", "HOUSE", ""),
        ("DA940", "WOMEN_STARTUP_SUPPORTED", "actual", "in_period", "12", "PERSON", "mã chương trình sai"),
        ("MAIAM", "SHELTER_FUND", "actual", "in_period", "2.238 tỷ", "VND", "hai cách đọc"),
        ("MEDODAU", "ORPHANS_SPONSORED", "actual", "in_period", "6/8", "CHILD", ""),
        ("TINCHAP", "LOAN_TURNS", "actual", "in_period", "1.250", "HOUSEHOLD", "sai đơn vị tính"),
        ("GIAMNGHEO", "POOR_HOUSEHOLDS_ESCAPED", "estimate", "in_period", "20", "HOUSEHOLD", "sai phương án"),
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LONG_CSV_COLUMNS)
    writer.writerows(("BM01", "1", "P19", "2024-01", *line) for line in lines)
    return text.getvalue().encode()
