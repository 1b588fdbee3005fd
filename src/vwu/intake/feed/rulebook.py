"""How the rules on whole lines are put to the table `line`: in sets, never line by line.

A `Condition` says of one line alone whether it is faulty; all conditions of a kind are counted in one scan. A `Search`
is a query of its own that finds the faulty lines by looking at several, or at the reference data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vwu.intake.feed.columns import Column
from vwu.intake.feed.mask import shown
from vwu.intake.feed.places import MOST_LINES, line_finding
from vwu.intake.feed.table import LINE
from vwu.intake.model import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule on one line. `fault`, `value` and `proposed` are SQL over `line`; a null fault is no fault."""

    rule_id: str
    column: str
    fault: str
    value: str
    proposed: str = "null"


@dataclass(frozen=True, slots=True)
class Search:
    """A rule on several lines. `lines` is SQL that gives (line, value, proposed) of each faulty line."""

    rule_id: str
    column: str
    lines: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What one scan counts: rows, sums by column, and the faulty lines of each condition."""

    sums: Mapping[str, int]
    faults: tuple[int, ...]


def count_totals(engine: DuckDBPyConnection, sums: Sequence[str], conditions: Sequence[Condition]) -> Totals:
    """One scan over all lines for every sum and every condition."""
    parts = [f"coalesce(sum({name}), 0)" for name in sums]
    parts += [f"count(*) filter (where {condition.fault})" for condition in conditions]
    row = engine.execute(f"select {', '.join(parts)} from line").fetchone()
    assert row is not None
    return Totals(dict(zip(sums, map(int, row), strict=False)), tuple(row[len(sums) :]))


def balance_digest(engine: DuckDBPyConnection, balance: str) -> str:
    """One number for the balances of all loans, each weighed by a hash of its id: equal when, and as good as only when,
    each loan that owes something owes the same. It is of this version of the engine, since its hash may change."""
    import duckdb

    # 39 bits of hash, 63 of amount and 24 of lines fit into the 127 bits of a sum.
    row = engine.execute(f"select sum((hash(loan_id) >> 25)::hugeint * {balance}) from line").fetchone()
    assert row is not None
    return f"duckdb {duckdb.__version__}: {row[0] or 0}"


def searches_of(conditions: Sequence[Condition], totals: Totals) -> list[Search]:
    """For each condition that some line breaks, the search that finds those lines."""
    broken = [condition for condition, count in zip(conditions, totals.faults, strict=True) if count]
    return [Search(each.rule_id, each.column, _lines_of(each)) for each in broken]


def find_by_searches(
    engine: DuckDBPyConnection, file_name: str, layout: Sequence[Column], searches: Sequence[Search]
) -> tuple[Finding, ...]:
    """One finding for each search that finds lines; `layout` says which values are shown masked."""
    columns = {column.name: column for column in layout}
    found = (_search(engine, file_name, columns, search) for search in searches)
    return tuple(finding for finding in found if finding is not None)


def _lines_of(condition: Condition) -> str:
    return f"select {LINE} as line, {condition.value}, {condition.proposed} from line where {condition.fault}"


def _search(
    engine: DuckDBPyConnection, file_name: str, columns: Mapping[str, Column], search: Search
) -> Finding | None:
    # The first lines and their number are asked for apart: a file that is wrong all over must not fill the memory.
    faulty = f"({search.lines}) as faulty (line, value, proposed)"
    rows: list[tuple[Any, ...]] = engine.execute(
        f"select line, value, proposed from {faulty} order by line limit {MOST_LINES}"
    ).fetchall()
    if not rows:
        return None
    counted = engine.execute(f"select count(*) from {faulty}").fetchone() if len(rows) == MOST_LINES else None
    count = counted[0] if counted else len(rows)
    _, value, proposed = rows[0]
    return line_finding(
        search.rule_id,
        file_name,
        [row[0] for row in rows],
        count,
        column=search.column,
        value=shown(columns.get(search.column), value),
        proposed=None if proposed is None else str(proposed),
    )
