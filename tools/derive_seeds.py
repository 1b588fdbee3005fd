"""Write the seeds that follow from `tools/reference/`: region, region_succession, branch, period.

    python tools/derive_seeds.py [FOLDER]

Deterministic: the same inputs give the same bytes, and a test compares them with what is committed. The rules
and the reasons for them stand in docs/reference-data.md.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from vwu.catalogue import Period, PeriodRule, cut, load_catalogue

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tools" / "reference"
SEEDS = ROOT / "seeds"

WAREHOUSE_START = date(2015, 1, 1)
REFORM = date(2025, 7, 1)
YEARS = range(2015, 2031)
LEVELS = ("nation", "economic_region", "province", "district", "commune")
KINDS = ("Thành phố", "Thị xã", "Thị trấn", "Đặc khu", "Tỉnh", "Quận", "Huyện", "Phường", "Xã")
SHARE = Decimal("0.000001")
OLD = (WAREHOUSE_START, REFORM - timedelta(days=1), "Quyết định 124/2004/QĐ-TTg; hiện trạng nửa đầu năm 2025")
NEW = {
    "province": (REFORM, None, "Nghị quyết 202/2025/QH15"),
    "commune": (REFORM, None, "Quyết định 19/2025/QĐ-TTg"),
}


@dataclass(frozen=True)
class Region:
    level: str
    region_code: str
    valid_from: date
    valid_to: date | None
    name_vi: str
    kind: str
    parent_level: str
    parent_code: str
    parent_valid_from: date | None
    province_code: str
    economic_region: str
    legal_basis: str

    @property
    def key(self) -> tuple[str, str]:
        return self.level, self.region_code


@dataclass(frozen=True)
class Change:
    """On a day a unit of level and code changed its name or kind and kept its code."""

    level: str
    code: str
    changed_on: date
    name_before: str
    name_after: str
    legal_basis: str


@dataclass(frozen=True)
class Succession:
    from_level: str
    from_code: str
    from_valid_from: date
    to_level: str
    to_code: str
    to_valid_from: date
    is_split: bool
    is_default: bool
    weight: Decimal
    is_estimated: bool
    basis: str


@dataclass(frozen=True)
class Branch:
    branch_code: str
    name_vi: str
    level: str
    region_level: str
    region_code: str
    region_valid_from: date | None
    parent_branch_code: str
    valid_from: date
    valid_to: date | None
    merged_into: str


# Inputs --------------------------------------------------------------------------------------------------------


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def changes() -> list[Change]:
    return [
        Change(
            row["level"],
            row["code"],
            date.fromisoformat(row["changed_on"]),
            row["name_before"],
            row["name_after"],
            row["legal_basis"],
        )
        for row in rows("region_change")
    ]


def spelled(name: str) -> tuple[str, str]:
    """A name with its kind in the usual case (the package has ten like `Thị Trấn Óc Eo`), and the kind."""
    kind = next(kind for kind in KINDS if name.lower().startswith(f"{kind.lower()} "))
    return kind + name[len(kind) :], kind


# Regions -------------------------------------------------------------------------------------------------------


def unit(
    level: str, code: str, name: str, parent: tuple[str, str], province: str, economic: str, *, is_old: bool
) -> Region:
    """A unit of the old or the new system in one version; `parent_valid_from` comes when all versions are known."""
    first, last, basis = OLD if is_old else NEW[level]
    return Region(level, code, first, last, *spelled(name), *parent, None, province, economic, basis)


def nation_and_economic_regions() -> Iterator[Region]:
    yield Region("nation", "VN", WAREHOUSE_START, None, "Việt Nam", "Quốc gia", "", "", None, "", "", "Hiến pháp")
    for row in rows("economic_region"):
        start, end = date.fromisoformat(row["valid_from"]), row["valid_to"]
        last = date.fromisoformat(end) if end else None
        kind = "Vùng kinh tế - xã hội"
        yield Region(
            "economic_region",
            row["code"],
            start,
            last,
            row["name_vi"],
            kind,
            "nation",
            "VN",
            None,
            "",
            row["code"],
            row["legal_basis"],
        )


def administrative_units() -> Iterator[Region]:
    """Provinces, districts and communes, one version for each time before and since the reform."""
    provinces = rows("vn_provinces")
    old_economic = {row["old_code"]: f"R{row['region_81_2023_QH15']}" for row in provinces}
    new_economic = {row["new_code"]: f"R{row['region_306_NQCP_2025']}" for row in provinces}
    for pair in rows("vn_commune_crosswalk_2025"):
        old, new = pair["old_province_code"], pair["new_province_code"]
        district, commune = pair["old_district_code"], pair["old_ward_code"]
        then, now = old_economic[old], new_economic[new]
        above = ("economic_region", then), ("economic_region", now)
        yield unit("province", old, pair["old_province"], above[0], old, then, is_old=True)
        yield unit("district", district, pair["old_district"], ("province", old), old, then, is_old=True)
        if commune:  # five island districts have none
            yield unit("commune", commune, pair["old_ward"], ("district", district), old, then, is_old=True)
        yield unit("province", new, pair["new_province"], above[1], new, now, is_old=False)
        yield unit("commune", pair["new_ward_code"], pair["new_ward"], ("province", new), new, now, is_old=False)


def versions(whole: Region, all_changes: Sequence[Change]) -> Iterator[Region]:
    """The unit cut at each change of its own or of its province, so that a child lies within one parent version."""
    ours = [
        change
        for change in all_changes
        if (change.level, change.code) in (whole.key, ("province", whole.province_code))
        and whole.valid_from < change.changed_on <= (whole.valid_to or date.max)
    ]
    starts = sorted({whole.valid_from, *(change.changed_on for change in ours)})
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        last = following - timedelta(days=1) if following else whole.valid_to
        yield named(replace(whole, valid_from=start, valid_to=last), ours)


def named(version: Region, ours: Iterable[Change]) -> Region:
    """The version with the name of its time, and the legal basis of the change it starts with."""
    for change in ours:
        has_happened = change.changed_on <= version.valid_from
        if (change.level, change.code) == version.key:
            name, kind = spelled(change.name_after if has_happened else change.name_before)
            version = replace(version, name_vi=name, kind=kind)
        if change.changed_on == version.valid_from:
            version = replace(version, legal_basis=change.legal_basis)
    return version


def regions() -> list[Region]:
    """All versions of all regions, each with the version of its parent that it lies within."""
    all_changes = changes()
    units = dict.fromkeys(administrative_units())  # each unit once, in order
    found = [*nation_and_economic_regions(), *(v for whole in units for v in versions(whole, all_changes))]
    by_key = defaultdict(list)
    for region in found:
        by_key[region.key].append(region)
    placed = [
        replace(region, parent_valid_from=version_at(by_key[parent_key(region)], region.valid_from).valid_from)
        if region.parent_code
        else region
        for region in found
    ]
    return sorted(placed, key=lambda region: (LEVELS.index(region.level), region.region_code, region.valid_from))


def parent_key(region: Region) -> tuple[str, str]:
    return region.parent_level, region.parent_code


def version_at(candidates: Iterable[Region], on: date) -> Region:
    return next(v for v in candidates if v.valid_from <= on <= (v.valid_to or date.max))


# Succession ----------------------------------------------------------------------------------------------------


def shares(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Weights of six decimals in proportion to the amounts that sum to exactly 1; the last takes the remainder."""
    weights = [(amount / sum(amounts)).quantize(SHARE, ROUND_DOWN) for amount in amounts[:-1]]
    return [*weights, (1 - sum(weights, Decimal(0))).quantize(SHARE)]


def split_measures(table: Iterable[dict[str, str]]) -> dict[str, tuple[str, dict[str, Decimal]]]:
    """By split unit the measure that shares it, and the amount that each successor has of it.

    Raises ValueError when a unit is shared by two measures, twice, or by an amount that is not above zero.
    """
    found: dict[str, tuple[str, dict[str, Decimal]]] = {}
    for row in table:
        measure, amounts = found.setdefault(row["from_code"], (row["measure"], {}))
        amount = Decimal(row["amount"])
        if measure != row["measure"] or row["to_code"] in amounts or amount <= 0:
            raise ValueError(f"split_measure: {row} does not go with the other rows of {row['from_code']}")
        amounts[row["to_code"]] = amount
    return found


def weigh(
    source: tuple[str, str], codes: Sequence[str], measures: dict[str, tuple[str, dict[str, Decimal]]]
) -> tuple[str, list[Decimal]]:
    """The method that shares a unit out to its successors, and their weights: equal unless a measure is given.

    Raises ValueError when the measure does not name just the successors.
    """
    level, code = source
    if len(codes) < 2 or level != "commune" or code not in measures:
        return ("equal_share" if len(codes) > 1 else "merged"), shares([Decimal(1)] * len(codes))
    measure, amounts = measures[code]
    if set(amounts) != set(codes):
        raise ValueError(f"split_measure: {code} went to {', '.join(codes)}, not to {', '.join(sorted(amounts))}")
    return f"{measure}_share", shares([amounts[each] for each in codes])


def reform_targets() -> dict[tuple[str, str], list[tuple[str, str, bool]]]:
    """For each unit that ended with the reform, its successors (level, code, is_default), by code."""
    targets: dict[tuple[str, str], set[tuple[str, str, bool]]] = defaultdict(set)
    for pair in rows("vn_commune_crosswalk_2025"):
        commune, district = pair["old_ward_code"], pair["old_district_code"]
        source = ("commune", commune) if commune else ("district", district)
        targets[source].add(("commune", pair["new_ward_code"], pair["is_default"] == "1"))
        targets["province", pair["old_province_code"]].add(("province", pair["new_province_code"], True))
    return {source: sorted(found) for source, found in targets.items()}


def successions(all_regions: Sequence[Region]) -> list[Succession]:
    """Old to new across the reform, and version to version of a unit that kept its code."""
    targets, measures = reform_targets(), split_measures(rows("split_measure"))
    if not set(measures) <= {code for (level, code), found in targets.items() if level == "commune" and len(found) > 1}:
        raise ValueError("split_measure names a commune that was not split")
    found: list[Succession] = []
    for region, following in zip(all_regions, [*all_regions[1:], None], strict=True):
        if following and following.key == region.key and following.valid_from != REFORM:
            found.append(link(region, *following.key, following.valid_from))
        if region.valid_to == REFORM - timedelta(days=1) and (successors := targets.get(region.key)):
            basis, weights = weigh(region.key, [code for _, code, _ in successors], measures)
            for (level, code, is_default), weight in zip(successors, weights, strict=True):
                found.append(link(region, level, code, REFORM, is_default, weight, basis))
    return found


def link(
    region: Region,
    level: str,
    code: str,
    start: date,
    is_default: bool = True,
    weight: Decimal = Decimal(1),
    basis: str = "same_unit",
) -> Succession:
    """What rests on a share, whichever its method, is an estimate."""
    is_split = weight != 1
    source = (region.level, region.region_code, region.valid_from)
    return Succession(*source, level, code, start, is_split, is_default, weight, is_split, basis)


# Branches ------------------------------------------------------------------------------------------------------


def branch_code(region: Region) -> str:
    own = {"province": "", "district": f"-D{region.region_code}", "commune": f"-{region.region_code}"}
    return f"P{region.province_code}{own[region.level]}"


def branches(all_regions: Sequence[Region], links: Sequence[Succession]) -> list[Branch]:
    """A branch for each version of each province, district and commune, the centre, and the direct units."""
    by_identity = {(*region.key, region.valid_from): region for region in all_regions}
    heir = {
        (x.from_level, x.from_code, x.from_valid_from): by_identity[x.to_level, x.to_code, x.to_valid_from]
        for x in links
        if x.is_default
    }
    centre = Branch(
        "TW", "Trung ương Hội LHPN Việt Nam", "central", "nation", "VN", WAREHOUSE_START, "", WAREHOUSE_START, None, ""
    )
    found = [centre]
    found += (
        territorial_branch(region, by_identity, heir)
        for region in all_regions
        if region.level in ("province", "district", "commune")
    )
    found += list(direct_units(found))
    return sorted(found, key=lambda branch: (branch.branch_code, branch.valid_from))


def territorial_branch(
    region: Region,
    by_identity: dict[tuple[str, str, date], Region],
    heir: dict[tuple[str, str, date], Region],
) -> Branch:
    parent = "TW"
    if region.level != "province":
        assert region.parent_valid_from is not None
        parent = branch_code(by_identity[region.parent_level, region.parent_code, region.parent_valid_from])
    successor = heir.get((*region.key, region.valid_from)) or provincial_heir(region, heir)
    return Branch(
        branch_code(region),
        f"Hội LHPN {region.name_vi[0].lower()}{region.name_vi[1:]}",
        region.level,
        *region.key,
        region.valid_from,
        parent,
        region.valid_from,
        region.valid_to,
        branch_code(successor) if successor else "",
    )


def provincial_heir(region: Region, heir: dict[tuple[str, str, date], Region]) -> Region | None:
    """What an ended district's branch went to: no body took its place, so the province's successor stands in."""
    if region.level != "district" or region.parent_valid_from is None:
        return None
    return heir.get(("province", region.province_code, region.parent_valid_from))


def direct_units(territorial: Sequence[Branch]) -> Iterator[Branch]:
    """Branches without a territory: one version for each version of the province's branch above them."""
    for row in rows("direct_unit"):
        above = row["branch_code"].split("-")[0]
        for parent in territorial:
            if parent.branch_code == above:
                merged = row["branch_code"] if parent.merged_into else ""
                yield Branch(
                    row["branch_code"],
                    row["name_vi"],
                    "unit",
                    "",
                    "",
                    None,
                    above,
                    parent.valid_from,
                    parent.valid_to,
                    merged,
                )


# Periods -------------------------------------------------------------------------------------------------------


def months_of(kind: str, year: int) -> Iterator[tuple[str, int, int]]:
    """Code, first and last month of each period of a kind in a year."""
    if kind == "month":
        yield from ((f"{year}-{month:02}", month, month) for month in range(1, 13))
    elif kind == "quarter":
        yield from ((f"{year}-Q{quarter}", 3 * quarter - 2, 3 * quarter) for quarter in range(1, 5))
    elif kind in ("half_year", "nine_months", "year"):
        length = {"half_year": 6, "nine_months": 9, "year": 12}[kind]
        yield (str(year) if length == 12 else f"{year}-{length}M"), 1, length


def periods(rules: Sequence[PeriodRule]) -> list[Period]:
    found = []
    for rule in rules:
        for year in YEARS:
            for code, first, last in months_of(rule.period_kind, year):
                start, end = cut((year, first), (year, last), rule)
                found.append(period(rule, code, start, end))
    by_kind = {rule.period_kind: rule for rule in rules if rule.calendar == "union"}
    for row in rows("term"):
        start, end = date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"])
        middle = half_way(start)
        halves = ((start, middle - timedelta(days=1)), (middle, end))
        found.append(period(by_kind["term"], row["period_code"], start, end))
        for number, (first_day, last_day) in enumerate(halves, start=1):
            found.append(period(by_kind["half_term"], f"{row['period_code']}-H{number}", first_day, last_day))
    return found


def half_way(start: date) -> date:
    """The first day of a five-year term's second half: thirty months after its start."""
    month = start.month + 6
    return date(start.year + 2 + (month > 12), month - 12 * (month > 12), start.day)


def period(rule: PeriodRule, code: str, start: date, end: date) -> Period:
    return Period(rule.calendar, code, rule.period_kind, start, end, end + timedelta(days=rule.due_days))


# Output --------------------------------------------------------------------------------------------------------


def text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def write(folder: Path, seed: str, records: Sequence[Region | Succession | Branch | Period]) -> None:
    with (folder / f"{seed}.csv").open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow([field.name for field in fields(records[0])])
        out.writerows([text(value) for value in astuple(record)] for record in records)


def derive(folder: Path) -> None:
    """Write the four seeds into a folder; the rules of periods are read from `seeds/period_rule.csv`."""
    all_regions = regions()
    links = successions(all_regions)
    write(folder, "region", all_regions)
    write(folder, "region_succession", links)
    write(folder, "branch", branches(all_regions, links))
    write(folder, "period", periods(load_catalogue(SEEDS).period_rules))


if __name__ == "__main__":
    derive(Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
