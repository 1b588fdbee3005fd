"""What a feed that is sent again changes, place by place, before anything of it is built or published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwu.intake.feed.control import SUMS, Control
from vwu.intake.feed.kinds import Pair, fetch_other, grouped
from vwu.intake.model import FeedChange, Kind

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

_PLACE = ("commune_code_system", "commune_code", "organisation")


def changes_by_place(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, replaced: str
) -> tuple[FeedChange, ...]:
    """The sums that differ from those of the receipt in force, by commune, organisation and, where known, programme."""
    keys = _PLACE if control.kind is Kind.GROUP else (*_PLACE, "credit_programme")
    same = Pair((control.kind, control.kind), "", keys)
    fetch_other(engine, connection, same, control.kind, control, replaced)
    programme = "''" if control.kind is Kind.GROUP else "credit_programme"
    parts = [
        f"""select commune_code, commune_code_system, organisation, {programme} as programme, '{name}' as matter,
                other.{name} as old, mine.{name} as new
            from ({grouped(same, "line")}) as mine full join other using ({", ".join(keys)})
            where coalesce(mine.{name}, 0) <> coalesce(other.{name}, 0)"""
        for name in SUMS
    ]
    rows = engine.execute(f"{' union all '.join(parts)} order by all").fetchall()
    return tuple(FeedChange(*row[:5], *(None if each is None else int(each) for each in row[5:])) for row in rows)
