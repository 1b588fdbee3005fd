"""The calendar of debts: which branch owes which form for which period, and who hears of it when it does not come.

Pure: the dated branch hierarchy and the form assignments give the debts, so that a branch that ended in June 2025 owes
nothing afterwards; what came and what was excused is given as values. Collecting begins with the first period that any
branch of a level reported: nothing is owed before. The star says the same in `int_submission_expected`, for all periods
and without a clock; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vwu.intake.model import SubmissionScope

if TYPE_CHECKING:
    from vwu.catalogue import Branch, Catalogue, Period

# Days after the due date from which the province, then the nation, hears of a report that is missing. [GK]: a default.
DAYS_TO_PROVINCE, DAYS_TO_CENTRE = 3, 7
# What is older is in every roll-up's list of the missing; nobody is reminded of it each day for ever.
DAYS_REMINDED = 92
CENTRE = "TW"


@dataclass(frozen=True, slots=True)
class LateException:
    """A late report that was allowed until a day (inclusive), by whom and why."""

    expires_on: date
    approved_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A report that has not come; who hears of it: the branch, then its province, then the centre.

    Before it is late, `due_date` is the day until which it may come (an exception moves it) and `days_late` is 0 or
    less; only the branch hears of it then.
    """

    scope: SubmissionScope
    branch_name: str
    level: str
    province_code: str
    due_date: date
    days_late: int
    addressees: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        return self.days_late > 0


def begun(catalogue: Catalogue, received: frozenset[SubmissionScope]) -> Mapping[tuple[str, str], date]:
    """The end of the first period of an assigned kind that a level reported on, by (form, level).

    `received`: at least one report of each form, level and period on which there are any.
    """
    assigned = {(each.form, each.level, each.period_kind) for each in catalogue.form_assignments}
    found: dict[tuple[str, str], date] = {}
    for scope in received:
        period = catalogue.period(scope.period_code)
        branch = catalogue.branch(scope.branch_code, period.end_date) if period else None
        if period and branch and (scope.form, branch.level, period.period_kind) in assigned:
            key = (scope.form, branch.level)
            found[key] = min(found.get(key, date.max), period.end_date)
    return found


def is_reminded(period: Period, on: date, days_before: int = 0) -> bool:
    """Whether a report of this period was due before this day and is not too old to be reminded of.

    With `days_before`, also whether it is due on this day or on one of the days after it, so many in all.
    """
    first, end = on - timedelta(days=DAYS_REMINDED), on + timedelta(days=days_before)
    return period.calendar == "union" and first <= period.due_date < end


def debts(
    catalogue: Catalogue, begun: Mapping[tuple[str, str], date], on: date, days_before: int = 0
) -> Iterator[tuple[Branch, Period, str]]:
    """Every (branch, period, form) that is reminded of on a day.

    `begun`: the end of the first period that a level reported on, by (form, level).
    """
    for assignment in catalogue.form_assignments:
        first = begun.get((assignment.form, assignment.level))
        if first is None:
            continue
        for period in catalogue.periods:
            if (
                period.period_kind == assignment.period_kind
                and first <= period.end_date
                and assignment.valid_from <= period.end_date <= (assignment.valid_to or date.max)
                and is_reminded(period, on, days_before)
            ):
                for branch in catalogue.branches_of(assignment.level, period.end_date):
                    yield branch, period, assignment.form


def missing(
    catalogue: Catalogue,
    begun: Mapping[tuple[str, str], date],
    received: frozenset[SubmissionScope],
    exceptions: Mapping[SubmissionScope, LateException],
    on: date,
    days_before: int = 0,
) -> tuple[Missing, ...]:
    """The reports that are missing on a day, by branch and due date; an exception counts until it expires.

    With `days_before`, also those that may come on this day or on the days after it, so many in all.
    """
    found = []
    for branch, period, form in debts(catalogue, begun, on, days_before):
        scope = SubmissionScope(branch.branch_code, period.period_code, form)
        excused = exceptions.get(scope)
        until = max(period.due_date, excused.expires_on) if excused else period.due_date
        if scope in received or until >= on + timedelta(days=days_before):
            continue
        due_date = period.due_date if until < on else until
        days_late = (on - due_date).days
        province = branch.branch_code.partition("-")[0]
        found.append(
            Missing(
                scope, branch.name_vi, branch.level, province, due_date, days_late,
                _addressees(branch.branch_code, province, days_late),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda each: (each.scope.branch_code, each.due_date, each.scope.form)))


def _addressees(branch_code: str, province_code: str, days_late: int) -> tuple[str, ...]:
    """Commune → province → centre; a province's own report goes to the centre once the province had its days."""
    found = [branch_code]
    if days_late >= DAYS_TO_PROVINCE and province_code != branch_code:
        found.append(province_code)
    if days_late >= DAYS_TO_CENTRE or (days_late >= DAYS_TO_PROVINCE and province_code == branch_code):
        found.append(CENTRE)
    return tuple(found)
