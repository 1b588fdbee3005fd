"""Checks one file of a branch: bytes in, reports with scopes, values and findings out; no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from vwu.identities import has_identity_number
from vwu.intake.model import Finding, Quantity, Submission, SubmissionScope, SubmissionValue, has_errors
from vwu.intake.rules import finding, of_period
from vwu.intake.submission.codes import Subject, SubjectRefusedError, Subjects
from vwu.intake.submission.consistency import check_consistency
from vwu.intake.submission.entries import COLUMN_OF_BASIS, FORM, Figure, Line, Paper, Place
from vwu.intake.submission.form import read_form
from vwu.intake.submission.head import Head, read_head
from vwu.intake.submission.longcsv import has_long_header, read_long_csv
from vwu.intake.submission.values import Reading, Vocabulary, read_value, vocabulary_of
from vwu.intake.submission.workbook import is_spreadsheet, read_sheets

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue

_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_SCENARIOS = ("actual", "plan")
_BASES = ("in_period", "year_to_date", "programme_to_date", "as_of")
_MISSING = Quantity(None, "exact", None, None, "missing")


def looks_like_submission(name: str, content: bytes) -> bool:
    """Whether a file is meant as a branch submission: a spreadsheet, or a CSV with the long form's header."""
    return is_spreadsheet(content) or name.lower().endswith(_SPREADSHEETS) or has_long_header(content)


def check_submission(
    name: str, content: bytes, catalogue: Catalogue, today: date
) -> tuple[tuple[Submission, ...], tuple[Finding, ...]]:
    """Read and check one workbook or long CSV: its reports, and what is told of the file as a whole.

    Any finding of severity `error` refuses the file as a whole; the values that could be read are given even then.
    The `scope` of a report is None when its branch or period is not known. Never raises on any content.
    """
    papers, findings = _read(name, content)
    reports = [_check_report(paper, catalogue, today) for paper in papers]
    return tuple(reports), (*findings, *_reported_twice(papers, reports))


def _reported_twice(papers: Sequence[Paper], reports: Sequence[Submission]) -> Iterator[Finding]:
    """One branch, period and form, one report: a second one is refused even when it says the same."""
    first: dict[SubmissionScope, Paper] = {}
    for paper, report in zip(papers, reports, strict=True):
        if report.scope is not None and first.setdefault(report.scope, paper) is not paper:
            yield finding(
                "REPORT_TWICE", position=paper.place.position, value=report.scope.branch_code,
                period=report.scope.period_code, other=first[report.scope].place.position,
            )  # fmt: skip


def _check_report(paper: Paper, catalogue: Catalogue, today: date) -> Submission:
    head = read_head(paper, catalogue, today)
    reader = _Reader(catalogue, head)
    values = _without_idle_gaps(tuple(reader.values(paper)))
    found = [*paper.findings, *head.findings, *reader.findings, *check_consistency(values, catalogue)]
    found += _timeliness(paper, head, values, today)
    if not any(value.quantity.value_state != "missing" for value in values) and not has_errors(tuple(found)):
        found.append(finding("NOTHING_REPORTED", position=paper.place.position))
    scope = None
    if head.branch_code and head.period:
        scope = SubmissionScope(head.branch_code, head.period.period_code, FORM)
    if head.period:
        found = list(of_period(found, head.period.end_date))
    return Submission(scope, head.form_version, values, tuple(found))


def _without_idle_gaps(values: tuple[SubmissionValue, ...]) -> tuple[SubmissionValue, ...]:
    """A form of plans reports no results, so its empty cells of results are not missing."""
    said = {value.scenario for value in values if value.quantity.value_state != "missing"}
    if said != {"plan"}:
        return values
    return tuple(value for value in values if value.scenario == "plan")


@cache
def _vocabulary(catalogue: Catalogue) -> Vocabulary:
    return vocabulary_of(catalogue.units.values())


def _read(name: str, content: bytes) -> tuple[tuple[Paper, ...], tuple[Finding, ...]]:
    if not content:
        return (), (finding("FILE_EMPTY", position=name, value=name),)
    if is_spreadsheet(content):
        sheets, findings = read_sheets(name, content)
        if not sheets:
            return (), findings or (finding("FORM_NOT_FOUND", position=name, value=name, sheets="-"),)
        papers, found = read_form(name, sheets)
        return papers, (*findings, *found)
    if has_long_header(content) or name.lower().endswith((".csv", ".txt")):
        return read_long_csv(name, content)
    if name.lower().endswith(_SPREADSHEETS):
        vi, en = _what_it_is(content)
        return (), (finding("FILE_RENAMED", position=name, value=name, detail_vi=vi, detail_en=en),)
    return (), (finding("FILE_UNKNOWN_KIND", position=name, value=name),)


def _what_it_is(content: bytes) -> tuple[str, str]:
    start = content[:512].lstrip().lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table")):
        return "trang web HTML", "a web page (HTML)"
    if start.startswith(b"%pdf"):
        return "tệp PDF", "a PDF file"
    return ("văn bản", "text") if b"\x00" not in content[:512] else ("dữ liệu không rõ loại", "data of an unknown kind")


class _Reader:
    """Turns lines into values; collects the findings."""

    def __init__(self, catalogue: Catalogue, head: Head) -> None:
        self.vocabulary = _vocabulary(catalogue)
        self.subjects = Subjects(catalogue, head, self.vocabulary)
        self.findings: list[Finding] = []

    def values(self, paper: Paper) -> Iterator[SubmissionValue]:
        for line in paper.lines:
            yield from self._line(line)

    def _line(self, line: Line) -> Iterator[SubmissionValue]:
        """The values of one line; a line with nothing in it is one missing value, if it can be told of what."""
        is_empty = all(figure.cell.is_empty for figure in line.figures)
        try:
            subject, findings = self.subjects.of(line)
        except SubjectRefusedError as refused:
            if not is_empty:
                self.findings.append(refused.found)
            return
        if is_empty:
            yield from self._missing(line, subject)
            return
        self.findings += findings
        self._check_identities(line)
        for figure in line.figures:
            value = self._value(figure, line, subject)
            if value is not None:
                yield value

    def _missing(self, line: Line, subject: Subject) -> Iterator[SubmissionValue]:
        if len(line.figures) == 1:
            figures = [figure for figure in line.figures if self._is_known(figure)]
        else:
            wanted = ("actual", subject.indicator.bases[0])
            figures = [figure for figure in line.figures if (figure.scenario, figure.basis) == wanted]
        for figure in figures[:1]:
            yield self._as_value(figure, line, subject, _MISSING)

    def _value(self, figure: Figure, line: Line, subject: Subject) -> SubmissionValue | None:
        if not self._is_known(figure):
            return None
        reading = read_value(figure.cell, subject.unit, self.vocabulary, subject.notation)
        self._report(figure, reading)
        quantity = reading.quantity
        if quantity is None:
            return None
        if not subject.indicator.accepts(figure.scenario, figure.basis):
            if quantity.value_state == "reported":
                self._refuse_basis(figure, subject)
            return None
        return self._as_value(figure, line, subject, quantity)

    def _as_value(self, figure: Figure, line: Line, subject: Subject, quantity: Quantity) -> SubmissionValue:
        return SubmissionValue(
            subject.programme.programme_code, subject.indicator.indicator_code, figure.scenario, figure.basis, quantity,
            subject.unit.unit_code, figure.place.position, figure.cell.shown, line.note,
        )  # fmt: skip

    def _is_known(self, figure: Figure) -> bool:
        for rule_id, column, word, known in (
            ("SCENARIO_UNKNOWN", "scenario", figure.scenario, _SCENARIOS),
            ("BASIS_UNKNOWN", "basis", figure.basis, _BASES),
        ):
            if word not in known:
                self.findings.append(finding(rule_id, position=figure.place.position, column=column, value=word))
                return False
        return True

    def _report(self, figure: Figure, reading: Reading) -> None:
        for remark in reading.remarks:
            names: dict[str, Any] = dict(remark.names)
            self.findings.append(
                finding(
                    remark.rule_id, position=figure.place.position, column=figure.place.column,
                    value=figure.cell.shown[:200], proposed=remark.proposed, **names,
                )
            )  # fmt: skip

    def _refuse_basis(self, figure: Figure, subject: Subject) -> None:
        is_csv = figure.place.column == "value"
        bases = ("in_period",) if figure.scenario == "plan" else subject.indicator.bases
        accepted = [basis if is_csv else COLUMN_OF_BASIS[figure.scenario, basis] for basis in bases]
        column = figure.basis if is_csv else figure.place.column
        self.findings.append(
            finding(
                "BASIS_NOT_ACCEPTED", position=figure.place.position, column=column,
                value=figure.cell.shown[:200], proposed=accepted[0] if len(accepted) == 1 else None,
                indicator=subject.indicator.indicator_code, accepted=", ".join(accepted),
            )
        )  # fmt: skip

    def _check_identities(self, line: Line) -> None:
        """No note and no cell of figures is a place for an identity number: it would be kept as it was written."""
        if has_identity_number(line.note):
            self.findings.append(_identity(line.figures[0].place, "Ghi chú"))
        for figure in line.figures:
            if has_identity_number(figure.cell.shown):
                self.findings.append(_identity(figure.place, figure.place.column))


def _identity(place: Place, column: str) -> Finding:
    return finding("NOTE_HAS_IDENTITY", position=place.position, column=column)


def _timeliness(paper: Paper, head: Head, values: tuple[SubmissionValue, ...], today: date) -> Iterator[Finding]:
    """Results of a period that has not begun cannot be; those of one that has not ended are not complete."""
    period = head.period
    has_results = any(value.scenario == "actual" and value.quantity.value_state == "reported" for value in values)
    if period is None or not has_results or period.end_date < today:
        return
    place = paper.head["period_code"].place
    rule_id = "PERIOD_IN_FUTURE" if period.start_date > today else "PERIOD_NOT_ENDED"
    yield finding(
        rule_id, position=place.position, column=place.column, value=period.period_code,
        start=f"{period.start_date:%d/%m/%Y}", end=f"{period.end_date:%d/%m/%Y}",
    )  # fmt: skip
