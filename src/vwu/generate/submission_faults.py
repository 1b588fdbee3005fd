"""Plants what intake must find in branch submissions: one fault a file, in copies of sound reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.generate.damage import (
    cut_off,
    encrypted,
    with_declared_type,
    with_embedded_object,
    with_macros,
    with_much_inside,
    with_unknown_encoding,
)
from vwu.generate.planted import CHECK, Planted
from vwu.generate.submissions import Report, content_of, csv_bytes, csv_rows
from vwu.intake.arrivals import BRANCH_SUBMISSIONS
from vwu.intake.submission.template import FIRST_ROW, HEAD_ROW, HEADER_ROW, SHEET
from vwu.xlsx import steady_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from vwu.catalogue import Catalogue

FOLDER = "faulty"
_FIRST_LINE = ":2"  # of a CSV, which speaks for the head
_LAST_COLUMN = 11
_FIGURE_LETTERS: Mapping[str, str] = {
    "in_period": "G", "year_to_date": "H", "programme_to_date": "I", "as_of": "J",
}  # fmt: skip
_GIFTS, _FUND, _STAFF = "GIFTS_GIVEN", "SHELTER_FUND", "STAFF_TOTAL"
# Programmes without an end: in a far period nothing else is in force.
_OPEN_ENDED = ("ALL", "MAIAM", "TINCHAP", "GIAMNGHEO", "TRIEUQUA")


@dataclass
class Draft:
    """A copy of a sound report on its way to become faulty: lines of the long CSV, or a workbook."""

    report: Report
    catalogue: Catalogue

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        return csv_rows(self.report, self.catalogue)

    @cached_property
    def text(self) -> bytes:
        """The sound report as long CSV."""
        return csv_bytes(csv_rows(self.report, self.catalogue))

    @cached_property
    def workbook(self) -> Workbook:
        from io import BytesIO

        from openpyxl import load_workbook

        return load_workbook(BytesIO(self.package))

    @cached_property
    def package(self) -> bytes:
        """The sound report as a workbook's bytes."""
        sound = Report(self.report.branch_code, self.report.period, self.report.values, is_workbook=True)
        return content_of(sound, self.catalogue)

    @property
    def sheet(self) -> Worksheet:
        return self.workbook[SHEET]

    def find(self, indicator: str, basis: str = "in_period") -> int | None:
        """The index of an indicator's line in the long form; None where the report has none."""
        for number, row in enumerate(self.rows):
            if (row["indicator_code"], row["scenario"], row["basis"]) == (indicator, "actual", basis):
                return number
        return None

    def row_of(self, indicator: str) -> int:
        """The row of an indicator in the workbook. Raises ValueError where there is none."""
        codes = [cell.value for cell in self.sheet["C"]]
        return codes.index(indicator, FIRST_ROW - 1) + 1


Plant = Callable[[Draft], tuple[bytes, str] | None]


@dataclass(frozen=True, slots=True)
class PaperFault:
    """`plant` gives the faulty bytes and where the finding is (`BaoCao!G14`, or what comes behind the file's name).

    It gives None where the report does not allow the fault. `ending` is that of the file.
    """

    rule_id: str
    description: str
    plant: Plant
    ending: str = "csv"


def plant_in_submissions(
    zone: Path, reports: Sequence[Report], catalogue: Catalogue, per_fault: int
) -> Iterator[Planted]:
    """Write `per_fault` copies of reports for each fault and give what was planted."""
    folder = zone / FOLDER
    folder.mkdir(exist_ok=True)
    for number, fault in enumerate(PAPER_FAULTS):
        for copy, (report, content, place) in enumerate(islice(_planted(fault, number, reports, catalogue), per_fault)):
            period = report.period.period_code
            name = f"{fault.rule_id}_{copy + 1}_{report.branch_code}_{period}.{fault.ending}"
            (folder / name).write_bytes(content)
            position = place if "!" in place else name + place
            file = f"{BRANCH_SUBMISSIONS}/{FOLDER}/{name}"
            yield Planted(file, position, fault.rule_id, 1, CHECK, fault.description)


def _planted(
    fault: PaperFault, number: int, reports: Sequence[Report], catalogue: Catalogue
) -> Iterator[tuple[Report, bytes, str]]:
    """The fault in one report after the other, as far as they allow it; each fault begins with another report."""
    start = number * 7 % len(reports)
    for report in (*reports[start:], *reports[:start]):
        made = fault.plant(Draft(report, catalogue))
        if made is not None:
            yield report, *made


# --- in the long CSV


def _csv(draft: Draft, number: int) -> tuple[bytes, str]:
    return csv_bytes(draft.rows), f":{number + 2}"


def _cell(indicator: str, basis: str = "in_period", /, **changed: str) -> Plant:
    """Other cells in the line of one indicator."""

    def plant(draft: Draft) -> tuple[bytes, str] | None:
        number = draft.find(indicator, basis)
        if number is None:
            return None
        draft.rows[number] |= changed
        return _csv(draft, number)

    return plant


def _value(text: str, indicator: str = _GIFTS) -> Plant:
    return _cell(indicator, value=text)


def _every_line(**changed: str) -> Plant:
    """Other cells in every line: the head of a CSV."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        for row in draft.rows:
            row |= changed
        return csv_bytes(draft.rows), _FIRST_LINE

    return plant


def _nothing(draft: Draft) -> tuple[bytes, str]:
    for row in draft.rows:
        row["value"] = ""
    return csv_bytes(draft.rows), ":2"


def _one_line_more(**line: str) -> Plant:
    """A line more, of the same report."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        empty = {"scenario": "actual", "unit": "", "note": ""}
        draft.rows.append({**draft.rows[0], **empty, **line})
        return _csv(draft, len(draft.rows) - 1)

    return plant


def _line_twice(draft: Draft) -> tuple[bytes, str] | None:
    number = draft.find(_GIFTS)
    if number is None:
        return None
    draft.rows.append(dict(draft.rows[number]))
    return _csv(draft, len(draft.rows) - 1)


def _claim_apart(draft: Draft) -> tuple[bytes, str] | None:
    """The claim says five households more than its two parts."""
    claim = draft.find("HOUSEHOLDS_OUT_OF_POVERTY")
    parts = [draft.find(code) for code in ("POOR_HOUSEHOLDS_ESCAPED", "NEARPOOR_HOUSEHOLDS_ESCAPED")]
    if claim is None or None in parts:
        return None
    for number, value in zip((claim, *parts), ("35", "20", "10"), strict=True):
        assert number is not None
        draft.rows[number]["value"] = value
    return _csv(draft, claim)


def _part_over_whole(draft: Draft) -> tuple[bytes, str] | None:
    whole, part = draft.find("FEMALE_WORKERS_TRAINED"), draft.find("TRAINED_IN_JOB")
    if whole is None or part is None:
        return None
    draft.rows[whole]["value"], draft.rows[part]["value"] = "40", "41"
    return _csv(draft, part)


def _without_base(draft: Draft) -> tuple[bytes, str] | None:
    base = draft.find("WOMEN_18_PLUS", "as_of")
    if base is None:
        return None
    del draft.rows[base]
    ratio = draft.find("MEMBERSHIP_RATE_PCT", "as_of")
    return None if ratio is None else _csv(draft, ratio)


def _over_hundred(draft: Draft) -> tuple[bytes, str] | None:
    """101 % of about 200 victims: nothing that could be recomputed."""
    base, ratio = draft.find("VICTIMS_DETECTED"), draft.find("VICTIMS_REACHING_SERVICE_PCT")
    if base is None or ratio is None:
        return None
    draft.rows[base]["value"], draft.rows[ratio]["value"] = "khoảng 200", "101%"
    return _csv(draft, ratio)


def _programme_of_another_time(draft: Draft) -> tuple[bytes, str] | None:
    number = draft.find("WOMEN_STARTUP_SUPPORTED")
    if number is None:
        return None
    successor = draft.rows[number]["programme_code"] == "DA939"
    draft.rows[number]["programme_code"] = "DA2415" if successor else "DA939"
    programme = draft.catalogue.programmes[draft.rows[number]["programme_code"]]
    period = draft.report.period
    if programme.valid_from <= period.end_date and (programme.valid_to or date.max) >= period.start_date:
        return None  # both run in the period that lies across the change
    return _csv(draft, number)


def _programme_of_another_province(draft: Draft) -> tuple[bytes, str] | None:
    number, period = draft.find("COOPERATIVES_NEW"), draft.report.period
    for programme in draft.catalogue.programmes.values():
        in_force = programme.valid_from <= period.end_date and period.start_date <= (programme.valid_to or date.max)
        possible = programme.programme_code in draft.catalogue.programme_codes_of("COOPERATIVES_NEW")
        away = draft.report.branch_code.split("-")[0] != f"P{programme.region_code}"
        if number is not None and programme.level == "provincial" and in_force and possible and away:
            draft.rows[number]["programme_code"] = programme.programme_code
            return _csv(draft, number)
    return None


def _indicator_of_another_time(draft: Draft) -> tuple[bytes, str] | None:
    indicator = draft.catalogue.indicators["WOMEN_BUSINESSES_ADVISED"]
    if draft.report.period.end_date >= indicator.valid_from:
        return None
    line = {"indicator_code": indicator.indicator_code, "programme_code": indicator.programme_code}
    return _one_line_more(**line, basis="in_period", value="3")(draft)


def _branch_of_another_time(draft: Draft) -> tuple[bytes, str] | None:
    """A province that ended with June 2025, or a commune that began after it."""
    on = draft.report.period.end_date
    for code in ("P06", "P19-01840"):
        if draft.catalogue.branch_versions(code) and draft.catalogue.branch(code, on) is None:
            return _every_line(branch_code=code)(draft)
    return None


def _branch_by_name(draft: Draft) -> tuple[bytes, str] | None:
    branch = draft.catalogue.branch(draft.report.branch_code, draft.report.period.end_date)
    return _every_line(branch_code=branch.name_vi)(draft) if branch and branch.level == "province" else None


def _branch_before_reform(draft: Draft) -> tuple[bytes, str] | None:
    """Huyện Lý Sơn became the special zone Lý Sơn: the same people under a new code."""
    code = "P51-D536"
    if draft.catalogue.branch(code, draft.report.period.end_date) is not None:
        return None
    draft.rows[:] = [row for row in draft.rows if row["programme_code"] in _OPEN_ENDED]
    return _every_line(branch_code=code)(draft)


def _note_in_tcvn3(draft: Draft) -> tuple[bytes, str]:
    draft.rows[-1]["note"] = "Th¸i Nguyªn"
    return _csv(draft, len(draft.rows) - 1)


def _far_period(code: str) -> Plant:
    """A span of months that ends, or begins, when nobody can know."""

    def plant(draft: Draft) -> tuple[bytes, str] | None:
        period = draft.catalogue.period(code)
        if period is None or draft.catalogue.branch(draft.report.branch_code, period.end_date) is None:
            return None
        draft.rows[:] = [{**row, "period_code": code} for row in draft.rows if row["programme_code"] in _OPEN_ENDED]
        return csv_bytes(draft.rows), _FIRST_LINE

    return plant


def _targets_over_total(draft: Draft) -> tuple[bytes, str] | None:
    """Six exceeded and three met of eight."""
    if draft.report.branch_code != "P19":
        return None
    programmes = [draft.catalogue.programmes[code] for code in ("NQ_TN_XIV", "NQ_TN_I")]
    period = draft.report.period
    (code, *_) = [p.programme_code for p in programmes if p.valid_from <= period.end_date <= (p.valid_to or date.max)]
    for name, value in (("TOTAL_PROV", "8"), ("EXCEEDED", "6"), ("MET", "3")):
        line = {"programme_code": code, "indicator_code": f"RESOLUTION_TARGETS_{name}", "basis": "as_of"}
        made = _one_line_more(**line, value=value)(draft)
    return made


def _text(change: Callable[[bytes], bytes], place: str = "") -> Plant:
    """Other bytes of the long CSV."""
    return lambda draft: (change(draft.text), place)


def _last_line(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    *lines, last = text.rstrip(b"\n").split(b"\n")
    return b"\n".join((*lines, change(last))) + b"\n"


def _at_last_line(change: Callable[[bytes], bytes]) -> Plant:
    return lambda draft: (_last_line(draft.text, change), f":{len(draft.rows) + 1}")


def _broken_quote(draft: Draft) -> tuple[bytes, str]:
    """A quote opens in the last line and nobody closes it."""
    return _last_line(draft.text, lambda last: last[:-1] + b',"'), f":{len(draft.rows) + 1}"


_CSV_FAULTS = (
    PaperFault("FILE_EMPTY", "nothing in it", _text(lambda _: b"")),
    PaperFault("FILE_UNKNOWN_KIND", "a letter", _text(lambda _: "Kính gửi Trung ương Hội".encode()), "docx"),
    PaperFault("CSV_ENCODING", "a letter of no Vietnamese encoding", _at_last_line(lambda last: last + b" caf\xe9")),
    PaperFault("TEXT_LEGACY", "a note in TCVN3", _note_in_tcvn3),
    PaperFault("CSV_SEPARATOR", "semicolons", _text(lambda text: text.replace(b",", b";"), ":1")),
    PaperFault("CSV_COLUMN_MISSING", "no basis", _text(lambda text: text.replace(b",basis,", b",co_so,", 1), ":1")),
    PaperFault("CSV_NO_LINES", "a header alone", _text(lambda text: text.split(b"\n")[0] + b"\n", ":1")),
    PaperFault("CSV_FIELD_COUNT", "a comma too many", _at_last_line(lambda last: last + b",")),
    PaperFault("CSV_LINE_BROKEN", "an open quote", _broken_quote),
    PaperFault("FORM_UNKNOWN", "version 7", _every_line(form_version="7")),
    PaperFault("BRANCH_UNKNOWN", "a province code alone", _every_line(branch_code="22")),
    PaperFault("BRANCH_NOT_VALID", "a branch of another time", _branch_of_another_time),
    PaperFault("BRANCH_BY_NAME", "a name for a code", _branch_by_name),
    PaperFault("BRANCH_AMBIGUOUS", "a name of many communes", _every_line(branch_code="xã Tân An")),
    PaperFault("BRANCH_SUCCEEDED", "the district of an island after June 2025", _branch_before_reform),
    PaperFault("PERIOD_UNKNOWN", "a thirteenth month", _every_line(period_code="2025-13")),
    PaperFault("PERIOD_IN_FUTURE", "results of 2030", _far_period("2030-01/2030-12")),
    PaperFault("PERIOD_NOT_ENDED", "results until 2030", _far_period("2025-01/2030-12")),
    PaperFault("INDICATOR_UNKNOWN", "a code mistyped", _cell(_GIFTS, indicator_code="GIFTS_GIVN")),
    PaperFault("INDICATOR_NOT_VALID", "an indicator of 2026", _indicator_of_another_time),
    PaperFault("PROGRAMME_UNKNOWN", "scheme 940", _cell(_GIFTS, programme_code="DA940")),
    PaperFault("PROGRAMME_AMBIGUOUS", "classes of any scheme", _cell("TRAINING_CLASSES", programme_code="")),
    PaperFault("PROGRAMME_NOT_VALID", "a scheme of another time", _programme_of_another_time),
    PaperFault("PROGRAMME_NOT_OF_BRANCH", "another province's resolution", _programme_of_another_province),
    PaperFault("INDICATOR_NOT_OF_PROGRAMME", "turns under shelters", _cell("LOAN_TURNS", programme_code="MAIAM")),
    PaperFault("SCENARIO_UNKNOWN", "an estimate", _cell(_GIFTS, scenario="estimate")),
    PaperFault("BASIS_UNKNOWN", "monthly", _cell(_GIFTS, basis="monthly")),
    PaperFault("BASIS_NOT_ACCEPTED", "staff in a period", _cell(_STAFF, "as_of", basis="in_period", value="9")),
    PaperFault("UNIT_DIFFERS", "gifts in households", _cell(_GIFTS, unit="hộ", value="7")),
    PaperFault("UNIT_UNKNOWN", "a unit that is none", _cell(_GIFTS, unit="lô hàng", value="7")),
    PaperFault("VALUE_NOT_A_NUMBER", "many", _value("nhiều")),
    PaperFault("VALUE_NUMBER_FORM", "dots in the wrong place", _value("12.34.567")),
    PaperFault("VALUE_AMBIGUOUS", "2.238 tỷ", _value("2.238 tỷ", _FUND)),
    PaperFault("VALUE_FRACTION", "two gifts and a half", _value("2,5")),
    PaperFault("VALUE_COMPOSITE", "6/8", _value("6/8")),
    PaperFault("VALUE_NEGATIVE", "below zero", _value("-5")),
    PaperFault("VALUE_SCIENTIFIC", "1.91E+10", _value("1.91E+10")),
    PaperFault("VALUE_UNIT_MISMATCH", "households among gifts", _value("5 hộ")),
    PaperFault("VALUE_WORDS", "a rise", _value("tăng 5")),
    PaperFault("VALUE_TOO_LONG", "a story", _value("đã trao tặng " * 30)),
    PaperFault("VALUE_TOO_LARGE", "forty digits", _value("9" * 40)),
    PaperFault("VALUE_UNUSUAL", "14,917 gifts", _value("14,917")),
    PaperFault("VALUE_UNKNOWN_WORD", "a word behind the number", _value("5 mô hình")),
    PaperFault("VALUE_SCALED", "milliards by the unit", _cell(_FUND, value="2,3", unit="tỷ đồng")),
    PaperFault("VALUE_TWICE", "one line twice", _line_twice),
    PaperFault("CHILD_OVER_PARENT", "more in work than trained", _part_over_whole),
    PaperFault("TARGETS_OVER_TOTAL", "nine of eight targets", _targets_over_total),
    PaperFault("CLAIM_NOT_COVERED", "35 claimed, 20 + 10 itemised", _claim_apart),
    PaperFault("RATIO_WITHOUT_BASE", "a rate without its base", _without_base),
    PaperFault("RATIO_DIFFERS", "99,99 %", _cell("MEMBERSHIP_RATE_PCT", "as_of", value="99,99%")),
    PaperFault("RATIO_OVER_HUNDRED", "101 % of the victims", _over_hundred),
    PaperFault(
        "MEASURE_UNDETERMINED", "orphans, new or standing",
        _one_line_more(programme_code="MEDODAU", indicator_code="ORPHANS_SPONSORED", basis="in_period", value="339"),
    ),
    PaperFault("NOTHING_REPORTED", "no figure at all", _nothing),
    PaperFault("NOTE_HAS_IDENTITY", "a citizen id in a note", _cell(_GIFTS, note="bà A, 019 185 000 123")),
)  # fmt: skip


# --- in the workbook


def _book(draft: Draft, cell: str = "") -> tuple[bytes, str]:
    return steady_bytes(draft.workbook), f"{SHEET}!{cell}" if cell else ""


def _put(letter: str, indicator: str, content: Any, basis: str = "") -> Plant:
    """Something else in a cell of an indicator's row; `letter` empty: in the column of `basis`."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        cell = f"{letter or _FIGURE_LETTERS[basis]}{draft.row_of(indicator)}"
        draft.sheet[cell].number_format = "General"
        draft.sheet[cell] = content
        return _book(draft, cell)

    return plant


def _head(number: int, content: Any) -> Plant:
    """Something else in the value of the head's n-th label (from 0)."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        draft.sheet[f"B{HEAD_ROW + number}"] = content
        return _book(draft, f"B{HEAD_ROW + number}")

    return plant


def _head_missing(draft: Draft) -> tuple[bytes, str]:
    draft.sheet[f"B{HEAD_ROW + 4}"] = None
    return _book(draft, "A1")


def _dates_apart(draft: Draft) -> tuple[bytes, str]:
    """Calendar months instead of the Union's: the last day differs."""
    cell = f"B{HEAD_ROW + 6}"
    draft.sheet[cell] = draft.report.period.end_date.replace(day=13)
    return _book(draft, cell)


def _dates_outside(draft: Draft) -> tuple[bytes, str]:
    """The end lies before the period: it contradicts the period, and the beginning is right."""
    cell = f"B{HEAD_ROW + 6}"
    draft.sheet[cell] = date(draft.report.period.start_date.year - 1, 1, 31)
    return _book(draft, cell)


def _period_in_words(draft: Draft) -> tuple[bytes, str] | None:
    period = draft.report.period
    if period.period_kind != "month":
        return None
    year, month = period.period_code.split("-")
    return _head(4, f"Tháng {int(month)} năm {year}")(draft)


def _by_label(draft: Draft) -> tuple[bytes, str]:
    row = draft.row_of(_GIFTS)
    draft.sheet[f"C{row}"] = None
    return _book(draft, f"D{row}")


def _label_of_another(draft: Draft) -> tuple[bytes, str]:
    row = draft.row_of(_GIFTS)
    draft.sheet[f"D{row}"] = draft.catalogue.indicators["LOAN_TURNS"].name_vi
    return _book(draft, f"C{row}")


def _below(label: str | None, figure: int) -> Plant:
    """A row below the table: with a label in the indicator's column or without."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        row = draft.sheet.max_row + 1
        draft.sheet[f"D{row}"], draft.sheet[f"G{row}"] = label, figure
        return _book(draft, f"G{row}")

    return plant


def _column(label: str) -> Plant:
    """One more column at the right."""

    def plant(draft: Draft) -> tuple[bytes, str]:
        draft.sheet.cell(HEADER_ROW, _LAST_COLUMN + 1, label)
        return _book(draft, f"L{HEADER_ROW}")

    return plant


def _hidden_row(draft: Draft) -> tuple[bytes, str]:
    row = draft.row_of(_GIFTS)
    draft.sheet.row_dimensions[row].hidden = True
    return _book(draft, f"G{row}")


def _hidden_column(draft: Draft) -> tuple[bytes, str]:
    """The column of programmes to date: what it would say is lost."""
    draft.sheet.column_dimensions["I"].hidden = True
    filled = [cell.row for cell in draft.sheet["I"] if cell.row >= FIRST_ROW and cell.value is not None]
    return _book(draft, f"I{filled[0]}")


def _merged(draft: Draft) -> tuple[bytes, str]:
    row = draft.row_of(_GIFTS)
    draft.sheet.merge_cells(f"G{row}:H{row}")
    return _book(draft, f"G{row}")


def _second_sheet(title: str, state: str, place: str) -> Plant:
    def plant(draft: Draft) -> tuple[bytes, str]:
        sheet = draft.workbook.create_sheet(title)
        sheet["A1"] = "Số liệu tham khảo"
        sheet.sheet_state = state
        return steady_bytes(draft.workbook), place

    return plant


def _form_twice(draft: Draft) -> tuple[bytes, str]:
    draft.workbook.copy_worksheet(draft.sheet).title = "BaoCao2"
    return steady_bytes(draft.workbook), "BaoCao2!A1"


def _spare_form(draft: Draft) -> tuple[bytes, str]:
    spare = draft.workbook.copy_worksheet(draft.sheet)
    spare.title = "BaoCao2"
    for row in spare.iter_rows(min_row=FIRST_ROW, min_col=6, max_col=10):
        for cell in row:
            cell.value = None
    return steady_bytes(draft.workbook), "BaoCao2!A1"


def _form_hidden(draft: Draft) -> tuple[bytes, str]:
    draft.workbook.create_sheet("Trang 1")
    draft.sheet.sheet_state = "hidden"
    draft.workbook.active = draft.workbook["Trang 1"]
    return _book(draft, "A1")


def _form_gone(draft: Draft) -> tuple[bytes, str]:
    draft.sheet.delete_rows(1, draft.sheet.max_row)
    draft.sheet["A1"] = "Báo cáo bằng lời"
    return _book(draft)


def _package(change: Callable[[bytes], bytes]) -> Plant:
    return lambda draft: (change(draft.package), "")


_WORKBOOK_FAULTS = tuple(
    PaperFault(rule_id, description, plant, "xlsx")
    for rule_id, description, plant in (
        ("FILE_MACROS", "macros", _package(with_macros)),
        ("FILE_FOREIGN_CONTENT", "an embedded object", _package(with_embedded_object)),
        ("FILE_ENCRYPTED", "a password", _package(lambda _: encrypted())),
        ("FILE_TRUNCATED", "cut off", _package(cut_off)),
        ("FILE_TOO_LARGE", "a part of 40 MB", _package(with_much_inside)),
        ("FILE_HOSTILE", "a document type", _package(with_declared_type)),
        ("FILE_UNREADABLE", "an encoding that is none", _package(with_unknown_encoding)),
        ("FILE_RENAMED", "a web page", _package(lambda _: b"<html><table></table></html>")),
        ("FORM_NOT_FOUND", "no table", _form_gone),
        ("FORM_SHEET_HIDDEN", "the form is hidden", _form_hidden),
        ("REPORT_TWICE", "the form twice", _form_twice),
        ("FORM_SHEET_EMPTY", "a spare form", _spare_form),
        ("SHEET_NOT_READ", "one more sheet", _second_sheet("Trang2", "visible", "Trang2!A1")),
        ("SHEET_HIDDEN_NOT_READ", "one more sheet, hidden", _second_sheet("Trang2", "hidden", "Trang2!A1")),
        ("HEAD_FIELD_MISSING", "no branch code", _head_missing),
        ("BRANCH_NAME_DIFFERS", "another province's name", _head(3, "Hội LHPN tỉnh Không Có")),
        ("PERIOD_UNUSUAL", "the period in words", _period_in_words),
        ("HEAD_DATES_DIFFER", "another last day", _dates_apart),
        ("HEAD_DATES_CONTRADICT", "an end before the period", _dates_outside),
        ("HEAD_DATE_UNREADABLE", "a date in words", _head(5, "đầu tháng")),
        ("PREPARED_IN_FUTURE", "made in 2099", _head(8, date(2099, 1, 1))),
        ("COLUMN_UNKNOWN", "one more column", _column("So với cùng kỳ")),
        ("COLUMN_TWICE", "a column twice", _column("Trong kỳ")),
        ("COLUMN_HIDDEN", "a hidden column with figures", _hidden_column),
        ("ROW_HIDDEN", "a hidden row with figures", _hidden_row),
        ("ROW_SUBTOTAL", "a subtotal", _below("Tổng cộng", 7)),
        ("ROW_WITHOUT_INDICATOR", "a figure without a name", _below(None, 7)),
        ("CELL_MERGED", "one cell over two columns", _merged),
        ("INDICATOR_BY_LABEL", "a line without its code", _by_label),
        ("INDICATOR_LABEL_CONTRADICTS", "code and name of two indicators", _label_of_another),
        ("VALUE_DATE", "6/8 as Excel reads it", _put("G", _GIFTS, date(2025, 8, 6))),
        ("VALUE_ERROR_CELL", "#REF!", _put("G", _GIFTS, "#REF!")),
        ("VALUE_FORMULA_EMPTY", "a formula that nobody computed", _put("G", _GIFTS, "=1+1")),
        ("VALUE_LOGICAL", "TRUE", _put("G", _GIFTS, True)),
    )
)

PAPER_FAULTS = (*_CSV_FAULTS, *_WORKBOOK_FAULTS)
