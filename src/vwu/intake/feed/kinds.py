"""Hold the kinds of a bank's month against each other: loans = groups = communes = organisations (INTERFACES 3).

Two kinds are compared at the finest grain that both know: what agrees there agrees in every sum above it. Either may be
right, so what differs is a warning; whichever kind comes second says it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vwu.intake.feed.control import SUMS, Control
from vwu.intake.feed.land import TABLES
from vwu.intake.feed.places import MOST_LINES
from vwu.intake.feed.streams import copy_from_postgres
from vwu.intake.model import Finding, Kind
from vwu.intake.rules import finding

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

_PLACE = ("commune_code_system", "commune_code", "organisation")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds, the keys at which their sums are compared, and SQL of the lines that both know of.

    `attributes` are what each key has one of, in both kinds.
    """

    kinds: tuple[Kind, Kind]
    rule_id: str
    keys: tuple[str, ...]
    common: str = "true"
    attributes: tuple[str, ...] = ()


# Direct lending (TT) passes by no group.
PAIRS = (
    Pair((Kind.LOAN, Kind.GROUP), "LOAN_GROUP_TOTALS_DIFFER", ("group_id",), "group_id is not null", _PLACE),
    Pair((Kind.LOAN, Kind.SUMMARY), "LOAN_SUMMARY_TOTALS_DIFFER", (*_PLACE, "credit_programme")),
    Pair((Kind.GROUP, Kind.SUMMARY), "GROUP_SUMMARY_TOTALS_DIFFER", _PLACE, "organisation <> 'TT'"),
)


def find_kind_faults(
    engine: DuckDBPyConnection,
    connection: psycopg.Connection,
    control: Control,
    in_force: Callable[[Kind], str | None],
    file_name: str,
) -> list[Finding]:
    """What the other kinds of the same month say otherwise. `in_force` gives the receipt of a kind, if there is one."""
    found: list[Finding] = []
    for pair in PAIRS:
        if control.kind not in pair.kinds:
            continue
        other = pair.kinds[0] if control.kind is pair.kinds[1] else pair.kinds[1]
        receipt_id = in_force(other)
        if receipt_id is None:
            continue
        fetch_other(engine, connection, pair, other, control, receipt_id)
        found += _differing(engine, file_name, pair)
    return found


def fetch_other(
    engine: DuckDBPyConnection, connection: psycopg.Connection, pair: Pair, other: Kind, control: Control, receipt: str
) -> None:
    """The table `other`: sums and attributes of the other kind by the pair's keys."""
    copy_from_postgres(
        connection,
        grouped(pair, TABLES[other], "as_of_date = %s and receipt_id = %s"),
        [control.as_of_date, receipt],
        engine,
        "other",
        {**dict.fromkeys((*pair.keys, *pair.attributes), "varchar"), **dict.fromkeys(SUMS, "bigint")},
    )


def grouped(pair: Pair, table: str, lines: str = "true") -> str:
    """SQL of the sums and attributes of a table's lines by the pair's keys."""
    keys = ", ".join(pair.keys)
    attributes = "".join(f"min({name}) as {name}, " for name in pair.attributes)
    sums = ", ".join(f"sum({name}) as {name}" for name in SUMS)
    return f"select {keys}, {attributes}{sums} from {table} where {lines} and {pair.common} group by {keys}"


def _differing(engine: DuckDBPyConnection, file_name: str, pair: Pair) -> list[Finding]:
    """One finding for all keys whose sums differ, and one for those whose attributes do."""
    both = f"({grouped(pair, 'line')}) as mine full join other using ({', '.join(pair.keys)})"
    sums = {name: f"coalesce(mine.{name}, 0) <> coalesce(other.{name}, 0)" for name in SUMS}
    found = _finding(engine, file_name, pair.rule_id, pair.keys, both, sums)
    if pair.attributes:
        places = {name: f"mine.{name} <> other.{name}" for name in pair.attributes}
        found += _finding(engine, file_name, "LOAN_GROUP_PLACE_DIFFERS", pair.keys, both, places)
    return found


def _finding(
    engine: DuckDBPyConnection,
    file_name: str,
    rule_id: str,
    keys: Sequence[str],
    both: str,
    faults: dict[str, str],
) -> list[Finding]:
    """A finding that names the first keys at which any of the matters differs, and the matters."""
    any_fault = " or ".join(faults.values())
    counts = ", ".join(f"count(*) filter (where {fault})" for fault in faults.values())
    row = engine.execute(f"select count(*), {counts} from {both} where {any_fault}").fetchone()
    assert row is not None
    if not row[0]:
        return []
    named = f"concat_ws(' ', {', '.join(keys)})"
    first = engine.execute(f"select {named} from {both} where {any_fault} order by 1 limit {MOST_LINES}").fetchall()
    return [
        finding(
            rule_id,
            position=file_name,
            column=keys[-1] if len(keys) == 1 else "commune_code",
            value=", ".join(name for (name,) in first),
            line_count=row[0],
            matters=", ".join(name for name, count in zip(faults, row[1:], strict=True) if count),
        )
    ]
