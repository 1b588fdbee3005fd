"""The places of a nation: communes before and after July 2025, tied by their default successor, with their branches."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from vwu.catalogue import FIRST_DAY_OF_REFORM

# The provinces of the two source documents come first; the others follow in the order of their codes.
_FIRST_PROVINCES = ("19", "22")


@dataclass(frozen=True, slots=True)
class Place:
    """One commune of the time before the reform and what became of it.

    A split commune counts as a whole for its default successor. `district` is the district of before.
    """

    number: int
    commune: str
    district: str
    province: str
    new_commune: str
    new_province: str

    def commune_at(self, day: date) -> str:
        """The code that holds on a day, in the code system of that day."""
        return self.new_commune if day >= FIRST_DAY_OF_REFORM else self.commune

    def province_at(self, day: date) -> str:
        return self.new_province if day >= FIRST_DAY_OF_REFORM else self.province

    def lower_branch_at(self, day: date) -> str:
        """The branch below the province that owes the monthly form: district before the reform, commune after."""
        if day >= FIRST_DAY_OF_REFORM:
            return f"P{self.new_province}-{self.new_commune}"
        return f"P{self.province}-D{self.district}"

    def province_branch_at(self, day: date) -> str:
        return f"P{self.province_at(day)}"


def places_of(seeds: Path, provinces: int) -> tuple[Place, ...]:
    """The old communes of the first so many of today's provinces, by old province and code.

    Raises ValueError when the seeds do not know a commune's successor.
    """
    regions = {
        (row["level"], row["region_code"]): row
        for row in _rows(seeds / "region.csv")
        if row["level"] == "commune" and row["valid_to"] == "2025-06-30"
    }
    new_provinces = {
        row["region_code"]: row["province_code"]
        for row in _rows(seeds / "region.csv")
        if row["level"] == "commune" and row["valid_from"] == "2025-07-01"
    }
    chosen = set(_chosen(new_provinces.values(), provinces))
    successors = _successors(_rows(seeds / "region_succession.csv"))
    found = [
        (row["province_code"], code, row["parent_code"], successors[code], new_provinces[successors[code]])
        for (_, code), row in regions.items()
        if new_provinces[successors[code]] in chosen
    ]
    return tuple(
        Place(number, commune, district, province, new_commune, new_province)
        for number, (province, commune, district, new_commune, new_province) in enumerate(sorted(found))
    )


def birth_prefixes(seeds: Path) -> tuple[str, ...]:
    """The first three digits of citizen ids: the 63 provinces of before, behind a zero (DOMAIN C.6)."""
    rows = _rows(seeds / "region.csv")
    return tuple(
        sorted(
            f"0{row['region_code']}" for row in rows if row["level"] == "province" and row["valid_to"] == "2025-06-30"
        )
    )


def _chosen(codes: Iterable[str], provinces: int) -> list[str]:
    others = sorted(set(codes) - set(_FIRST_PROVINCES))
    return [*_FIRST_PROVINCES, *others][:provinces]


def _successors(rows: Iterator[dict[str, str]]) -> dict[str, str]:
    """The default successor of each commune that held until the reform."""
    return {
        row["from_code"]: row["to_code"]
        for row in rows
        if row["from_level"] == row["to_level"] == "commune"
        and row["to_valid_from"] == FIRST_DAY_OF_REFORM.isoformat()
        and row["is_default"] == "true"
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
