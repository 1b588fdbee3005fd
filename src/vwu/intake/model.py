"""What intake speaks of: scopes, values, findings, and the outcome of one file, as frozen values."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a file is: a branch submission or one kind of bank feed."""

    SUBMISSION = "submission"
    LOAN = "loan"
    GROUP = "group"
    SUMMARY = "summary"
    UNKNOWN = "unknown"


class State(StrEnum):
    """State of a receipt (INTERFACES 4); `unchanged` is only an outcome: the same bytes came again."""

    RECEIVED = "received"
    CHECKED = "checked"
    LANDED = "landed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    HELD = "held"
    UNCHANGED = "unchanged"


class Severity(StrEnum):
    """`error` rejects or holds, `warning` is published beside the figure, `info` is told."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class SubmissionScope:
    """What a branch file replaces as a whole (D5)."""

    branch_code: str
    period_code: str
    form: str

    @property
    def key(self) -> str:
        return f"submission|{self.branch_code}|{self.period_code}|{self.form}"


@dataclass(frozen=True, slots=True)
class FeedScope:
    """What a bank file replaces as a whole (D5); a higher sequence replaces a lower one."""

    bank_code: str
    kind: Kind
    as_of_date: date
    sequence: int

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.bank_code}|{self.as_of_date.isoformat()}"


Scope = SubmissionScope | FeedScope


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with its place and remedy. Made by `vwu.intake.rules.finding`, never by hand."""

    rule_id: str
    family: str
    severity: Severity
    message_vi: str
    message_en: str
    position: str = ""
    column: str = ""
    value: str = ""
    proposed: str | None = None
    line_count: int = 1
    # The report or feed that it is about; None for the file as a whole, or where nobody knows.
    scope_key: str | None = None

    def finding_id(self, receipt_id: str) -> str:
        """Deterministic id: the same fault of the same receipt is the same finding."""
        parts = (receipt_id, self.rule_id, self.position, self.column, self.value)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """The shape of INTERFACES 5.1."""
        return {
            "rule_id": self.rule_id,
            "family": self.family,
            "severity": str(self.severity),
            "position": self.position,
            "column": self.column,
            "value": self.value,
            "message_vi": self.message_vi,
            "message_en": self.message_en,
            "proposed": self.proposed,
            "lines": self.line_count,
            "scope_key": self.scope_key,
        }


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure as it was said (D3), in base units (đồng, persons, percent points). An open bound is None."""

    value: Decimal | None
    qualifier: str
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    value_state: str


@dataclass(frozen=True, slots=True)
class SubmissionValue:
    """One reported figure and the cell or line that it came from."""

    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    quantity: Quantity
    unit_code: str
    position: str
    raw_text: str
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The shape of INTERFACES 5.1: decimal strings in base units, an open bound null."""
        quantity = self.quantity
        return {
            "programme_code": self.programme_code,
            "indicator_code": self.indicator_code,
            "scenario": self.scenario,
            "basis": self.basis,
            "value": _text(quantity.value),
            "unit_code": self.unit_code,
            "qualifier": quantity.qualifier,
            "lower_bound": _text(quantity.lower_bound),
            "upper_bound": _text(quantity.upper_bound),
            "value_state": quantity.value_state,
            "position": self.position,
            "raw": self.raw_text,
        }


def _text(number: Decimal | None) -> str | None:
    """Plain decimal notation without an exponent or trailing zeros of a fraction."""
    if number is None:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Submission:
    """One checked branch report: its scope, its values and what is wrong with it."""

    scope: SubmissionScope | None
    form_version: str = ""
    values: tuple[SubmissionValue, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a resubmission changes; None on the side that does not report it."""

    scope_key: str
    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    old: str | None
    new: str | None
    old_position: str
    new_position: str

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FeedChange:
    """One sum of a place that a feed sent again changes, in đồng; None where a side has no line there."""

    commune_code: str
    commune_code_system: str
    organisation: str
    credit_programme: str
    matter: str
    old: int | None
    new: int | None

    def as_json(self) -> dict[str, Any]:
        """Its fields by name; amounts as decimal strings, as everywhere in the output."""
        return asdict(self) | {
            name: None if amount is None else str(amount) for name, amount in (("old", self.old), ("new", self.new))
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file (INTERFACES 5.1)."""

    file: str
    sha256: str
    kind: Kind
    state: State
    receipt_id: str | None = None
    scopes: tuple[Scope, ...] = ()
    reports: tuple[Submission, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    row_count: int = 0
    reason_vi: str = ""
    reason_en: str = ""
    changes: tuple[Change, ...] | tuple[FeedChange, ...] = ()

    @property
    def values(self) -> tuple[SubmissionValue, ...]:
        """The values of all reports in the file."""
        return tuple(value for report in self.reports for value in report.values)

    def summary(self) -> str:
        """One line for a log: what became of the file, and the first reason; no value that could be an identity."""
        counts = Counter(str(finding.severity) for finding in self.findings)
        found = ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items()))
        first = next((f": {each.rule_id} at {each.position}" for each in self.findings), "")
        return f"{self.file}: {self.state}, {self.row_count} rows" + (f", {found}{first}" if found else "")

    def as_json(self) -> dict[str, Any]:
        """The object of INTERFACES 5.1; a feed lists no values."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "receipt_id": self.receipt_id,
            "kind": str(self.kind),
            "state": str(self.state),
            "scope": _scope_json(self.scopes[0]) if self.scopes else None,
            "scopes": [_scope_json(scope) for scope in self.scopes],
            "values": [
                value.as_json() | {"scope_key": report.scope.key if report.scope else None}
                for report in self.reports
                for value in report.values
            ],
            "findings": [finding.as_json() for finding in self.findings],
            "rows": self.row_count,
            "changes": [change.as_json() for change in self.changes],
        }


def _scope_json(scope: Scope) -> dict[str, Any]:
    if isinstance(scope, SubmissionScope):
        return {"branch_code": scope.branch_code, "period_code": scope.period_code, "form": scope.form}
    return {
        "bank_code": scope.bank_code,
        "kind": str(scope.kind),
        "as_of_date": scope.as_of_date.isoformat(),
        "sequence": scope.sequence,
    }


def has_errors(findings: tuple[Finding, ...]) -> bool:
    """True when any finding rejects or holds."""
    return any(finding.severity is Severity.ERROR for finding in findings)
