"""What changed between two releases: parts by their content, then rows by key, with the receipts that came and went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from vwu.database import connect
from vwu.fed import fed_rollups
from vwu.language import phrase
from vwu.publish.models import PublishedModel, PublishError, load_models
from vwu.publish.parts import relation_columns
from vwu.settings import Settings

Row = dict[str, Any]


@dataclass(frozen=True)
class RowChange:
    """One row that is new, gone or different; `columns` are those whose value differs.

    `receipts`: which of the two releases' receipts made the difference, where a row has one or is a roll-up.
    """

    table_name: str
    key: tuple[Any, ...]
    before: Row | None
    after: Row | None
    columns: tuple[str, ...]
    receipts: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Diff:
    """Everything that distinguishes two releases. Receipts are (receipt_id, scope_key)."""

    from_release_id: int
    to_release_id: int
    parts_removed: tuple[tuple[str, str], ...]
    parts_added: tuple[tuple[str, str], ...]
    rows: tuple[RowChange, ...]
    receipts_removed: tuple[tuple[str, str], ...]
    receipts_added: tuple[tuple[str, str], ...]


def diff(settings: Settings, from_release_id: int, to_release_id: int) -> Diff:
    """Compare two releases; costs what differs, because shared parts are never read.

    Raises PublishError when one of them does not exist.
    """
    models = load_models(settings)
    with connect(settings, "publisher") as connection:
        for release_id in (from_release_id, to_release_id):
            if not connection.execute("select 1 from release.release where release_id = %s", [release_id]).fetchone():
                raise PublishError(
                    phrase(
                        f"không có bản phát hành {release_id}: `vwu releases` kê các bản",
                        f"there is no release {release_id}: `vwu releases` lists them",
                    )
                )
        removed = _parts_only_in(connection, from_release_id, to_release_id)
        added = _parts_only_in(connection, to_release_id, from_release_id)
        gone = _receipts_only_in(connection, from_release_id, to_release_id)
        new = _receipts_only_in(connection, to_release_id, from_release_id)
        rows = [change for model in models for change in _row_changes(connection, model, removed, added)]
        fed = _fed(connection, rows, {from_release_id: gone, to_release_id: new})
        return Diff(
            from_release_id,
            to_release_id,
            tuple((table, key) for table, key, _ in removed),
            tuple((table, key) for table, key, _ in added),
            tuple(replace(change, receipts=_receipts_of(change, fed)) for change in rows),
            gone,
            new,
        )


def _fed(
    connection: psycopg.Connection, rows: Iterable[RowChange], receipts: dict[int, tuple[tuple[str, str], ...]]
) -> dict[tuple[Any, ...], set[str]]:
    """Which receipts of either release alone fed a roll-up; not asked when none changed."""
    fed: dict[tuple[Any, ...], set[str]] = {}
    if any(change.table_name == "fct_indicator_rollup" for change in rows):
        for release_id, only_there in receipts.items():
            connection.execute("select set_config('vwu.release', %s, true)", [str(release_id)])
            for key, names in fed_rollups(connection, [receipt_id for receipt_id, _ in only_there]).items():
                fed.setdefault(key, set()).update(names)
    return fed


def _receipts_of(change: RowChange, fed: dict[tuple[Any, ...], set[str]]) -> tuple[str, ...]:
    if change.table_name == "fct_indicator_rollup":
        return tuple(sorted(fed.get(change.key, ())))
    own = {row["receipt_id"] for row in (change.before, change.after) if row and row.get("receipt_id")}
    return tuple(sorted(own))


def compare_rows(table: str, key: tuple[str, ...], before: Iterable[Row], after: Iterable[Row]) -> list[RowChange]:
    """Pair rows by key (the whole row when the model names no key) and keep those that differ, in key order."""
    old, new = _by_key(before, key), _by_key(after, key)
    changes = []
    for values in sorted(old.keys() | new.keys(), key=repr):
        was, now = old.get(values), new.get(values)
        if was != now:
            names = was or now or {}
            differs = tuple(name for name in names if was is None or now is None or was[name] != now[name])
            changes.append(RowChange(table, values, was, now, differs))
    return changes


def _by_key(rows: Iterable[Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[name] for name in (key or row)): row for row in rows}


def _parts_only_in(connection: psycopg.Connection, here: int, there: int) -> list[tuple[str, str, int]]:
    return connection.execute(
        """select part.table_name, part.part_key, part.part_id
           from release.manifest as manifest
           inner join release.part as part using (part_id)
           where manifest.release_id = %s and not exists (
               select 1 from release.manifest as other where other.release_id = %s and other.part_id = manifest.part_id)
           order by part.table_name, part.part_key""",
        [here, there],
    ).fetchall()


def _receipts_only_in(connection: psycopg.Connection, here: int, there: int) -> tuple[tuple[str, str], ...]:
    rows = connection.execute(
        """select receipt_id, scope_key from release.release_receipt where release_id = %s
           except select receipt_id, scope_key from release.release_receipt where release_id = %s
           order by scope_key, receipt_id""",
        [here, there],
    )
    return tuple((receipt, scope) for receipt, scope in rows)


def _row_changes(
    connection: psycopg.Connection,
    model: PublishedModel,
    removed: list[tuple[str, str, int]],
    added: list[tuple[str, str, int]],
) -> list[RowChange]:
    old = [part_id for table, _, part_id in removed if table == model.name]
    new = [part_id for table, _, part_id in added if table == model.name]
    if not old and not new:
        return []
    return compare_rows(model.name, model.key, _rows(connection, model, old), _rows(connection, model, new))


def _rows(connection: psycopg.Connection, model: PublishedModel, part_ids: list[int]) -> list[Row]:
    columns = [name for name in relation_columns(connection, "release", model.name) if name != "part_id"]
    query = sql.SQL("select {} from {} where part_id = any(%s)").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("release", model.name)
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, [part_ids]).fetchall()
