"""What the figures of a submission say against earlier periods and against peers: the history is a value, not a query.

Only what no reading of the bounds can make right is a finding (ARCHITECTURE D3). A branch is compared with itself
within one version of it (a merged province is another one), figures of a year only within the Union's year. The
plausibility rules are robust (median and median absolute deviation of logarithms), and silent while points are few.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from math import log10
from statistics import median
from typing import TYPE_CHECKING, Any

from vwu.intake.model import Finding, Quantity, Submission, SubmissionScope, SubmissionValue
from vwu.intake.rules import finding, of_period
from vwu.intake.submission.values import format_number

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue, Indicator, Period

Key = tuple[str, str, str, str]  # programme, indicator, scenario, basis

SIZE_INDICATOR = "MEMBERS_TOTAL"
YEARS_OF_HISTORY = 3
_COUNTED = ("flow", "distinct")  # what grows over time: a ratio or a stock may fall
# "6 tháng" and "9 tháng" are year-to-date whatever their column says (DOMAIN D.2).
_FROM_JANUARY = ("half_year", "nine_months", "year")
_CORRECTION = re.compile(r"đính chính|điều chỉnh|hiệu chỉnh|correct", re.IGNORECASE)
_FEWEST_COPIED = 5
_FEWEST_FOR_SLIP, _FEWEST_OWN, _FEWEST_PEERS = 3, 6, 8
_STEADY = 0.5  # decades: a history within a factor of 3 of its median
_LEAST_SCALE = 0.1  # decades: differences of a quarter are nothing to ask about
_FAR = 6.0  # scales from the median
_SAME_SEASON = 0.5  # decades
SAME_SIZE = 2  # a peer has half to twice the members
# The nearest in size say what is usual as well as all of them, and a check costs the same in the largest province.
MOST_PEERS = 20


@dataclass(frozen=True, slots=True)
class PastValue:
    """A value in force of the same branch and form; `receipt_id` and `position` say where it stands."""

    period_code: str
    programme_code: str
    indicator_code: str
    scenario: str
    basis: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    qualifier: str
    value_state: str
    receipt_id: str
    position: str

    @property
    def key(self) -> Key:
        return (self.programme_code, self.indicator_code, self.scenario, self.basis)


@dataclass(frozen=True, slots=True)
class PeerValue:
    """A positive value of another branch of the same level, for the same period; `size` is its number of members."""

    branch_code: str
    programme_code: str
    indicator_code: str
    basis: str
    value: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class BelowValue:
    """An actual value of a branch directly below, for the same period."""

    branch_code: str
    programme_code: str
    indicator_code: str
    basis: str
    value: Decimal | None
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    value_state: str


@dataclass(frozen=True)
class History:
    """What the checks know beside the file: `past` of the branch (the scope itself included), its `peers`, and what the
    branches directly below it said of the period."""

    past: tuple[PastValue, ...] = ()
    peers: tuple[PeerValue, ...] = ()
    below: tuple[BelowValue, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Numbers as decimal strings; `history_from_json` reads it back equal."""
        return {name: [_plain(each) for each in getattr(self, name)] for name in ("past", "peers", "below")}


def _plain(record: PastValue | PeerValue | BelowValue) -> dict[str, str | None]:
    found = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in found.items()}


def history_from_json(written: Mapping[str, Any]) -> History:
    """Read what `History.as_json` wrote. Raises KeyError, TypeError or ArithmeticError when it is something else."""
    numbers = ("value", "lower_bound", "upper_bound", "size")

    def read(row: Mapping[str, Any]) -> dict[str, Any]:
        return {k: Decimal(v) if k in numbers and v is not None else v for k, v in row.items()}

    return History(
        tuple(PastValue(**read(row)) for row in written["past"]),
        tuple(PeerValue(**read(row)) for row in written["peers"]),
        tuple(BelowValue(**read(row)) for row in written.get("below", ())),
    )


def with_others(
    history: History, own: SubmissionScope, reports: Iterable[Submission], receipt_id: str, catalogue: Catalogue
) -> History:
    """The history as it will be once the other reports of the same file are in force as well."""
    others = [(each.scope, each.values) for each in reports if each.scope and each.scope != own]
    periods = {
        scope.period_code: values for scope, values in others
        if (scope.branch_code, scope.form) == (own.branch_code, own.form)
    }  # fmt: skip
    lower = {
        scope.branch_code: values for scope, values in others
        if (scope.period_code, scope.form) == (own.period_code, own.form)
        and scope.branch_code in branches_below(catalogue, own)
    }  # fmt: skip
    past = [each for each in history.past if each.period_code not in periods]
    past += [_past(period_code, each, receipt_id) for period_code, values in periods.items() for each in values]
    below = [each for each in history.below if each.branch_code not in lower]
    below += [_of_below(code, each) for code, values in lower.items() for each in values if each.scenario == "actual"]
    return replace(history, past=tuple(past), below=tuple(below))


def branches_below(catalogue: Catalogue, scope: SubmissionScope) -> frozenset[str]:
    """The branches directly below the one that reports, at the end of the period."""
    period = catalogue.period(scope.period_code)
    return catalogue.branches_below(scope.branch_code, period.end_date) if period else frozenset()


def _of_below(branch_code: str, value: SubmissionValue) -> BelowValue:
    said = value.quantity
    return BelowValue(
        branch_code, value.programme_code, value.indicator_code, value.basis, said.value, said.lower_bound,
        said.upper_bound, said.value_state,
    )  # fmt: skip


def _past(period_code: str, value: SubmissionValue, receipt_id: str) -> PastValue:
    said = value.quantity
    return PastValue(
        period_code, *_key(value), said.value, said.lower_bound, said.upper_bound, said.qualifier, said.value_state,
        receipt_id, value.position,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one period; nothing to report is nought."""

    period: Period
    value: Decimal
    lower: Decimal | None
    upper: Decimal | None


def check_history(submission: Submission, catalogue: Catalogue, history: History) -> tuple[Finding, ...]:
    """Findings of one submission against its history, in the order of its figures; none without a known scope."""
    comparison = _comparison(submission, catalogue, history)
    if comparison is None:
        return ()
    found = (*comparison.copied(), *(each for value in submission.values for each in comparison.of(value)))
    return of_period(found, comparison.period.end_date)


def size_of(submission: Submission, catalogue: Catalogue, past: tuple[PastValue, ...]) -> Decimal | None:
    """How many members the branch has, by which its peers are chosen; None when it never said."""
    comparison = _comparison(submission, catalogue, History(past))
    return comparison.size if comparison else None


def _comparison(submission: Submission, catalogue: Catalogue, history: History) -> _Comparison | None:
    scope = submission.scope
    period = catalogue.period(scope.period_code) if scope else None
    if scope is None or period is None:
        return None
    return _Comparison(submission, catalogue, history, scope.branch_code, period)


@dataclass(frozen=True)
class _Comparison:
    submission: Submission
    catalogue: Catalogue
    history: History
    branch_code: str
    period: Period

    @cached_property
    def past(self) -> Mapping[Key, list[Point]]:
        """Other periods of this version of the branch, by key, the earliest first."""
        branch = self.catalogue.branch(self.branch_code, self.period.end_date)
        found: dict[Key, list[Point]] = {}
        for each in self.history.past:
            period = self.catalogue.period(each.period_code)
            if branch is None or period is None or period.period_code == self.period.period_code:
                continue
            if not branch.valid_from <= period.end_date <= (branch.valid_to or date.max):
                continue
            point = _point(period, each)
            if point is not None:
                found.setdefault(each.key, []).append(point)
        for points in found.values():
            points.sort(key=lambda point: (point.period.end_date, point.period.start_date))
        return found

    @cached_property
    def now(self) -> Mapping[Key, Point]:
        found = ((_key(value), _point(self.period, value.quantity)) for value in self.submission.values)
        return {key: point for key, point in found if point is not None}

    @cached_property
    def year(self) -> Period | None:
        """The Union's year that holds this period whole."""
        year = self.catalogue.period(self.period.period_code[:4])
        return year if year and _holds(year, self.period) else None

    def of(self, value: SubmissionValue) -> Iterator[Finding]:
        point = self.now.get(_key(value))
        if point is None or value.scenario != "actual":
            return
        indicator = self.catalogue.indicators[value.indicator_code]
        if indicator.measure in _COUNTED:
            fallen = tuple(self._fallen(value, point))
            yield from fallen
            if not fallen:
                yield from self._not_the_sum(value, point, indicator)
            yield from self._parts(value, point, indicator)
        if indicator.measure in ("flow", "stock"):
            yield from self._branches(value, point)
        if value.basis in ("in_period", "as_of") and indicator.measure != "ratio":
            yield from self._implausible(value, point)

    # A branch and those below it

    def _branches(self, value: SubmissionValue, point: Point) -> Iterator[Finding]:
        """A total is the sum of the branches below when all of them have said; at least the sum when some have."""
        said = self.below.get((value.programme_code, value.indicator_code, value.basis), {})
        if not said:
            return
        least: Decimal | None = Decimal(0)
        most: Decimal | None = Decimal(0)
        for each in said.values():
            least, most = _sum(least, each.lower), _sum(most, each.upper)
        is_whole = said.keys() >= self.subordinates
        if _misses(point, least, most if is_whole else None, is_exact=True):
            yield finding(
                "BRANCHES_NOT_THE_SUM", position=value.position, value=value.raw_text, indicator=value.indicator_code,
                computed=format_number(sum((each.value for each in said.values()), Decimal(0))),
                branches=len(said), expected=len(self.subordinates),
            )  # fmt: skip

    @cached_property
    def subordinates(self) -> frozenset[str]:
        return self.catalogue.branches_below(self.branch_code, self.period.end_date)

    @cached_property
    def below(self) -> Mapping[tuple[str, str, str], dict[str, Point]]:
        """What each branch below said, by programme, indicator and basis."""
        found: dict[tuple[str, str, str], dict[str, Point]] = {}
        for each in self.history.below:
            point = _point(self.period, each)
            if point is not None:
                found.setdefault((each.programme_code, each.indicator_code, each.basis), {})[each.branch_code] = point
        return found

    # Cumulative figures

    def _to_date(self, value: SubmissionValue) -> tuple[list[Point], str]:
        """Figures to date of other periods that this one may be compared with, and the rule that it would break."""
        programme, indicator, scenario, basis = _key(value)
        if basis == "programme_to_date":
            return self.past.get(_key(value), []), "CUMULATIVE_FELL"
        year, is_to_date = self.year, basis == "year_to_date" or self.period.period_kind in _FROM_JANUARY
        if year is None or not is_to_date or basis == "as_of":
            return [], ""
        points = [
            *self.past.get((programme, indicator, scenario, "year_to_date"), []),
            *(
                each
                for each in self.past.get((programme, indicator, scenario, "in_period"), [])
                if each.period.period_kind in _FROM_JANUARY
            ),
        ]
        return [each for each in points if _holds(year, each.period)], "YEAR_TO_DATE_FELL"

    def _fallen(self, value: SubmissionValue, point: Point) -> Iterator[Finding]:
        points, rule_id = self._to_date(value)
        before = [each for each in points if each.period.end_date < self.period.end_date and _below(point, each)]
        after = [each for each in points if each.period.end_date > self.period.end_date and _below(each, point)]
        if not before and not after:
            return
        other = before[-1] if before else after[0]
        first, last = (other, point) if before else (point, other)
        corrected = _CORRECTION.search(value.note) is not None
        yield finding(
            "CUMULATIVE_CORRECTED" if corrected else rule_id, position=value.position, value=value.raw_text,
            indicator=value.indicator_code, earlier=format_number(first.value), later=format_number(last.value),
            earlier_period=first.period.period_code, later_period=last.period.period_code,
        )  # fmt: skip

    def _not_the_sum(self, value: SubmissionValue, point: Point, indicator: Indicator) -> Iterator[Finding]:
        """To date = to date of the period just before + in the period; people counted once may be fewer."""
        if value.basis not in ("programme_to_date", "year_to_date"):
            return
        added = self.now.get((*_key(value)[:3], "in_period"))
        before = self._just_before(value)
        if added is None or before is None:
            return
        least, most = _sum(before.lower, added.lower), _sum(before.upper, added.upper)
        if not _misses(point, least, most, is_exact=indicator.measure == "flow"):
            return
        yield finding(
            "CUMULATIVE_DIFFERS", position=value.position, value=value.raw_text, indicator=value.indicator_code,
            before=format_number(before.value), before_period=before.period.period_code,
            added=format_number(added.value), computed=format_number(before.value + added.value),
        )  # fmt: skip

    def _just_before(self, value: SubmissionValue) -> Point | None:
        """The same figure to date on the day before this period; nought at the beginning of a year."""
        if value.basis == "year_to_date":
            if self.year is None:
                return None
            if self.period.start_date == self.year.start_date:
                return Point(self.period, Decimal(0), Decimal(0), Decimal(0))
        points, _ = self._to_date(value)
        eve = self.period.start_date - timedelta(days=1)
        return next((each for each in points if each.period.end_date == eve), None)

    # A period and the periods that it is made of

    def _parts(self, value: SubmissionValue, point: Point, indicator: Indicator) -> Iterator[Finding]:
        if value.basis != "in_period":
            return
        parts = _tiles(self.period, self.past.get(_key(value), []))
        lower: Decimal | None = Decimal(0)
        upper: Decimal | None = Decimal(0)
        for each in parts:
            lower, upper = _sum(lower, each.lower), _sum(upper, each.upper)
        if parts and _misses(point, lower, upper, is_exact=indicator.measure == "flow"):
            yield finding(
                "PERIODS_NOT_THE_SUM", position=value.position, value=value.raw_text, indicator=value.indicator_code,
                computed=format_number(sum((each.value for each in parts), Decimal(0))),
                periods=", ".join(each.period.period_code for each in parts),
            )  # fmt: skip

    # Plausibility

    def copied(self) -> Iterator[Finding]:
        """All figures of the period are those of the period before: at least five of them, and not all nought."""
        eve = self.period.start_date - timedelta(days=1)
        compared: list[bool] = []
        for key, point in self.now.items():
            if key[2:] != ("actual", "in_period") or self.catalogue.indicators[key[1]].measure == "ratio":
                continue
            before = [
                each for each in self.past.get(key, [])
                if each.period.end_date == eve and each.period.period_kind == self.period.period_kind
            ]  # fmt: skip
            if before and (point.value or before[0].value):
                compared.append(before[0].value == point.value)
        if len(compared) >= _FEWEST_COPIED and all(compared):
            first = next(v for v in self.submission.values if (v.scenario, v.basis) == ("actual", "in_period"))
            yield finding("COPY_OF_LAST_PERIOD", position=first.position, value=first.raw_text, count=len(compared))

    def _implausible(self, value: SubmissionValue, point: Point) -> Iterator[Finding]:
        """At most one question a figure: a slip of units, else far from its history, else far from its peers."""
        if point.value <= 0:
            return
        own = [
            each for each in self.past.get(_key(value), [])
            if each.value > 0 and each.period.period_kind == self.period.period_kind
            and each.period.end_date < self.period.end_date
        ]  # fmt: skip
        yield from self._slip(value, point, own) or self._far(value, point, own) or self._unlike_peers(value, point)

    def _slip(self, value: SubmissionValue, point: Point, own: list[Point]) -> list[Finding]:
        logs = [log10(each.value) for each in own]
        if len(logs) < _FEWEST_FOR_SLIP:
            return []
        centre = median(logs)
        distance = log10(point.value) - centre
        decades = next((d for d in (3, 6) if abs(abs(distance) - d) <= _STEADY), None)
        if decades is None or any(abs(each - centre) > _STEADY for each in logs):
            return []
        meant = point.value.scaleb(-decades if distance > 0 else decades)
        return [
            finding(
                "UNIT_SLIP", position=value.position, value=value.raw_text, proposed=format_number(meant),
                indicator=value.indicator_code, factor=format_number(Decimal(10) ** decades), points=len(own),
                usual=format_number(_rounded(10**centre)),
            )
        ]  # fmt: skip

    def _far(self, value: SubmissionValue, point: Point, own: list[Point]) -> list[Finding]:
        """Not asked where the same season of an earlier year was as far off; said where no season was seen yet."""
        if len(own) < _FEWEST_OWN or not _is_far(point.value, [each.value for each in own]):
            return []
        season = [each for each in own if _is_same_season(each.period, self.period)]
        if any(abs(log10(each.value) - log10(point.value)) <= _SAME_SEASON for each in season):
            return []
        return [
            finding(
                "FAR_FROM_HISTORY", position=value.position, value=value.raw_text, indicator=value.indicator_code,
                usual=format_number(_middle([each.value for each in own])), points=len(own), seasons=len(season),
            )
        ]  # fmt: skip

    def _unlike_peers(self, value: SubmissionValue, point: Point) -> list[Finding]:
        alike = self.alike.get((value.programme_code, value.indicator_code, value.basis), [])
        if len(alike) < _FEWEST_PEERS or not _is_far(point.value, alike):
            return []
        return [
            finding(
                "FAR_FROM_PEERS", position=value.position, value=value.raw_text, indicator=value.indicator_code,
                usual=format_number(_middle(alike)), peers=len(alike),
            )
        ]  # fmt: skip

    @cached_property
    def alike(self) -> Mapping[tuple[str, str, str], list[Decimal]]:
        """The figures of the peers nearest in size, by programme, indicator and basis."""
        own, found = self.size, defaultdict(list)
        if own is not None:
            sizes = {
                each.branch_code: each.size for each in self.history.peers
                if each.branch_code != self.branch_code and own / SAME_SIZE <= each.size <= own * SAME_SIZE
            }  # fmt: skip
            nearest = frozenset(sorted(sizes, key=lambda code: (abs(sizes[code] - own), code))[:MOST_PEERS])
            for each in self.history.peers:
                if each.branch_code in nearest:
                    found[each.programme_code, each.indicator_code, each.basis].append(each.value)
        return found

    @cached_property
    def size(self) -> Decimal | None:
        """Members of this branch: by this report, else by its last one."""
        said = [p.value for key, p in self.now.items() if key[1:] == (SIZE_INDICATOR, "actual", "as_of")]
        for key, points in self.past.items():
            if key[1:] == (SIZE_INDICATOR, "actual", "as_of"):
                said.append(points[-1].value)
        return next((each for each in said if each > 0), None)


def _key(value: SubmissionValue) -> Key:
    return (value.programme_code, value.indicator_code, value.scenario, value.basis)


def _point(period: Period, quantity: PastValue | BelowValue | Quantity) -> Point | None:
    if quantity.value_state == "nil":
        return Point(period, Decimal(0), Decimal(0), Decimal(0))
    if quantity.value_state != "reported" or quantity.value is None:
        return None
    return Point(period, quantity.value, quantity.lower_bound, quantity.upper_bound)


def _holds(whole: Period, part: Period) -> bool:
    return whole.start_date <= part.start_date and part.end_date <= whole.end_date


def _below(lower: Point, higher: Point) -> bool:
    """Whether one figure is below the other however their bounds are read."""
    return lower.upper is not None and higher.lower is not None and lower.upper < higher.lower


def _sum(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else first + second


def _misses(point: Point, least: Decimal | None, most: Decimal | None, *, is_exact: bool) -> bool:
    over = most is not None and point.lower is not None and point.lower > most
    under = least is not None and point.upper is not None and point.upper < least
    return over or (is_exact and under)


def _tiles(whole: Period, points: list[Point]) -> list[Point]:
    """The shortest periods that make up the whole without gap or overlap; none when one is missing."""
    found, day = [], whole.start_date
    while day <= whole.end_date:
        starting = [each for each in points if each.period.start_date == day and _holds(whole, each.period)]
        if not starting:
            return []
        found.append(min(starting, key=lambda each: each.period.end_date))
        day = found[-1].period.end_date + timedelta(days=1)
    return found


def _is_same_season(earlier: Period, period: Period) -> bool:
    """The same part of an earlier year, give or take a week."""
    days = (period.end_date - earlier.end_date).days
    return days >= 350 and min(days % 365, 365 - days % 365) <= 15


def _is_far(value: Decimal, others: list[Decimal]) -> bool:
    logs = [log10(each) for each in others]
    centre = median(logs)
    # 1.4826 makes the median absolute deviation comparable with a standard deviation.
    scale = max(1.4826 * median(abs(each - centre) for each in logs), _LEAST_SCALE)
    return abs(log10(value) - centre) > _FAR * scale


def _middle(values: list[Decimal]) -> Decimal:
    return _rounded(float(median(values)))


def _rounded(number: float) -> Decimal:
    """Three significant digits: an order of magnitude to compare with, not a figure to copy."""
    return Decimal(f"{Decimal(f'{number:.3g}'):f}")
