"""What the roll-up must say, worked out a second time: plain Python over the reference CSVs and the reported values.

It shares no code with the models and no way of going about it: the models join whole tables step by step, this walks
one cell after the other. Days are ordinals, amounts are exact. `expected_rollup` gives every cell, `differences` says
readably where a table of the product does not agree.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

FOREVER = date.max.toordinal()
EVE = date(2025, 6, 30).toordinal()  # the old provinces' last day
HEIGHT = {"unit": 1, "commune": 1, "district": 2, "province": 3, "economic_region": 4, "nation": 5, "central": 5}
STANDS_FOR = {"unit": "commune", "central": "nation"}
YEARLY = ("quarter", "half_year", "nine_months", "year")


class Region(NamedTuple):
    level: str
    code: str
    since: str


class Branch(NamedTuple):
    code: str
    since: str


class Cell(NamedTuple):
    """What a figure is of, before a place is named."""

    programme: str
    indicator: str
    period: str
    scenario: str
    basis: str


class Key(NamedTuple):
    """One row of fct_indicator_rollup."""

    cell: Cell
    region: Region
    boundary: str


@dataclass(frozen=True, slots=True)
class Said:
    """One reported value of a receipt in force."""

    branch_code: str
    cell: Cell
    value: Fraction | None
    lower: Fraction | None
    upper: Fraction | None
    qualifier: str
    state: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as far as it is known; a bound may be missing, and may itself be excluded."""

    value: Fraction
    lower: Fraction | None
    upper: Fraction | None
    is_lower_open: bool = False
    is_upper_open: bool = False
    is_approximate: bool = False

    def times(self, share: Fraction) -> Amount:
        if share == 1:
            return self
        bounds = (None if bound is None else bound * share for bound in (self.lower, self.upper))
        return replace(self, value=self.value * share, **dict(zip(("lower", "upper"), bounds, strict=True)))

    @staticmethod
    def total(parts: Sequence[Amount]) -> Amount:
        lowers, uppers = [part.lower for part in parts], [part.upper for part in parts]
        return Amount(
            sum((part.value for part in parts), Fraction(0)),
            None if None in lowers else sum(lowers, Fraction(0)),  # type: ignore[arg-type]
            None if None in uppers else sum(uppers, Fraction(0)),  # type: ignore[arg-type]
            any(part.is_lower_open for part in parts),
            any(part.is_upper_open for part in parts),
            any(part.is_approximate for part in parts),
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """What one branch says of one cell, itself or through its parts; no amount where it is refused."""

    branch: Branch
    region: Region
    amount: Amount | None
    is_summed: bool
    covered: Fraction
    until: int
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What fct_indicator_rollup says of one key; the two last are exact, the table rounds."""

    value: Fraction | None
    lower: Fraction | None
    upper: Fraction | None
    is_lower_open: bool
    is_upper_open: bool
    is_approximate: bool
    is_estimated: bool
    blocked_code: str | None
    level_used: str
    branches_expected: int
    branches_reported: int
    coverage_pct: Fraction | None
    coverage_members_pct: Fraction | None
    data_to_date: int
    branches: frozenset[Branch] = field(default=frozenset(), compare=False)


# Places ---------------------------------------------------------------------------------------------------------


def rows_of(seeds: Path, name: str) -> list[dict[str, str]]:
    with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() if text else FOREVER


@dataclass(frozen=True, slots=True)
class Life:
    since: int
    until: int

    def meets(self, other: Life) -> Life | None:
        both = Life(max(self.since, other.since), min(self.until, other.until))
        return both if both.since <= both.until else None

    def has(self, on: int) -> bool:
        return self.since <= on <= self.until


class World:
    """Regions, branches, periods and indicators, as the reference CSVs have them."""

    def __init__(self, seeds: Path) -> None:
        self.regions = {
            Region(row["level"], row["region_code"], row["valid_from"]): row for row in rows_of(seeds, "region")
        }
        self.life = {region: Life(day(region.since), day(row["valid_to"])) for region, row in self.regions.items()}
        self.versions: dict[tuple[str, str], list[Region]] = defaultdict(list)
        for region in self.regions:
            self.versions[region.level, region.code].append(region)
        self.heirs: dict[Region, list[tuple[Region, Fraction, bool]]] = defaultdict(list)
        for row in rows_of(seeds, "region_succession"):
            self.heirs[Region(row["from_level"], row["from_code"], row["from_valid_from"])].append((
                Region(row["to_level"], row["to_code"], row["to_valid_from"]),
                Fraction(row["weight"]),
                row["is_estimated"] == "true",
            ))  # fmt: skip
        self.branches = {Branch(row["branch_code"], row["valid_from"]): row for row in rows_of(seeds, "branch")}
        self.tenure = {branch: Life(day(branch.since), day(row["valid_to"])) for branch, row in self.branches.items()}
        self.branch_versions: dict[str, list[Branch]] = defaultdict(list)
        for branch in self.branches:
            self.branch_versions[branch.code].append(branch)
        self.indicators = {row["indicator_code"]: row for row in rows_of(seeds, "indicator")}
        self.programmes = {row["programme_code"]: row for row in rows_of(seeds, "programme")}
        self.periods = {
            row["period_code"]: (row["period_kind"], Life(day(row["start_date"]), day(row["end_date"])))
            for row in rows_of(seeds, "period")
            if row["calendar"] == "union"
        }
        self._up: dict[tuple[Region, int], tuple[Region, ...]] = {}
        self._ways: dict[tuple[Region, int], list[tuple[str, Region, Fraction, bool]]] = {}

    def add_spans(self, codes: Iterable[str]) -> None:
        """Spans of months are periods once somebody reports for them."""
        for code in codes:
            if code not in self.periods and "/" in code:
                first, last = code.split("/")
                self.periods[code] = ("span", Life(self.periods[first][1].since, self.periods[last][1].until))

    def level(self, branch: Branch) -> str:
        return self.branches[branch]["level"]

    def reporting_level(self, branch: Branch) -> str:
        return STANDS_FOR.get(self.level(branch), self.level(branch))

    def height(self, branch: Branch) -> int:
        return HEIGHT[self.level(branch)]

    def homes(self, branch: Branch) -> list[tuple[Region, Life]]:
        """The versions of a branch's region and the days on which both hold; a unit lives with its parent."""
        row = self.branches[branch]
        if not row["region_level"]:
            parents = [p for p in self.branch_versions[row["parent_branch_code"]] if self._lived_together(branch, p)]
            row = self.branches[max(parents, key=lambda parent: parent.since)]
        found = (
            (r, self.tenure[branch].meets(self.life[r])) for r in self.versions[row["region_level"], row["region_code"]]
        )
        return [(region, life) for region, life in found if life is not None]

    def _lived_together(self, one: Branch, other: Branch) -> bool:
        return self.tenure[one].meets(self.tenure[other]) is not None

    def resolve(self, code: str, period: str) -> tuple[Branch, Region] | None:
        """Who was meant: the version of the period's last day, or the last one that lived in it."""
        _, span = self.periods[period]
        lived = [
            (life.since, branch, region)
            for branch in self.branch_versions.get(code, [])
            for region, life in self.homes(branch)
            if life.meets(span)
        ]
        return max(lived)[1:] if lived else None

    def up(self, region: Region, on: int) -> tuple[Region, ...]:
        """A region and all that it lies in on a day."""
        if (region, on) not in self._up:
            row = self.regions[region]
            parents = [p for p in self.versions[row["parent_level"], row["parent_code"]] if self.life[p].has(on)]
            above = self.up(parents[0], on) if parents else ()
            self._up[region, on] = (region, *above)
        return self._up[region, on]

    def today(self, region: Region) -> dict[Region, tuple[Fraction, bool]]:
        """What a region became, with the share that each has of it and whether that rests on an estimate."""
        found: dict[Region, tuple[Fraction, bool]] = {}
        if self.life[region].until == FOREVER:
            return {region: (Fraction(1), False)}
        for heir, weight, is_estimated in self.heirs.get(region, []):
            for now, (share, was_estimated) in self.today(heir).items():
                before, already = found.get(now, (Fraction(0), False))
                found[now] = (before + weight * share, already or is_estimated or was_estimated)
        return found

    def ways(self, region: Region, on: int) -> list[tuple[str, Region, Fraction, bool]]:
        """Where a figure of a region counts: boundary, target, share, whether the share is an estimate."""
        if (region, on) in self._ways:
            return self._ways[region, on]
        above = self.up(region, on)
        found = [("as_reported", target, Fraction(1), False) for target in above]
        if region.level == "commune":
            found += [
                ("as_now", now, share, is_estimated)
                for now, (share, is_estimated) in self.today(region).items()
                if now.level == "commune"
            ]
        for whole in above:
            if whole.level == "province" or region.level == "nation":
                (now,) = self.today(whole)
                found += [("as_now", target, Fraction(1), False) for target in self.up(now, FOREVER)]
        found += self._ways_before(region, on)
        self._ways[region, on] = found
        return found

    def followed(self, heir: Branch) -> set[Branch]:
        """Every branch that this one followed, at once or later, and all that stood below one."""
        found = {
            branch
            for branch, life in self.tenure.items()
            if self.branches[branch]["merged_into"] == heir.code and life.until + 1 == self.tenure[heir].since
        }
        for branch in tuple(found):
            found |= self.followed(branch)
        codes = {branch.code for branch in found}
        for _ in ("district", "commune"):
            below = {
                branch
                for branch, row in self.branches.items()
                if row["parent_branch_code"] in codes and self.tenure[branch].until < self.tenure[heir].since
            }
            found |= below
            codes |= {branch.code for branch in below}
        return found

    def _ways_before(self, region: Region, on: int) -> list[tuple[str, Region, Fraction, bool]]:
        """The old province, its region of then, and the nation: of several, only what they have in common."""
        places = [self.up(province, EVE) for province in self.old_provinces(region, on)]
        shared = {target for target in set().union(*places) if all(target in place for place in places)}
        nation = {target for target in self.up(region, on) if target.level == "nation"}
        return [("as_before", target, Fraction(1), False) for target in shared | nation]

    def old_provinces(self, region: Region, on: int) -> set[Region]:
        """The provinces of 30 June 2025 that a region's ground belonged to."""
        if self.life[region].until <= EVE:
            provinces = [
                whole for whole in self.up(region, min(on, self.life[region].until)) if whole.level == "province"
            ]
            return {
                version
                for province in provinces
                for version in self.versions["province", province.code]
                if self.life[version].until == EVE
            }
        return {
            province
            for now in self.today(region)
            for old in self.came_from.get(now, [])
            for province in self.old_provinces(old, FOREVER)
        }

    @cached_property
    def came_from(self) -> Mapping[Region, list[Region]]:
        """What ended with the reform or earlier, by what it is today."""
        found: dict[Region, list[Region]] = defaultdict(list)
        for region, life in self.life.items():
            if life.until <= EVE and region.level != "economic_region":
                for now in self.today(region):
                    found[now].append(region)
        return found

    @cached_property
    def communes_in(self) -> Mapping[tuple[Region, int], list[Region]]:
        """The communes of each region on each day that was some branch's last."""
        found: dict[tuple[Region, int], list[Region]] = defaultdict(list)
        for commune in (region for region in self.regions if region.level == "commune"):
            for on in {life.until for life in self.tenure.values()} - {FOREVER}:
                for region in self.up(commune, on) if self.life[commune].has(on) else ():
                    found[region, on].append(commune)
        return found

    def stands_on(self, heir: Branch) -> dict[Branch, Fraction]:
        """The branches gone before a commune's on whose ground it stands, and the share of each."""
        if self.level(heir) != "commune":
            return {}
        lands = {land for region, _ in self.homes(heir) for land in self.today(region)}
        found = {}
        for branch, life in self.tenure.items():
            if life.until < self.tenure[heir].since and self.level(branch) in ("commune", "district", "province"):
                (home,) = (region for region, days in self.homes(branch) if days.until == life.until)
                ground = [self.today(commune) for commune in self.communes_in[home, life.until]]
                held = sum((now[land][0] for now in ground for land in lands & now.keys()), Fraction(0))
                if held:
                    found[branch] = Fraction(1) if self.level(branch) == "commune" else held / len(ground)
        return found

    @cached_property
    def sitting(self) -> Mapping[tuple[str, Region, str], set[tuple[Branch, Life]]]:
        """Which branches belong to a region, by boundary and reporting level, and from when to when."""
        found: dict[tuple[str, Region, str], set[tuple[Branch, Life]]] = defaultdict(set)
        for branch in self.branches:
            level = self.reporting_level(branch)
            for home, life in self.homes(branch):
                for target, days in self._rise(home, life):
                    found["as_reported", target, level].add((branch, days))
                for boundary, target, _, _ in self.ways(home, life.until):
                    if boundary != "as_reported":
                        found[boundary, target, level].add((branch, life))
        return found

    @cached_property
    def seats(self) -> Mapping[tuple[str, Region, str], Counter[Life]]:
        """How many of them there are."""
        return {place: Counter(life for _, life in seats) for place, seats in self.sitting.items()}

    def seated(self, boundary: str, region: Region, level: str, asked: Life, span: Life) -> tuple[int, int]:
        """How many branches of a level belonged to a region in the days asked for, and on how many days of a span."""
        there = [
            (life.meets(span), branches)
            for life, branches in self.seats.get((boundary, region, level), {}).items()
            if life.meets(asked)
        ]
        days = sum((life.until - life.since + 1) * branches for life, branches in there if life)
        return sum(branches for _, branches in there), days

    def _rise(self, region: Region, life: Life) -> Iterator[tuple[Region, Life]]:
        yield region, life
        row = self.regions[region]
        for parent in self.versions[row["parent_level"], row["parent_code"]]:
            both = life.meets(self.life[parent])
            if both:
                yield from self._rise(parent, both)


# Time -----------------------------------------------------------------------------------------------------------


def amount_of(said: Said) -> Amount:
    if said.state == "nil":
        return Amount(Fraction(0), Fraction(0), Fraction(0))
    assert said.value is not None
    return Amount(
        said.value,
        said.lower,
        said.upper,
        said.qualifier == "more_than",
        said.qualifier == "less_than",
        said.qualifier != "exact",
    )


def _holds(whole: Life, part: Life) -> bool:
    return whole.since <= part.since and part.until <= whole.until


class OverTime:
    """What each branch says of every period that holds something it reported."""

    def __init__(self, world: World, values: Iterable[Said]) -> None:
        self.world = world
        self.figures: dict[Cell, list[Figure]] = defaultdict(list)
        self.outweighed: dict[tuple[Cell, Branch], list[Branch]] = defaultdict(list)
        series: dict[tuple[Cell, Branch], dict[str, Figure]] = defaultdict(dict)
        for said in values:
            meant = world.resolve(said.branch_code, said.cell.period)
            if said.state in ("reported", "nil") and meant is not None:
                branch, region = meant
                until = world.periods[said.cell.period][1].until
                figure = Figure(branch, region, amount_of(said), False, Fraction(1), until)
                series[said.cell._replace(period=""), branch][said.cell.period] = figure
        self._wholes = self._containers({period for told in series.values() for period in told})
        self._reaching_back = self._said_for_others(series)
        for (cell, branch), told in series.items():
            self._tell(cell, branch, told)
        for cell, branch in dict.fromkeys((cell._replace(basis="in_period"), branch) for cell, branch in series):
            if world.indicators[cell.indicator]["measure"] == "flow":
                to_date = series.get((cell._replace(basis="year_to_date"), branch), {})
                self._tell_differences(cell, branch, series.get((cell, branch), {}), to_date)

    def _said_for_others(
        self, series: Mapping[tuple[Cell, Branch], Mapping[str, Figure]]
    ) -> Mapping[tuple[Cell, Branch], list[tuple[Branch, Fraction, Life]]]:
        """Of each branch that ended: who of those that followed it, or stand on its ground, reports days of it."""
        found: dict[tuple[Cell, Branch], list[tuple[Branch, Fraction, Life]]] = defaultdict(list)
        before: dict[Branch, dict[Branch, Fraction]] = {}
        for (cell, heir), told in series.items():
            since = self.world.tenure[heir].since
            back = [life for life in (self.world.periods[period][1] for period in told) if life.since < since]
            if back and cell.basis == "in_period":
                if heir not in before:
                    followed = dict.fromkeys(self.world.followed(heir), Fraction(1))
                    before[heir] = {**self.world.stands_on(heir), **followed}
                for branch, share in before[heir].items():
                    found[cell, branch] += [(heir, share, life) for life in back]
        return found

    def _tell_differences(
        self, cell: Cell, branch: Branch, told: Mapping[str, Figure], to_date: Mapping[str, Figure]
    ) -> None:
        """What is counted from New Year to a period's end, less what is counted to its eve; if that is better."""
        periods = self.world.periods
        for year in (
            life for kind, life in periods.values() if kind == "year" and self.world.tenure[branch].has(life.since)
        ):
            counted: dict[int, Figure] = {}
            for source in (
                to_date,
                {period: told[period] for period in told if periods[period][1].since == year.since},
            ):
                for period in sorted(source, key=lambda period: periods[period][1].since, reverse=True):
                    if _holds(year, periods[period][1]):
                        counted[periods[period][1].until] = source[period]
            for period, (_, life) in periods.items():
                eve = life.since - 1
                if not _holds(year, life) or period in told or life.until not in counted:
                    continue
                if life.since == year.since or eve in counted:
                    earlier = counted[eve] if life.since != year.since else None
                    self._take_better(cell._replace(period=period), branch, _difference(counted[life.until], earlier))

    def _take_better(self, cell: Cell, branch: Branch, other: Figure) -> None:
        here = self.figures[cell]
        for place, sums in enumerate(here):
            if sums.branch == branch:
                if (other.amount is not None, other.covered >= 1) > (sums.amount is not None, sums.covered >= 1):
                    here[place] = other
                return
        here.append(other)

    def _containers(self, periods: Iterable[str]) -> Mapping[str, list[str]]:
        lives = {code: life for code, (_, life) in self.world.periods.items()}
        return {
            part: [
                whole
                for whole, life in lives.items()
                if whole != part and life.since <= lives[part].since and lives[part].until <= life.until
            ]
            for part in periods
        }

    def _tell(self, cell: Cell, branch: Branch, told: Mapping[str, Figure]) -> None:
        measure = self.world.indicators[cell.indicator]["measure"]
        parts: dict[str, list[str]] = defaultdict(list)
        for period, figure in told.items():
            held_out = replace(figure, amount=None, blocked="undetermined") if measure == "undetermined" else figure
            self.figures[cell._replace(period=period)].append(held_out)
            for whole in self._wholes[period]:
                if whole not in told:
                    parts[whole].append(period)
        for whole, periods in parts.items():
            if measure == "flow" and cell.basis == "in_period":
                periods = self._left_to_it(cell, branch, whole, periods)
            if not periods:
                continue
            figure = self._derive(cell, measure, whole, {period: told[period] for period in periods})
            if figure is not None:
                self.figures[cell._replace(period=whole)].append(figure)

    def _left_to_it(self, cell: Cell, branch: Branch, whole: str, periods: Sequence[str]) -> list[str]:
        """Without the parts that share a day with what others say of it, if they hold more than half of its ground.

        If they do not, it is theirs that is set aside.
        """
        lives = {period: self.world.periods[period][1] for period in (*periods, whole)}
        taken = [
            (heir, share, life)
            for heir, share, life in self._reaching_back.get((cell, branch), ())
            if _holds(lives[whole], life) and any(lives[period].meets(life) for period in periods)
        ]
        holders = {heir: share for heir, share, _ in taken}
        if sum(holders.values()) > Fraction(1, 2):
            return [period for period in periods if not any(lives[period].meets(life) for *_, life in taken)]
        for heir in holders:
            self.outweighed[cell._replace(period=whole), heir].append(branch)
        return list(periods)

    def _derive(self, cell: Cell, measure: str, whole: str, told: Mapping[str, Figure]) -> Figure | None:
        if measure in ("ratio", "undetermined"):
            return None
        if cell.basis != "in_period":
            return self._last(cell.basis, whole, told)
        if measure == "flow":
            return self._sum(whole, told)
        if measure == "distinct":
            latest = max(told.values(), key=lambda figure: figure.until)
            return replace(latest, amount=None, covered=Fraction(0), blocked="distinct_over_time")
        return None

    def _last(self, basis: str, whole: str, told: Mapping[str, Figure]) -> Figure | None:
        """The newest; of two that end together the one that reaches further back."""
        lives = {period: self.world.periods[period][1] for period in told}
        newest = max(told, key=lambda period: (lives[period].until, -lives[period].since))
        kind, life = self.world.periods[whole]
        if basis == "year_to_date" and (kind not in YEARLY or lives[newest].until != life.until):
            return None
        return told[newest]

    def _sum(self, whole: str, told: Mapping[str, Figure]) -> Figure:
        lives = {period: self.world.periods[period][1] for period in told}
        longest = [
            period
            for period, life in lives.items()
            if not any(other != period and _holds(lives[other], life) for other in told)
        ]
        latest = max((told[period] for period in longest), key=lambda figure: figure.until)
        span = self.world.periods[whole][1]
        days = [range(lives[period].since, lives[period].until + 1) for period in longest]
        covered = Fraction(sum(map(len, days)), span.until - span.since + 1)
        if len(set().union(*days)) < sum(map(len, days)):
            return replace(latest, amount=None, is_summed=True, covered=covered, blocked="overlapping_parts")
        amounts = [amount for period in longest if (amount := told[period].amount) is not None]
        return replace(latest, amount=Amount.total(amounts), is_summed=True, covered=covered)


def _difference(later: Figure, earlier: Figure | None) -> Figure:
    if earlier is None:
        return replace(later, is_summed=False, covered=Fraction(1))
    high, low = later.amount, earlier.amount
    assert high is not None
    assert low is not None
    if high.value < low.value:
        return replace(later, amount=None, is_summed=False, covered=Fraction(1), blocked="cumulative_falls")
    amount = Amount(
        high.value - low.value,
        None if high.lower is None or low.upper is None else high.lower - low.upper,
        None if high.upper is None or low.lower is None else high.upper - low.lower,
        high.is_lower_open or low.is_upper_open,
        high.is_upper_open or low.is_lower_open,
        high.is_approximate or low.is_approximate,
    )
    return replace(later, amount=amount, is_summed=False, covered=Fraction(1))


# Place ----------------------------------------------------------------------------------------------------------


class Share(NamedTuple):
    """A figure as it counts towards one region."""

    figure: Figure
    weight: Fraction
    is_estimated: bool


def _members(world: World, values: Iterable[Said]) -> Mapping[Branch, list[tuple[int, Fraction]]]:
    """What each branch said of its members, and on which day; the shortest period that ends on it speaks."""
    found: dict[tuple[Branch, int], tuple[int, Fraction]] = {}
    for said in values:
        cell, meant = said.cell, world.resolve(said.branch_code, said.cell.period)
        if (cell.indicator, cell.scenario, cell.basis) == ("MEMBERS_TOTAL", "actual", "as_of") and meant:
            span = world.periods[cell.period][1]
            if said.state in ("reported", "nil"):
                told = (span.since, amount_of(said).value)
                found[meant[0], span.until] = max(told, found.get((meant[0], span.until), told))
    by_branch: dict[Branch, list[tuple[int, Fraction]]] = defaultdict(list)
    for (branch, until), (_, amount) in sorted(found.items()):
        by_branch[branch].append((until, amount))
    return by_branch


class Rollup:
    """Every cell for every region, in each boundary."""

    def __init__(self, world: World, values: Sequence[Said]) -> None:
        self.world = world
        self.totals: dict[Key, Row] = {}
        told = OverTime(world, values)
        self.outweighed = told.outweighed
        self.members = _members(world, values)
        for cell, figures in told.figures.items():
            for (boundary, region), shares in self._spread(cell, figures).items():
                self.totals[Key(cell, region, boundary)] = self._total(cell, region, boundary, shares)

    def _spread(self, cell: Cell, figures: Sequence[Figure]) -> Mapping[tuple[str, Region], list[Share]]:
        end = self.world.periods[cell.period][1].until
        # Whoever is gone by the period's end has no balance: it lives on in the successor's.
        placed = [
            (figure, on)
            for figure in figures
            if (on := min(end, self.world.tenure[figure.branch].until)) == end or cell.basis == "in_period"
        ]
        stands = self._who_stands(cell, placed)
        found: dict[tuple[str, Region], list[Share]] = defaultdict(list)
        counted = {
            f.branch for f, _ in placed
            if f.amount and (stands.get(f.region, True) or f.region.level != self.world.reporting_level(f.branch))
        }  # fmt: skip
        for figure, on in placed:
            is_outweighed = not counted.isdisjoint(self.outweighed.get((cell, figure.branch), ()))
            own = self.world.reporting_level(figure.branch)
            if own == figure.region.level and not stands.get(figure.region, True):
                continue
            height = HEIGHT[own]
            above = [r for r in self.world.up(figure.region, on) if stands.get(r) and HEIGHT[r.level] > height]
            spoken_for = {(way[0], way[1]) for region in above for way in self.world.ways(region, on)}
            for boundary, target, weight, is_estimated in self.world.ways(figure.region, on):
                if (boundary, target) not in spoken_for and not (is_outweighed and target.level != "commune"):
                    found[boundary, target].append(Share(figure, weight, is_estimated))
        return found

    def _who_stands(self, cell: Cell, placed: Sequence[tuple[Figure, int]]) -> Mapping[Region, bool]:
        """Of each region above communes that reports for itself: whether its own figure stands against those below."""
        told: dict[Region, dict[str, list[Figure]]] = defaultdict(lambda: defaultdict(list))
        for figure, on in placed:
            for region in self.world.up(figure.region, on):
                told[region][self.world.reporting_level(figure.branch)].append(figure)
        stands = {}
        for region, levels in told.items():
            if HEIGHT[region.level] > 1 and region.level in levels:
                weight = {level: self._reach(cell, region, level, found) for level, found in levels.items()}
                own_covered, own_until = weight.pop(region.level)
                covered, until = max(weight.values(), default=(Fraction(-1), 0))
                is_newer = cell.basis != "in_period" and until > own_until
                stands[region] = (own_covered, not is_newer) >= (covered, True)
        return stands

    def _reach(self, cell: Cell, region: Region, level: str, figures: Sequence[Figure]) -> tuple[Fraction, int]:
        """How much of a region the branches of one level cover, and to which day all of them speak."""
        span = self.world.periods[cell.period][1]
        on = min(span.until, self.world.life[region].until)
        is_summed = any(figure.is_summed for figure in figures)
        number, days = self.world.seated("as_reported", region, level, Life(span.since if is_summed else on, on), span)
        expected = Fraction(days, span.until - span.since + 1) if is_summed else Fraction(number)
        covered = sum((f.covered for f in figures if f.amount or f.blocked == "undetermined"), Fraction(0))
        return min(covered / (expected or 1), Fraction(1)), min(figure.until for figure in figures)

    def _total(self, cell: Cell, region: Region, boundary: str, shares: Sequence[Share]) -> Row:
        world = self.world
        usable = [share for share in shares if share.figure.amount is not None]
        levels = {world.reporting_level(share.figure.branch) for share in shares}
        level_used = levels.pop() if len(levels) == 1 else "mixed"
        by_province = level_used == "mixed" and region.level in ("economic_region", "nation")
        counted = [s.figure for s in shares if s.figure.amount is not None or s.figure.blocked == "undetermined"]
        is_summed = any(share.figure.is_summed for share in shares)
        expected, expected_share = self._expected(cell, region, boundary, level_used, is_summed)
        by_members = None
        if level_used != "mixed" and not (is_summed and expected != expected_share):
            by_members = self._covered_members(cell, region, boundary, level_used, counted)
        provinces = {world.regions[share.figure.region]["province_code"] for share in usable} - {""}
        reported = len(provinces if by_province else {figure.branch for figure in counted})
        covered = Fraction(len(provinces)) if by_province else sum((f.covered for f in counted), Fraction(0))
        amount = Amount.total([s.figure.amount.times(s.weight) for s in usable if s.figure.amount]) if usable else None
        return Row(
            value=amount.value if amount else None,
            lower=amount.lower if amount else None,
            upper=amount.upper if amount else None,
            is_lower_open=bool(amount and amount.is_lower_open),
            is_upper_open=bool(amount and amount.is_upper_open),
            is_approximate=bool(amount and amount.is_approximate),
            is_estimated=any(share.is_estimated for share in shares),
            blocked_code=None if usable else min(str(share.figure.blocked) for share in shares),
            level_used=level_used,
            branches_expected=expected,
            branches_reported=reported,
            coverage_pct=min(Fraction(100), 100 * covered / expected_share) if expected_share else None,
            coverage_members_pct=by_members,
            data_to_date=min(share.figure.until for share in shares),
            branches=frozenset(share.figure.branch for share in usable),
        )

    def _expected(
        self, cell: Cell, region: Region, boundary: str, level_used: str, is_summed: bool
    ) -> tuple[int, Fraction]:
        """How many branches should be in a total, and that number weighted by the days on which each was in being."""
        _, span = self.world.periods[cell.period]
        high = region.level in ("economic_region", "nation")
        level = level_used if level_used != "mixed" else ("province" if high else "commune")
        on = span.until if boundary == "as_before" else min(span.until, self.world.life[region].until)
        asked = Life(span.since if is_summed else on, on)
        number, days = 0, 0
        for place in self._asked_regions(cell, region, boundary, is_summed):
            side = "as_reported" if boundary == "as_before" and place != region else boundary
            seats = self.world.seated(side, place, level, asked, span)
            number, days = number + seats[0], days + seats[1]
        return number, Fraction(days, span.until - span.since + 1) if is_summed else Fraction(number)

    def _covered_members(
        self, cell: Cell, region: Region, boundary: str, level: str, counted: Sequence[Figure]
    ) -> Fraction | None:
        """How much of the membership is in, where those in being on the day have all said how many they are."""
        until = self.world.periods[cell.period][1].until
        on = until if boundary == "as_before" else min(until, self.world.life[region].until)
        if {min(until, self.world.tenure[figure.branch].until) for figure in counted} != {on}:
            return None
        places = self._asked_regions(cell, region, boundary, is_summed=False)
        asked = {
            branch
            for place in places
            for branch, life in self.world.sitting.get(
                ("as_reported" if boundary == "as_before" and place != region else boundary, place, level), ()
            )
            if life.has(on)
        }
        sizes = {branch: self._members_on(branch, on) for branch in asked | {figure.branch for figure in counted}}
        if None in sizes.values() or not (whole := sum(sizes[branch] or 0 for branch in asked)):
            return None
        part = sum((figure.covered * (sizes[figure.branch] or 0) for figure in counted), Fraction(0))
        return min(Fraction(100), 100 * part / whole)

    def _members_on(self, branch: Branch, on: int) -> Fraction | None:
        told = [(until, amount) for until, amount in self.members.get(branch, ()) if until <= on]
        return told[-1][1] if told else None

    def _asked_regions(self, cell: Cell, region: Region, boundary: str, is_summed: bool) -> list[Region]:
        """A provincial programme asks its own province only."""
        programme = self.world.programmes[cell.programme]
        if programme["region_level"] != "province" or region.level not in ("economic_region", "nation"):
            return [region]
        _, span = self.world.periods[cell.period]
        asked = Life(span.since if is_summed else span.until, span.until)
        versions = self.world.versions["province", programme["region_code"]]
        lives = ((version, self.world.life[version]) for version in versions)
        if boundary == "as_now":
            return [version for version, life in lives if life.until == FOREVER] or [region]
        return [version for version, life in lives if life.meets(asked)] or [region]


# Ratios and refusals --------------------------------------------------------------------------------------------


def expected_rollup(seeds: Path, values: Sequence[Said]) -> dict[Key, Row]:
    """Every row that fct_indicator_rollup must have."""
    world = World(seeds)
    world.add_spans({said.cell.period for said in values})
    totals = Rollup(world, values).totals
    recomputed = _ratios(world, totals)
    found = {key: _refuse(world, key, row) for key, row in totals.items() if key not in recomputed}
    return found | recomputed


def _ratios(world: World, totals: Mapping[Key, Row]) -> dict[Key, Row]:
    found = {}
    uses: dict[str, list[dict[str, str]]] = defaultdict(list)
    for indicator in world.indicators.values():
        if indicator["measure"] == "ratio":
            uses[indicator["numerator_code"]].append(indicator)
    for key, numerator in totals.items():
        for ratio in uses.get(key.cell.indicator, []):
            base = _denominator(world, totals, key, ratio)
            if numerator.blocked_code is None and key.cell.basis in ratio["bases"].split("|") and base is not None:
                cell = key.cell._replace(indicator=ratio["indicator_code"])
                found[key._replace(cell=cell)] = _divide(numerator, base)
    return found


def _denominator(world: World, totals: Mapping[Key, Row], key: Key, ratio: Mapping[str, str]) -> Row | None:
    """Of the programme before that of the indicator's home, of the same basis before a balance."""
    home = world.indicators[ratio["denominator_code"]]["programme_code"]
    for programme in (key.cell.programme, home):
        for basis in (key.cell.basis, "as_of"):
            cell = key.cell._replace(programme=programme, indicator=ratio["denominator_code"], basis=basis)
            row = totals.get(key._replace(cell=cell))
            if row is not None and row.blocked_code is None:
                return row
    return None


def _divide(numerator: Row, base: Row) -> Row:
    blocked = None
    if numerator.branches != base.branches:
        blocked = "ratio_parts_differ"
    elif base.value == 0:
        blocked = "ratio_zero_denominator"
    is_lower_open = numerator.is_lower_open or base.is_upper_open
    is_upper_open = numerator.is_upper_open or base.is_lower_open
    return replace(
        numerator,
        value=None if blocked else _percent(numerator.value, base.value),
        lower=None if blocked else _percent(numerator.lower, base.upper),
        upper=None if blocked else _percent(numerator.upper, base.lower),
        is_lower_open=is_lower_open and not blocked,
        is_upper_open=is_upper_open and not blocked,
        is_approximate=numerator.is_approximate or base.is_approximate,
        is_estimated=numerator.is_estimated or base.is_estimated,
        blocked_code=blocked,
        data_to_date=min(numerator.data_to_date, base.data_to_date),
    )


def _percent(part: Fraction | None, whole: Fraction | None) -> Fraction | None:
    return None if part is None or not whole else 100 * part / whole


def _refuse(world: World, key: Key, row: Row) -> Row:
    """What is no sum may stand whatever it is; else ratios and what belongs to one branch are not added."""
    indicator = world.indicators[key.cell.indicator]
    is_own = row.level_used == key.region.level and row.branches_expected == 1 and not row.is_estimated
    if row.blocked_code is None and not is_own:
        if indicator["measure"] == "ratio":
            row = replace(row, blocked_code="ratio_without_parts")
        elif indicator["is_additive_over_regions"] != "true":
            row = replace(row, blocked_code="not_additive_over_regions")
    if row.blocked_code is None:
        return row
    return replace(row, value=None, lower=None, upper=None, is_lower_open=False, is_upper_open=False)


# Comparison -----------------------------------------------------------------------------------------------------

CENT, MILLIONTH = Fraction(1, 100), Fraction(1, 10**6)
ROUNDED = {
    "value": MILLIONTH,
    "lower": MILLIONTH,
    "upper": MILLIONTH,
    "coverage_pct": CENT,
    "coverage_members_pct": CENT,
}
NAMES = tuple(name for name in Row.__dataclass_fields__ if name != "branches")


def differences(expected: Mapping[Key, Row], stored: Mapping[Key, Mapping[str, Any]], most: int = 20) -> list[str]:
    """The first differences, one a line: the key, and what each side says; empty when there is none."""
    found = []
    for key in sorted({*expected, *stored}):
        if key not in stored or key not in expected:
            found.append(f"{_words(key)}: only {'worked out' if key in expected else 'in the table'}")
        else:
            row = expected[key]
            found += [
                f"{_words(key)}: {name} is {stored[key][name]}, worked out {_plain(getattr(row, name))}"
                for name in NAMES
                if not _same(name, getattr(row, name), stored[key][name])
            ]
        if len(found) >= most:
            return [*found, "…"]
    return found


def _same(name: str, mine: Any, theirs: Any) -> bool:
    if mine is None or theirs is None or name not in ROUNDED:
        return bool(mine == theirs)
    return abs(Fraction(theirs) - mine) <= ROUNDED[name] / 2 + Fraction(1, 10**12)


def _plain(mine: Any) -> Any:
    return float(mine) if isinstance(mine, Fraction) else mine


def _words(key: Key) -> str:
    return " ".join([*key.cell, "in", *key.region, key.boundary])
