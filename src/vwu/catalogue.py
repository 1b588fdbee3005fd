"""The reference data of `seeds/`, typed and indexed, for whoever checks a file: offline, pure, read on demand.

Nothing is read before it is asked for, so that a check of one workbook stays cheap: the small tables are read
whole, of the two big ones (regions, branches) only an index of lines is kept and a line is parsed when its
code is looked up. Each record's fields are the columns of the seed of that name (see docs/reference-data.md).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from vwu.intake.submission.text import match_key
from vwu.language import phrase

FIRST_DAY_OF_REFORM = date(2025, 7, 1)
"""From this day communes and provinces are those of QĐ 19/2025/QĐ-TTg (code system GSO-2025)."""

CodeSystem = Literal["GSO-2024", "GSO-2025"]

_SPAN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])/(\d{4})-(0[1-9]|1[0-2])")


class CatalogueError(Exception):
    """A seed is missing or does not have the form that this version reads."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure; `words_vi` are the words that may stand for it in a cell."""

    unit_code: str
    name_vi: str
    name_en: str
    kind: str  # count, percent or money
    is_whole: bool
    words_vi: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """A scheme, project, campaign, resolution or standing activity that figures are reported under."""

    programme_code: str
    name_vi: str
    name_en: str
    kind: str
    level: str  # national or provincial
    region_level: str
    region_code: str
    valid_from: date
    valid_to: date | None
    parent_code: str | None
    successor_code: str | None


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is counted, in which unit, and how it may be added (ARCHITECTURE D2)."""

    indicator_code: str
    programme_code: str
    name_vi: str
    name_en: str
    unit_code: str
    measure: str  # flow, stock, ratio, distinct or undetermined
    bases: tuple[str, ...]
    is_additive_over_regions: bool
    numerator_code: str | None
    denominator_code: str | None
    parent_code: str | None
    component_codes: tuple[str, ...]
    direction: str
    definition_vi: str
    definition_en: str
    undetermined_reason_vi: str | None
    undetermined_reason_en: str | None
    valid_from: date
    valid_to: date | None

    def accepts(self, scenario: str, basis: str) -> bool:
        """Whether a value of this scenario and basis may be reported; a plan is always for a period."""
        return basis == "in_period" if scenario == "plan" else basis in self.bases


@dataclass(frozen=True, slots=True)
class Region:
    """One version of an administrative unit or economic region; identity is (level, code, valid_from)."""

    level: str
    region_code: str
    valid_from: date
    valid_to: date | None
    name_vi: str
    kind: str
    parent_level: str | None
    parent_code: str | None
    parent_valid_from: date | None
    province_code: str | None
    economic_region: str | None


@dataclass(frozen=True, slots=True)
class Branch:
    """One version of a branch of the Union; identity is (branch_code, valid_from)."""

    branch_code: str
    name_vi: str
    level: str  # central, province, district, commune or unit
    region_level: str | None
    region_code: str | None
    region_valid_from: date | None
    parent_branch_code: str | None
    valid_from: date
    valid_to: date | None
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period of one calendar, with its own dates; both ends are inclusive."""

    calendar: str
    period_code: str
    period_kind: str
    start_date: date
    end_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """Where periods of a kind are cut: day of the month before (or of the month) to day of the last month."""

    calendar: str
    period_kind: str
    first_day: int | None
    last_day: int | None
    due_days: int


@dataclass(frozen=True, slots=True)
class Bank:
    bank_code: str
    name_vi: str
    name_en: str
    kind: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class CreditProgramme:
    credit_programme: str
    name_vi: str
    name_en: str
    bank_code: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A yearly rate of a credit programme; an unconfirmed one is carried on for want of a source."""

    credit_programme: str
    variant: str
    valid_from: date
    valid_to: date | None
    annual_rate_pct: Decimal
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that may be lent, in đồng, per household, worker, project and so on; None: no amount is set."""

    credit_programme: str
    ceiling_basis: str
    valid_from: date
    valid_to: date | None
    ceiling_amount: Decimal | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Form:
    form: str
    form_version: int
    name_vi: str
    name_en: str
    sheet_name: str
    is_approved_by_province: bool  # reports of branches below a province are held until it approves them
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class FormAssignment:
    """Branches of `level` owe `form` for each period of `period_kind`."""

    form: str
    level: str
    period_kind: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is no branch for a code and a date, in words for the officer who wrote the code."""

    kind: Literal["unknown", "not_valid_then"]
    reason_vi: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class _ProgrammeAlias:
    programme_code: str
    alias_vi: str


@dataclass(frozen=True, slots=True)
class _IndicatorAlias:
    indicator_code: str
    alias_vi: str


@dataclass(frozen=True, slots=True)
class _IndicatorProgramme:
    indicator_code: str
    programme_code: str


@dataclass(frozen=True, slots=True)
class RegionAlias:
    """Another name of a region: an abbreviation, the name without its kind, another spelling, or a former name."""

    level: str
    region_code: str
    region_valid_from: date
    alias_vi: str
    alias_kind: str


@dataclass(frozen=True, slots=True)
class _Succession:
    from_level: str
    from_code: str
    from_valid_from: date
    to_level: str
    to_code: str
    to_valid_from: date


RegionKey = tuple[str, str, date | None]  # level, code, valid_from
RegionLinks = Mapping[RegionKey, tuple[RegionKey, ...]]


class Dated(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


R = TypeVar("R")
D = TypeVar("D", bound=Dated)

_FIELD_READERS: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "str | None": lambda text: text or None,
    "bool": lambda text: text == "true",
    "int": int,
    "int | None": lambda text: int(text) if text else None,
    "date": date.fromisoformat,
    "date | None": lambda text: date.fromisoformat(text) if text else None,
    "Decimal": Decimal,
    "Decimal | None": lambda text: Decimal(text) if text else None,
    "tuple[str, ...]": lambda text: tuple(part for part in text.split("|") if part),
}


def in_force(versions: tuple[D, ...], on: date) -> tuple[D, ...]:
    """Those of the versions that hold on a day."""
    return tuple(v for v in versions if v.valid_from <= on and (v.valid_to is None or on <= v.valid_to))


@cache
def load_catalogue(seeds_dir: Path) -> Catalogue:
    """The catalogue of a folder of seeds; the same object each time in one process.

    Raises `CatalogueError` where the folder is not there.
    """
    if not seeds_dir.is_dir():
        raise CatalogueError(
            phrase(
                f"Không có thư mục dữ liệu danh mục ở {seeds_dir}.",
                f"There is no folder of reference data at {seeds_dir}.",
            )
        )
    return Catalogue(seeds_dir)


@dataclass(frozen=True)
class Catalogue:
    """Everything that a file may refer to. A look-up of an unknown code answers None or nothing, never raises."""

    seeds_dir: Path

    # Programmes, indicators, units -------------------------------------------------------------------------

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        return {row.unit_code: row for row in self._read("unit", Unit)}

    @cached_property
    def programmes(self) -> Mapping[str, Programme]:
        return {row.programme_code: row for row in self._read("programme", Programme)}

    @cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        return {row.indicator_code: row for row in self._read("indicator", Indicator)}

    def unit(self, code: str) -> Unit | None:
        return self.units.get(code)

    def programme(self, code: str) -> Programme | None:
        return self.programmes.get(code)

    def indicator(self, code: str) -> Indicator | None:
        return self.indicators.get(code)

    def programme_codes_of(self, indicator_code: str) -> tuple[str, ...]:
        """The programmes an indicator may be reported under, its home programme first."""
        return self._programmes_of_indicator.get(indicator_code, ())

    def match_programme(self, text: str) -> tuple[str, ...]:
        """Codes of the programmes whose code, name or alias this text is; several if it is ambiguous."""
        return self._programme_names.get(match_key(text), ())

    def match_indicator(self, text: str, programme_code: str | None = None) -> tuple[str, ...]:
        """Codes of the indicators whose code, name or alias this text is, within a programme if one is given."""
        found = self._indicator_names.get(match_key(text), ())
        if programme_code is None:
            return found
        return tuple(code for code in found if programme_code in self.programme_codes_of(code))

    def form_rows(self, branch: Branch, period: Period) -> tuple[tuple[Programme, Indicator], ...]:
        """What a branch may report on for a period: programmes running in it, provincial ones at home only."""
        rows = []
        for indicator in self.indicators.values():
            for code in self.programme_codes_of(indicator.indicator_code):
                programme = self.programmes[code]
                if _overlaps(programme, period) and _concerns(programme, branch):
                    rows.append((programme, indicator))
        order = {code: position for position, code in enumerate(self.programmes)}
        return tuple(sorted(rows, key=lambda row: order[row[0].programme_code]))

    # Branches and regions ----------------------------------------------------------------------------------

    def branch(self, code: str, on: date) -> Branch | None:
        """The version of a branch on a day. For a report, the day is the last one of its period."""
        return next(iter(in_force(self.branch_versions(code), on)), None)

    def branch_versions(self, code: str) -> tuple[Branch, ...]:
        """All versions of a branch by date; none if no branch ever had this code."""
        lines = self._branch_lines.get((code,), ())
        return tuple(_parsed(self._header("branch"), lines, Branch))

    def branches_of(self, level: str, on: date) -> tuple[Branch, ...]:
        """All branches of a level that exist on a day, by code."""
        return tuple(branch for branch in self._branches_by_level.get(level, ()) if in_force((branch,), on))

    def branches_below(self, code: str, on: date) -> frozenset[str]:
        """The codes of the branches whose direct superior is this one on a day."""
        branch = self.branch(code, on)
        if branch is None or branch.level == "commune":  # nothing reports below a commune
            return frozenset()
        return _by_parent(self, on).get(code, frozenset())

    @cached_property
    def branches(self) -> tuple[Branch, ...]:
        """Every version of every branch."""
        return tuple(self._read("branch", Branch))

    def explain_absence(self, code: str, on: date) -> Absence | None:
        """Why `branch` has no answer, with the days on which the code did hold and what took its place."""
        if self.branch(code, on) is not None:
            return None
        versions = self.branch_versions(code)
        if not versions:
            return Absence(
                "unknown",
                f"Không có đơn vị nào mang mã {code}.",
                f"No branch has the code {code}.",
            )
        first, last = versions[0].valid_from, versions[-1].valid_to
        until_vi = f"đến {last:%d/%m/%Y}" if last else "đến nay"
        until_en = f"to {last}" if last else "until now"
        merged = versions[-1].merged_into
        return Absence(
            "not_valid_then",
            f"Mã {code} có hiệu lực từ {first:%d/%m/%Y} {until_vi}, không có vào ngày {on:%d/%m/%Y}."
            + (f" Đơn vị kế tiếp: {merged}." if merged else ""),
            f"The code {code} held from {first} {until_en}, not on {on}."
            + (f" Its successor is {merged}." if merged else ""),
        )

    def region(self, level: str, code: str, on: date) -> Region | None:
        """The version of a region on a day."""
        return next(iter(in_force(self.region_versions(level, code), on)), None)

    def region_versions(self, level: str, code: str) -> tuple[Region, ...]:
        """All versions of a region by date."""
        lines = self._region_lines.get((level, code), ())
        return tuple(_parsed(self._header("region"), lines, Region))

    @cached_property
    def region_aliases(self) -> tuple[RegionAlias, ...]:
        """Other names of regions."""
        return tuple(self._read("region_alias", RegionAlias))

    def regions_after(self, region: RegionKey) -> tuple[RegionKey, ...]:
        """The regions, as (level, code, valid_from), that took the place of one."""
        return self._succession[0].get(region, ())

    def regions_before(self, region: RegionKey) -> tuple[RegionKey, ...]:
        """The regions whose place one took."""
        return self._succession[1].get(region, ())

    def commune(self, code: str, system: CodeSystem, on: date | None = None) -> Region | None:
        """The commune that a code means in a code system, in its version on a day.

        A bank may go on using the old system after the reform; then the last version of the old system is
        meant. Without a day: the last version of the system. 3,199 codes mean different communes in the two.
        """
        versions = tuple(v for v in self.region_versions("commune", code) if _system(v) == system)
        begun = [v for v in versions if on is None or v.valid_from <= on]
        return begun[-1] if begun else next(iter(versions), None)

    def commune_codes(self, system: CodeSystem) -> frozenset[str]:
        """All commune codes of a code system."""
        return self._commune_codes[system]

    # Periods -----------------------------------------------------------------------------------------------

    def period(self, code: str, calendar: str = "union") -> Period | None:
        """A period of a calendar; a span of whole months (`2024-04/2024-09`) is made by the calendar's rule."""
        return self._periods.get((calendar, code)) or self._span(code, calendar)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """All periods that have a name; spans are not among them."""
        return tuple(self._periods.values())

    @cached_property
    def period_rules(self) -> tuple[PeriodRule, ...]:
        """Where periods are cut and when their reports are due; an administrator may change these."""
        return tuple(self._read("period_rule", PeriodRule))

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return tuple(self._read("form", Form))

    @cached_property
    def form_assignments(self) -> tuple[FormAssignment, ...]:
        return tuple(self._read("form_assignment", FormAssignment))

    # Banks and credit --------------------------------------------------------------------------------------

    @cached_property
    def banks(self) -> Mapping[str, Bank]:
        return {row.bank_code: row for row in self._read("bank", Bank)}

    @cached_property
    def credit_programmes(self) -> Mapping[str, CreditProgramme]:
        return {row.credit_programme: row for row in self._read("credit_programme", CreditProgramme)}

    @cached_property
    def rates(self) -> tuple[Rate, ...]:
        return tuple(self._read("credit_programme_rate", Rate))

    @cached_property
    def ceilings(self) -> tuple[Ceiling, ...]:
        return tuple(self._read("credit_programme_ceiling", Ceiling))

    def bank(self, code: str) -> Bank | None:
        return self.banks.get(code)

    def credit_programme(self, code: str) -> CreditProgramme | None:
        return self.credit_programmes.get(code)

    def rates_at(self, credit_programme: str, on: date) -> tuple[Rate, ...]:
        """The rates a programme allows on a day, one per variant; none if no rate table is known."""
        return in_force(tuple(r for r in self.rates if r.credit_programme == credit_programme), on)

    def rate_at(self, credit_programme: str, on: date) -> frozenset[Decimal]:
        """The yearly rates, in per cent, a programme allows on a day; empty: there is nothing to check against."""
        return frozenset(rate.annual_rate_pct for rate in self.rates_at(credit_programme, on))

    def ceilings_at(self, credit_programme: str, on: date) -> tuple[Ceiling, ...]:
        return in_force(tuple(c for c in self.ceilings if c.credit_programme == credit_programme), on)

    def ceiling_at(self, credit_programme: str, on: date) -> Decimal | None:
        """The most one loan of a programme may be on a day, in đồng; None: there is nothing to check against.

        A loan line does not say whether it is per worker or per project, so the widest ceiling holds. Where
        one of them has no amount, is unconfirmed, or is not per loan (so much a month), none can be checked.
        """
        ceilings = self.ceilings_at(credit_programme, on)
        amounts = [c.ceiling_amount for c in ceilings if c.is_confirmed and c.ceiling_basis != "per_month"]
        known = [amount for amount in amounts if amount is not None]
        return max(known) if known and len(known) == len(ceilings) else None

    # Indexes -----------------------------------------------------------------------------------------------

    @cached_property
    def _programmes_of_indicator(self) -> Mapping[str, tuple[str, ...]]:
        codes: dict[str, tuple[str, ...]] = {code: (row.programme_code,) for code, row in self.indicators.items()}
        for row in self._read("indicator_programme", _IndicatorProgramme):
            codes[row.indicator_code] = (*codes[row.indicator_code], row.programme_code)
        return codes

    @cached_property
    def _programme_names(self) -> Mapping[str, tuple[str, ...]]:
        names = [(row.programme_code, code) for code, row in self.programmes.items()]
        names += [(row.name_vi, code) for code, row in self.programmes.items()]
        names += [(row.alias_vi, row.programme_code) for row in self._read("programme_alias", _ProgrammeAlias)]
        return _by_key(names)

    @cached_property
    def _indicator_names(self) -> Mapping[str, tuple[str, ...]]:
        names = [(row.indicator_code, code) for code, row in self.indicators.items()]
        names += [(row.name_vi, code) for code, row in self.indicators.items()]
        names += [(row.alias_vi, row.indicator_code) for row in self._read("indicator_alias", _IndicatorAlias)]
        return _by_key(names)

    @cached_property
    def _periods(self) -> Mapping[tuple[str, str], Period]:
        return {(row.calendar, row.period_code): row for row in self._read("period", Period)}

    @cached_property
    def _span_rules(self) -> Mapping[str, PeriodRule]:
        return {rule.calendar: rule for rule in self.period_rules if rule.period_kind == "span"}

    @cached_property
    def _branch_lines(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        return self._lines("branch", 1)

    @cached_property
    def _branches_by_level(self) -> Mapping[str, tuple[Branch, ...]]:
        found: dict[str, list[Branch]] = {}
        for code in sorted(code for (code,) in self._branch_lines):
            for branch in self.branch_versions(code):
                found.setdefault(branch.level, []).append(branch)
        return {level: tuple(branches) for level, branches in found.items()}

    @cached_property
    def _region_lines(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        return self._lines("region", 2)

    @cached_property
    def _succession(
        self,
    ) -> tuple[Mapping[RegionKey, tuple[RegionKey, ...]], Mapping[RegionKey, tuple[RegionKey, ...]]]:
        after: dict[RegionKey, tuple[RegionKey, ...]] = {}
        before: dict[RegionKey, tuple[RegionKey, ...]] = {}
        for row in self._read("region_succession", _Succession):
            old: RegionKey = (row.from_level, row.from_code, row.from_valid_from)
            new: RegionKey = (row.to_level, row.to_code, row.to_valid_from)
            after[old], before[new] = (*after.get(old, ()), new), (*before.get(new, ()), old)
        return after, before

    @cached_property
    def _commune_codes(self) -> Mapping[str, frozenset[str]]:
        codes: dict[str, set[str]] = {"GSO-2024": set(), "GSO-2025": set()}
        for (level, code), lines in self._region_lines.items():
            if level == "commune":
                for version in _parsed(self._header("region"), lines, Region):
                    codes[_system(version)].add(code)
        return {system: frozenset(found) for system, found in codes.items()}

    # Reading -----------------------------------------------------------------------------------------------

    def _span(self, code: str, calendar: str) -> Period | None:
        matched = _SPAN.fullmatch(code)
        rule = self._span_rules.get(calendar)
        if matched is None or rule is None:
            return None
        first, last = (int(matched[1]), int(matched[2])), (int(matched[3]), int(matched[4]))
        # A month that the calendar does not have has no place in the warehouse either.
        if first > last or any((calendar, f"{year}-{month:02}") not in self._periods for year, month in (first, last)):
            return None
        start, end = cut(first, last, rule)
        return Period(calendar, code, "span", start, end, end + timedelta(days=rule.due_days))

    def _path(self, seed: str) -> Path:
        return self.seeds_dir / f"{seed}.csv"

    def _read(self, seed: str, record: type[R]) -> Iterator[R]:
        try:
            with self._path(seed).open(encoding="utf-8", newline="") as lines:
                header = next(lines, "").rstrip("\n")
                yield from _parsed(header, lines, record)
        except FileNotFoundError as error:
            raise CatalogueError(
                phrase(f"Thiếu tệp danh mục {self._path(seed)}.", f"The seed {self._path(seed)} is missing.")
            ) from error

    def _header(self, seed: str) -> str:
        return self._headers[seed]

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        headers = {}
        for seed in ("branch", "region"):
            with self._path(seed).open(encoding="utf-8") as lines:
                headers[seed] = next(lines).rstrip("\n")
        return headers

    def _lines(self, seed: str, key_columns: int) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Unparsed lines by their first columns; these hold no quotes and records no line ends (tested)."""
        index: dict[tuple[str, ...], tuple[str, ...]] = {}
        text = self._path(seed).read_text(encoding="utf-8")
        for line in text.splitlines()[1:]:
            key = tuple(line.split(",", key_columns)[:key_columns])
            index[key] = (*index.get(key, ()), line)
        return index


def cut(first: tuple[int, int], last: tuple[int, int], rule: PeriodRule) -> tuple[date, date]:
    """First and last day of the whole months (year, month) from `first` to `last` by a calendar's rule.

    A rule whose `first_day` is after the 1st starts in the month before (NĐ 09/2019/NĐ-CP: 15th to 14th); a
    `last_day` past the end of the month means its last day. Raises ValueError for a rule without days.
    """
    if rule.first_day is None or rule.last_day is None:
        raise ValueError(f"periods of kind {rule.period_kind} have no rule for their days")
    year, month = first if rule.first_day == 1 else _month_before(first)
    start = date(year, month, rule.first_day)
    end = min(date(*last, 1) + timedelta(days=rule.last_day - 1), _last_day(last))
    return start, end


def _month_before(month: tuple[int, int]) -> tuple[int, int]:
    return (month[0] - 1, 12) if month[1] == 1 else (month[0], month[1] - 1)


def _last_day(month: tuple[int, int]) -> date:
    following = (month[0] + 1, 1) if month[1] == 12 else (month[0], month[1] + 1)
    return date(*following, 1) - timedelta(days=1)


def _system(region: Region) -> CodeSystem:
    return "GSO-2024" if region.valid_from < FIRST_DAY_OF_REFORM else "GSO-2025"


def _overlaps(programme: Programme, period: Period) -> bool:
    ended = programme.valid_to is not None and programme.valid_to < period.start_date
    return programme.valid_from <= period.end_date and not ended


def _concerns(programme: Programme, branch: Branch) -> bool:
    """National programmes concern everybody, provincial ones the branches whose code begins with the province."""
    home = f"P{programme.region_code}"
    return programme.level == "national" or branch.branch_code.split("-")[0] == home


def _by_key(names: list[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, code in names:
        key = match_key(name)
        if code not in found.get(key, ()):
            found[key] = (*found.get(key, ()), code)
    return found


def _parsed(header: str, lines: Iterator[str] | tuple[str, ...], record: type[R]) -> Iterator[R]:
    """Records from CSV lines; a column that the record does not have is left out."""
    columns = header.split(",")
    try:
        readers = [(columns.index(name), _FIELD_READERS[kind]) for name, kind in record.__annotations__.items()]
        for row in csv.reader(lines):
            yield record(*(read(row[position]) for position, read in readers))
    except (ValueError, IndexError) as error:
        raise CatalogueError(
            phrase(
                f"Danh mục {record.__name__} không hợp lệ: {error}",
                f"The seed of {record.__name__} is not in order: {error}",
            )
        ) from error


@cache
def _by_parent(catalogue: Catalogue, on: date) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for branch in in_force(catalogue.branches, on):
        found.setdefault(branch.parent_branch_code or "", set()).add(branch.branch_code)
    return {parent: frozenset(codes) for parent, codes in found.items()}
