"""The candidate cut into parts, each known by its content: what a release stores and what the gate vouches for.

A part's hash is made of the number of its rows and the sums of two 64-bit hashes of each row's text: it depends on the
rows and not on their order, and needs no sort (four times faster than sha256 over the ordered md5 of the rows).

A mart that tells which of its parts change (`quality.part_version`) is read only where it did since it was published: a
version is renewed by the very transaction that changes rows, so that a snapshot sees both or neither. And were it told
wrongly, still nothing unaudited would be published: the part that is taken for unchanged is a stored one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from vwu.language import phrase
from vwu.publish.models import ManifestError, PublishedModel

# Text of a row must not depend on whose session reads it.
_SESSION = (
    "set local timezone to 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'postgres'",
    "set local extra_float_digits to 1",
    "set local bytea_output to 'hex'",
)


@dataclass(frozen=True, order=True)
class Part:
    """One piece of a published table: its key as text (values of `part_by`, joined by |) and its content."""

    table_name: str
    part_key: str
    content_hash: str
    row_count: int


def candidate_parts(connection: psycopg.Connection, models: Iterable[PublishedModel]) -> tuple[Part, ...]:
    """Parts of every mart as this transaction sees them; leaves them in temporary tables `candidate_<model>`.

    The caller owns the transaction; it must be REPEATABLE READ if rows are copied after this.
    Raises ManifestError when a mart is missing or a column of `part_by` holds nulls.
    """
    return tuple(sorted(part for model in models for part in model_parts(connection, model)))


def candidate_hash(parts: Iterable[Part]) -> str:
    """One sha256 over all parts: two candidates with the same rows have the same hash."""
    digest = hashlib.sha256()
    for part in sorted(parts):
        digest.update(f"{part.table_name}\x1f{part.part_key}\x1f{part.content_hash}\x1e".encode())
    return digest.hexdigest()


def mart_columns(connection: psycopg.Connection, model: PublishedModel) -> dict[str, str]:
    """Column name -> type of the mart, in its own order. Raises ManifestError when the mart does not exist."""
    columns = relation_columns(connection, model.schema, model.relation)
    if not columns:
        raise ManifestError(
            phrase(
                f"không có {model.schema}.{model.relation}: hãy chạy `vwu build`",
                f"{model.schema}.{model.relation} does not exist: run `vwu build`",
            )
        )
    return columns


def relation_columns(connection: psycopg.Connection, schema: str, name: str) -> dict[str, str]:
    """Column name -> type of a relation in its own order; empty when it does not exist."""
    found = connection.execute(
        """select attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)
           from pg_attribute as attribute
           inner join pg_class as relation on relation.oid = attribute.attrelid
           inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
           where namespace.nspname = %s and relation.relname = %s and attribute.attnum > 0
             and not attribute.attisdropped
           order by attribute.attnum""",
        [schema, name],
    )
    return dict(found.fetchall())


def model_parts(connection: psycopg.Connection, model: PublishedModel, whole: bool = False) -> list[Part]:
    """Parts of one mart, as `candidate_parts` gives them of all; `whole` reads those too that did not change."""
    for statement in _SESSION:
        connection.execute(statement)
    columns = mart_columns(connection, model)
    keys = [sql.Identifier(name) for name in model.part_by]
    key_list = sql.SQL("").join(sql.SQL("{}, ").format(key) for key in keys)
    changed = None if whole else changed_parts(connection, model)
    connection.execute(
        sql.SQL(
            """create temporary table {candidate} on commit drop as
               select {keys} {part_key} as part_key, count(*) as row_count,
                      encode(sha256(convert_to(concat_ws(
                          '|', count(*), sum(hashtextextended(row_text, 0)), sum(hashtextextended(row_text, 1))
                      ), 'UTF8')), 'hex') as content_hash
               from (select {keys} row({columns})::text as row_text from {mart} {changed} offset 0) as written
               {grouping}"""
        ).format(
            candidate=candidate_table(model),
            keys=key_list,
            part_key=_part_key(keys),
            # By name, so that a model whose columns change places keeps its hashes.
            columns=sql.SQL(", ").join(sql.Identifier(name) for name in sorted(columns)),
            mart=sql.Identifier(model.schema, model.relation),
            changed=sql.SQL("")
            if changed is None
            else sql.SQL("where {} = any({}::bigint[])").format(*keys, sql.Literal(changed)),
            grouping=_grouping(keys),
        )
    )
    if changed is not None:
        connection.execute(
            sql.SQL(
                """insert into {candidate} ({key}, part_key, row_count, content_hash)
                   select version.part_key, part.part_key, part.row_count, part.content_hash
                   from quality.part_version as version
                   inner join release.part_of_version using (version)
                   inner join release.part as part using (part_id)
                   where version.relation_id = {mart}::regclass"""
            ).format(candidate=candidate_table(model), key=keys[0], mart=_name(model))
        )
    rows = connection.execute(
        sql.SQL("select part_key, content_hash, row_count from {}").format(candidate_table(model))
    ).fetchall()
    if any(key is None for key, _, _ in rows):
        raise ManifestError(
            phrase(
                f"{model.name}: một cột trong part_by {list(model.part_by)} có giá trị trống: hãy đặt là not null",
                f"{model.name}: a column of part_by {list(model.part_by)} holds nulls: make it not null",
            )
        )
    return [Part(model.name, *row) for row in rows]


def changed_parts(connection: psycopg.Connection, model: PublishedModel) -> list[int] | None:
    """Parts that changed since they were published; None: the mart does not tell what changes in it."""
    if len(model.part_by) != 1:
        return None
    keys: list[int] | None
    (keys,) = connection.execute(
        sql.SQL("select quality.changed_parts({mart}, {column})").format(
            mart=_name(model), column=sql.Literal(model.part_by[0])
        )
    ).fetchone() or (None,)
    return keys


def remember_versions(connection: psycopg.Connection, model: PublishedModel) -> None:
    """Let later hashes rest on the stored parts that `model_parts` found in this transaction."""
    if changed_parts(connection, model) is None:
        return
    connection.execute(
        sql.SQL(
            """insert into release.part_of_version (version, part_id)
               select version.version, part.part_id
               from quality.part_version as version
               inner join {candidate} as candidate on candidate.{key} = version.part_key
               inner join release.part as part
                   on part.table_name = {name} and part.part_key = candidate.part_key
                   and part.content_hash = candidate.content_hash
               where version.relation_id = {mart}::regclass
               on conflict do nothing"""
        ).format(
            candidate=candidate_table(model),
            key=sql.Identifier(model.part_by[0]),
            name=sql.Literal(model.name),
            mart=_name(model),
        )
    )


def _name(model: PublishedModel) -> sql.Literal:
    """The mart's name as text, for ::regclass."""
    return sql.Literal(sql.Identifier(model.schema, model.relation).as_string())


def _grouping(keys: list[sql.Identifier]) -> sql.Composable:
    """Without keys the whole table is one part, and an empty table is none."""
    return sql.SQL("group by {}").format(sql.SQL(", ").join(keys)) if keys else sql.SQL("having count(*) > 0")


def cut_by_key(model: PublishedModel, columns: Mapping[str, str]) -> str | None:
    """The one key that cuts a model into parts, if there is one: then the manifest knows its value in each part."""
    (column, *others) = model.part_by or ("",)
    return column if not others and columns.get(column) == "bigint" else None


def candidate_table(model: PublishedModel) -> sql.Identifier:
    """Temporary table with the candidate's parts of one model: part_by columns, part_key, row_count, content_hash."""
    return sql.Identifier("pg_temp", f"candidate_{model.name}")


def _part_key(keys: list[sql.Identifier]) -> sql.Composable:
    """Text of the part's key; null when any of its columns is null, which the caller refuses."""
    if not keys:
        return sql.SQL("'all'")
    return sql.SQL(" || '|' || ").join(sql.SQL("{}::text").format(key) for key in keys)
