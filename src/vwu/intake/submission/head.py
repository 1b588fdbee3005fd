"""The head of a submission: which form, which branch, which period; and whether its dates agree with the period."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.branches import branches_named, branches_once_named, successors
from vwu.intake.submission.entries import FORM, HeadField, Paper
from vwu.intake.submission.text import clean, match_key

if TYPE_CHECKING:
    from vwu.catalogue import Branch, Catalogue, Period

_LABELS = {
    "form": "Mã biểu", "form_version": "Phiên bản", "branch_code": "Mã đơn vị", "period_code": "Kỳ báo cáo",
}  # fmt: skip
# Words of a branch's name that say what it is, not which one.
_COMMON_WORDS = frozenset(
    (
        "hoi", "lhpn", "lien", "hiep", "phu", "nu", "viet", "nam", "tinh", "thanh", "pho", "tp", "huyen", "quan", "thi",
        "xa", "tx", "phuong", "dac", "khu", "tran", "ban", "chap", "hanh",
    )
)  # fmt: skip
_CANDIDATES_SHOWN = 10
_MIXED_UP_FOR = timedelta(days=100)  # before and after the day on which a code got another territory: a quarter
_BARE_CODE = re.compile(r"P?([0-9]{1,2})(?:-(D?)([0-9]{1,5}))?")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
# Ways to say a period that people use instead of its code; the groups make the code.
_PERIOD_WORDS = (
    (re.compile(r"(?:thang )?(\d{1,2}) (\d{4})"), "{1}-{0:0>2}"),
    (re.compile(r"(\d{4}) (\d{1,2})"), "{0}-{1:0>2}"),
    (re.compile(r"thang (\d{1,2}) nam (\d{4})"), "{1}-{0:0>2}"),
    (re.compile(r"quy (iv|i{1,3}|[1-4]) (?:nam )?(\d{4})"), "{1}-Q{0}"),
    (re.compile(r"([69]) thang (?:dau nam |nam )?(\d{4})"), "{1}-{0}M"),
    (re.compile(r"nam (\d{4})"), "{0}"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says, looked up; None where it says nothing that the catalogue knows."""

    form_version: str
    branch_code: str | None
    branch: Branch | None
    period: Period | None
    decimal_mark: str
    findings: tuple[Finding, ...]


def read_head(paper: Paper, catalogue: Catalogue, today: date) -> Head:
    """Look up form, branch and period of a paper, and compare its dates with the period's."""
    fields = paper.head
    findings = list(_missing(paper))
    findings += _form(fields, catalogue)
    period, found = _period(fields.get("period_code"), catalogue)
    findings += found
    branch_code, branch, found = _branch(fields, catalogue, period)
    findings += found
    if period:
        findings += _dates(fields, period, today)
    version = fields["form_version"].text if "form_version" in fields else ""
    mark = fields["decimal_mark"].text if "decimal_mark" in fields else ""
    return Head(
        version or _newest(catalogue), branch_code, branch, period, mark if mark in (",", ".") else "", tuple(findings)
    )


def _newest(catalogue: Catalogue) -> str:
    return str(max(form.form_version for form in catalogue.forms if form.form == FORM))


def _missing(paper: Paper) -> list[Finding]:
    is_table = paper.is_table
    optional = {"form_version"} if is_table else {"branch_code"} if "branch_name" in paper.head else set[str]()
    needed = [name for name in _LABELS if name not in paper.head and name not in optional]
    return [
        finding("HEAD_FIELD_MISSING", position=paper.place.position, column=name if is_table else _LABELS[name])
        for name in needed
    ]


def _form(fields: Mapping[str, HeadField], catalogue: Catalogue) -> list[Finding]:
    known = {(form.form, str(form.form_version)) for form in catalogue.forms}
    form = fields.get("form")
    if form is None:
        return []
    version = fields.get("form_version")
    if any(form.text.upper() == code and (version is None or version.text == number) for code, number in known):
        return []
    place, shown = form.place, f"{form.text} {version.text if version else ''}".strip()
    if form.text.upper() == FORM and version is not None:
        place = version.place
    accepted = ", ".join(f"{code} {number}" for code, number in sorted(known))
    return [finding("FORM_UNKNOWN", position=place.position, column=place.column, value=shown, known=accepted)]


def _period(sent: HeadField | None, catalogue: Catalogue) -> tuple[Period | None, list[Finding]]:
    if sent is None:
        return None, []
    place = sent.place
    text = clean(sent.text).upper().replace(" ", "")
    period = catalogue.period(text) if isinstance(sent.content, str) else None
    if period is not None:
        return period, []
    read_as = _period_in_words(sent)
    period = catalogue.period(read_as) if read_as else None
    if period is None:
        return None, [finding("PERIOD_UNKNOWN", position=place.position, column=place.column, value=sent.text)]
    return period, [
        finding("PERIOD_UNUSUAL", position=place.position, column=place.column, value=sent.text, proposed=read_as)
    ]


def _period_in_words(sent: HeadField) -> str:
    """The code of a period in words, or of a date that Excel made of `2024-01`; empty if there is none."""
    if isinstance(sent.content, date):
        return f"{sent.content:%Y-%m}" if sent.content.day == 1 else ""
    key = match_key(sent.text)
    for pattern, code in _PERIOD_WORDS:
        found = pattern.fullmatch(key)
        if found:
            return code.format(*(_ROMAN.get(group, group) for group in found.groups()))
    return ""


Found = tuple["str | None", "Branch | None", list[Finding]]


def _branch(fields: Mapping[str, HeadField], catalogue: Catalogue, period: Period | None) -> Found:
    """The branch by its code, or by its name where a name stands in place of the code or no code is given."""
    sent = fields.get("branch_code") or fields.get("branch_name")
    if sent is None:
        return None, None, []
    code = clean(sent.text).upper().replace(" ", "")
    versions = catalogue.branch_versions(code)
    if not versions:
        return _branch_by_name(sent, catalogue, period)
    branch = catalogue.branch(code, period.end_date) if period else versions[-1]
    if branch is None:
        assert period is not None
        return _successor(sent, versions[-1], catalogue, period)
    findings = _branch_name(fields.get("branch_name"), branch)
    if period is not None and not findings:
        findings = _reused_code(sent, branch, catalogue, period)
    return code, branch, findings


def _branch_by_name(sent: HeadField, catalogue: Catalogue, period: Period | None) -> Found:
    """The one branch of a name in the period, or the successor of the one branch that had it before; else refused."""
    day = period.end_date if period else date.max
    found = branches_named(sent.text, catalogue, day)
    ended = [
        each
        for each in (branches_once_named(sent.text, catalogue, day) if period else ())
        if not {*successors(each, catalogue, day)[0], each} & {*found}
    ]
    candidates = (*found, *ended)
    if len(candidates) > 1:
        return None, None, [_about("BRANCH_AMBIGUOUS", sent, candidates=_listed(candidates))]
    if found:
        return (
            found[0].branch_code,
            found[0],
            [_about("BRANCH_BY_NAME", sent, proposed=found[0].branch_code, name=found[0].name_vi)],
        )
    if ended and period is not None:
        return _successor(sent, ended[0], catalogue, period)
    return None, None, [_about("BRANCH_UNKNOWN", sent, proposed=_with_lost_zeros(sent.text, catalogue))]


def _with_lost_zeros(text: str, catalogue: Catalogue) -> str | None:
    """The code that a spreadsheet or a hurried hand left of it: `22` of P22, `P22-6895` of P22-06895."""
    found = _BARE_CODE.fullmatch(clean(text).upper().replace(" ", ""))
    if found is None:
        return None
    province, is_district, unit = found.groups()
    behind = f"-D{unit:0>3}" if is_district else f"-{unit:0>5}" if unit else ""
    code = f"P{province:0>2}{behind}"
    return code if catalogue.branch_versions(code) else None


def _successor(sent: HeadField, ended: Branch, catalogue: Catalogue, period: Period) -> Found:
    """What took the place of a branch that ended before the period: taken if it is the same unit under a new code."""
    after, is_same = successors(ended, catalogue, period.end_date)
    if is_same:
        now = after[0]
        return (
            now.branch_code,
            now,
            [_about("BRANCH_SUCCEEDED", sent, old=ended.name_vi, proposed=now.branch_code, name=now.name_vi)],
        )
    beyond = [each for each in (ended.merged_into,) if each]
    return ended.branch_code, None, [
        _about(
            "BRANCH_NOT_VALID", sent, **_span_of(ended), period=period.period_code,
            candidates=_listed(after) or ", ".join(beyond) or "-",
            proposed=" | ".join([each.branch_code for each in after] or beyond) or None,
        )
    ]  # fmt: skip


def _span_of(branch: Branch) -> dict[str, str]:
    start, end = f"{branch.valid_from:%d/%m/%Y}", f"{branch.valid_to:%d/%m/%Y}" if branch.valid_to else "…"
    return {"old": f"{branch.name_vi} ({branch.branch_code})", "start": start, "end": end}


def _listed(branches: Sequence[Branch]) -> str:
    """`P22-06895 (Hội LHPN xã Đầm Hà); …`, the first ten."""
    shown = [f"{branch.branch_code} ({branch.name_vi})" for branch in branches[:_CANDIDATES_SHOWN]]
    return "; ".join([*shown, *(["…"] if len(branches) > _CANDIDATES_SHOWN else [])])


def _branch_name(sent: HeadField | None, branch: Branch) -> list[Finding]:
    """The name must not be that of another branch; short and long forms of one name are the same."""
    if sent is None:
        return []
    written = set(match_key(sent.text).split()) - _COMMON_WORDS
    expected = set(match_key(branch.name_vi).split()) - _COMMON_WORDS
    if not written or written <= expected or expected <= written:
        return []
    return [
        finding(
            "BRANCH_NAME_DIFFERS", position=sent.place.position, column=sent.place.column, value=sent.text,
            branch_code=branch.branch_code, expected=branch.name_vi,
        )
    ]  # fmt: skip


def _reused_code(sent: HeadField, branch: Branch, catalogue: Catalogue, period: Period) -> list[Finding]:
    """A commune's code and name were another territory before, or are since: said while the two may be mixed up."""
    if branch.level != "commune":
        return []
    for earlier, later in pairwise(catalogue.branch_versions(branch.branch_code)):
        is_near = abs(period.end_date - later.valid_from) <= _MIXED_UP_FOR
        if is_near and branch in (earlier, later) and earlier.name_vi == later.name_vi:
            _, is_same = successors(earlier, catalogue, later.valid_from)
            if not is_same:
                return [_about("BRANCH_CODE_REUSED", sent, branch_code=branch.branch_code, name=branch.name_vi,
                               start=f"{later.valid_from:%d/%m/%Y}", end=f"{period.end_date:%d/%m/%Y}")]  # fmt: skip
    return []


def _dates(fields: Mapping[str, HeadField], period: Period, today: date) -> list[Finding]:
    findings: list[Finding] = []
    days: dict[str, date] = {}
    for name in ("start_date", "end_date", "prepared_on"):
        sent = fields.get(name)
        if sent is None:
            continue
        day = read_day(sent.content)
        if day is None:
            findings.append(_about("HEAD_DATE_UNREADABLE", sent))
        else:
            days[name] = day
    findings += _span(fields, days, period)
    prepared = days.get("prepared_on")
    if prepared and prepared > today:
        findings.append(_about("PREPARED_IN_FUTURE", fields["prepared_on"]))
    return findings


def _span(fields: Mapping[str, HeadField], days: Mapping[str, date], period: Period) -> list[Finding]:
    """Dates outside the period contradict it; dates that overlap but differ (calendar months, say) are a question."""
    findings = []
    own = {"start_date": period.start_date, "end_date": period.end_date}
    start, end = days.get("start_date", period.start_date), days.get("end_date", period.end_date)
    is_outside = end < period.start_date or start > period.end_date or end < start
    for name in ("start_date", "end_date"):
        if name in days and days[name] != own[name]:
            rule_id = "HEAD_DATES_CONTRADICT" if is_outside else "HEAD_DATES_DIFFER"
            findings.append(
                _about(
                    rule_id, fields[name], period=period.period_code, start=f"{period.start_date:%d/%m/%Y}",
                    end=f"{period.end_date:%d/%m/%Y}",
                )
            )  # fmt: skip
    return findings


def _about(rule_id: str, sent: HeadField, **names: Any) -> Finding:
    shown = f"{sent.content:%d/%m/%Y}" if isinstance(sent.content, date) else sent.content
    return finding(rule_id, position=sent.place.position, column=sent.place.column, value=shown, **names)


def read_day(content: str | date) -> date | None:
    """A day written as 14/01/2024 or 2024-01-14, or a date cell; None when it is neither."""
    if isinstance(content, date):
        return content
    text = clean(content)
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text)
    except ValueError:
        return None
