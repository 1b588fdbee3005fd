"""What a workbook and a long CSV have in common once they are read: a head, and lines with their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from vwu.intake.model import Finding
from vwu.intake.submission.values import Cell

FORM = "BM01"
# (scenario, basis) of each column of figures (INTERFACES 2.1).
FIGURE_COLUMNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Kế hoạch": ("plan", "in_period"),
        "Trong kỳ": ("actual", "in_period"),
        "Lũy kế năm": ("actual", "year_to_date"),
        "Lũy kế chương trình": ("actual", "programme_to_date"),
        "Tại thời điểm": ("actual", "as_of"),
    }
)
COLUMN_OF_BASIS: Mapping[tuple[str, str], str] = MappingProxyType({key: name for name, key in FIGURE_COLUMNS.items()})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `BaoCao!G14` and the column's label, or `file.csv:12` and the column's name."""

    position: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class HeadField:
    """One value of the head as it was sent; `content` is text, or a date where the cell held one."""

    content: str | date
    place: Place

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else self.content.isoformat()


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell of figures, or one field `value`, as it was sent."""

    scenario: str
    basis: str
    cell: Cell
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was sent, before anything is looked up; `headings` stood above it, the nearest one last.

    `figures` are the filled cells; where none is filled, all of them.
    """

    programme: str
    indicator: str
    label: str
    unit: str
    figures: tuple[Figure, ...]
    indicator_place: Place
    programme_place: Place
    unit_place: Place
    note: str = ""
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A report as it lies on the desk: the head's fields by name, its lines in their order, what is wrong around them.

    `is_table`: it came as lines of a table (a CSV) and not as a form.
    """

    head: Mapping[str, HeadField]
    lines: tuple[Line, ...]
    place: Place
    findings: tuple[Finding, ...] = ()
    is_table: bool = False

    @property
    def is_blank(self) -> bool:
        """No figure stands in it."""
        return all(figure.cell.is_empty for line in self.lines for figure in line.figures)
