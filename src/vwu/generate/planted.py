"""The list of planted faults: which file, where, which rule must find it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

FILE_NAME = "planted_faults.csv"
CHECK, RECEIVE = "check", "receive"


@dataclass(frozen=True, slots=True)
class Planted:
    """One fault. `file` is the path below the landing zone; `position` is what the finding names first.

    `lines` is how many lines of a feed the rule finds because of this fault. `found_by` is `check` when the file itself
    tells, `receive` when it takes what landed before.
    """

    file: str
    position: str
    rule_id: str
    lines: int
    found_by: str
    description: str


def write_planted(directory: Path, planted: Iterable[Planted]) -> Path:
    """Write the list into a folder, in the order of planting, and return its path."""
    path = directory / FILE_NAME
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(Planted))
        writer.writerows(astuple(each) for each in planted)
    return path


def read_planted(directory: Path) -> list[Planted]:
    """The list that `write_planted` wrote."""
    with (directory / FILE_NAME).open(encoding="utf-8", newline="") as text:
        return [Planted(**{**row, "lines": int(row["lines"])}) for row in csv.DictReader(text)]  # type: ignore[arg-type]
