"""Tables of schema `release` and views of schema `published`: made once, grown by columns, never dropped.

A view is not touched by a publication: the release in force is one pointer row (ARCHITECTURE D6).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from vwu.language import phrase
from vwu.publish import province
from vwu.publish.definition import ensure_view
from vwu.publish.models import ManifestError, PublishedModel, PublishError
from vwu.publish.parts import cut_by_key, mart_columns, relation_columns

VIEWS = Path(__file__).with_name("views")
# What `release_id` is, and where the rows come from.
_MANY_PARTS = (
    "manifest.release_id",
    "from {table} as stored inner join release.manifest as manifest on manifest.part_id = stored.part_id "
    "where manifest.table_name = {name} and manifest.release_id = published.current_release_id()",
)
_ONE_PART = (
    "(select published.current_release_id())",
    "from {table} as stored where stored.part_id = (select manifest.part_id from release.manifest as manifest "
    "where manifest.table_name = {name} and manifest.release_id = published.current_release_id())",
)


# A statement that waits for a relation lets nobody read it meanwhile: so it waits briefly, and often.
_LOCK_WAIT = "250ms"
_PATIENCE = 120.0  # seconds


def ensure_storage(connection: psycopg.Connection, models: Sequence[PublishedModel]) -> None:
    """Bring tables, views and their comments in line with the marts, and make the report views.

    It comes before the publication's transaction, in steps that are short transactions of their own. Each locks one
    relation for a moment, never two: readers lock a view and then its table, so whoever holds one and waits for the
    other stops them all. Cut off between two steps, the next publication goes on.
    Raises ManifestError when a mart lost or retyped a published column, which needs a new major version, and
    PublishError when somebody reads a view for minutes.
    """
    for model in models:
        columns = mart_columns(connection, model)
        for step in (_ensure_table, _ensure_indexes, _ensure_view, _ensure_comments):
            _briefly(connection, partial(step, connection, model, columns))
    reports = {path.stem: path.read_text("utf-8") for path in sorted(VIEWS.glob("*.sql"))}
    for name, text in reports.items():
        _briefly(connection, partial(_ensure_report, connection, name, text, models))
    for make in province.steps(models, reports):
        _briefly(connection, partial(make, connection))


def _briefly(connection: psycopg.Connection, step: Callable[[], None]) -> None:
    """Do a step in a transaction that never waits long for a lock; again and again until it got it."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with connection.transaction():
                connection.execute("select set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
                return step()
        except psycopg.errors.LockNotAvailable as error:
            if time.monotonic() > deadline:
                raise PublishError(
                    phrase(
                        f"cần thêm cột vào một view mà có người đang đọc nó đã {_PATIENCE:.0f} giây: hãy đợi truy "
                        "vấn đó xong (xem pg_stat_activity), rồi công bố lại",
                        f"a view must grow and somebody has been reading it for {_PATIENCE:.0f} s: "
                        "let that query end (pg_stat_activity shows it), then publish again",
                    )
                ) from error
            time.sleep(0.25)


def report_views() -> list[str]:
    """Names of the report views that this version makes."""
    return sorted(path.stem for path in VIEWS.glob("*.sql"))


def _ensure_table(connection: psycopg.Connection, model: PublishedModel, columns: dict[str, str]) -> None:
    stored = relation_columns(connection, "release", model.name)
    table = sql.Identifier("release", model.name)
    if not stored:
        connection.execute(
            sql.SQL("create table {} (part_id bigint not null, {})").format(table, _definitions(columns))
        )
        connection.execute(
            sql.SQL(
                "create trigger refuse_change before update or delete or truncate on {} "
                "for each statement execute function release.refuse_change()"
            ).format(table)
        )
    else:
        _refuse_loss(model, columns, stored)
        for name in [name for name in columns if name not in stored]:
            connection.execute(
                sql.SQL("alter table {} add column {}").format(table, _definitions({name: columns[name]}))
            )


def _ensure_indexes(connection: psycopg.Connection, model: PublishedModel, columns: dict[str, str]) -> None:
    """The indexes that the model's yml asks for; by part where it names what the parts are cut by."""
    cut_by = cut_by_key(model, columns)
    for index in (("part_id",), *model.indexes):
        _ensure_index(connection, model.name, tuple("part_id" if name == cut_by else name for name in index))


def _refuse_loss(model: PublishedModel, columns: dict[str, str], stored: dict[str, str]) -> None:
    for name, stored_type in stored.items():
        if name != "part_id" and columns.get(name) != stored_type:
            raise ManifestError(
                phrase(
                    f"{model.name}.{name} đã công bố với kiểu {stored_type}, nay là "
                    f"{columns.get(name, 'không còn')}: cột đã công bố không bao "
                    "giờ đổi tên, đổi kiểu hay bỏ đi; hãy thêm cột mới",
                    f"{model.name}.{name} is published as {stored_type} and is now {columns.get(name, 'gone')}: "
                    "published columns are never renamed, retyped or removed; add a new column instead",
                )
            )


def _definitions(columns: dict[str, str]) -> sql.Composable:
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_name))  # the type is format_type's own text
        for name, type_name in columns.items()
    )


def _ensure_index(connection: psycopg.Connection, table: str, columns: tuple[str, ...]) -> None:
    """One B-tree index, named after what it holds, so that asking twice makes one, and the second asks for no lock."""
    mark = hashlib.sha256("|".join([table, *columns]).encode()).hexdigest()[:8]
    name = sql.Identifier("release", f"{table[:50]}_{mark}")
    if connection.execute("select to_regclass(%s)", [name.as_string()]).fetchone() != (None,):
        return
    connection.execute(
        sql.SQL("create index {} on {} ({})").format(
            sql.Identifier(f"{table[:50]}_{mark}"),
            sql.Identifier("release", table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
        )
    )


def _ensure_view(connection: psycopg.Connection, model: PublishedModel, columns: dict[str, str]) -> None:
    """Create the view, or append columns that the mart gained; else leave it, since replacing waits for readers."""
    wanted = list(relation_columns(connection, "published", model.name)) or [*columns, "release_id"]
    wanted += [name for name in columns if name not in wanted]
    text = _view_text(model, wanted, cut_by_key(model, columns)).as_string(connection)
    ensure_view(connection, model.name, text)


def _view_text(model: PublishedModel, columns: list[str], cut_by: str | None) -> sql.Composed:
    """`create or replace view`: rows of the parts of the release that the session reads.

    Many parts: a join to the manifest, which PostgreSQL hashes or looks up by index; what the parts are cut by comes
    from there, so that whoever asks for a period reads its parts. One part: a scalar subquery that is evaluated once,
    so that a report over eight dimensions still joins nine relations and not seventeen.
    """
    release, rows = _MANY_PARTS if model.part_by else _ONE_PART
    special = {"release_id": f"{release} as release_id", cut_by: f"manifest.part_value as {cut_by}"}
    outputs = [
        sql.SQL(special[name]) if name in special else sql.SQL("stored.{}").format(sql.Identifier(name))
        for name in columns
    ]
    return sql.SQL("create or replace view {view} as select {outputs} " + rows).format(
        view=sql.Identifier("published", model.name),
        outputs=sql.SQL(", ").join(outputs),
        table=sql.Identifier("release", model.name),
        name=sql.Literal(model.name),
    )


def _ensure_comments(connection: psycopg.Connection, model: PublishedModel, _: dict[str, str]) -> None:
    """Comments on the view and its columns from the model's yml."""
    wanted = {"": model.comment, "release_id": _RELEASE_ID}
    _comment(connection, model.name, wanted | {column.name: column.comment for column in model.columns})


def _comment(connection: psycopg.Connection, view: str, wanted: Mapping[str, str]) -> None:
    """Say of a view (name "") and its columns what is wanted; only what changed."""
    current: dict[str, str] = dict(
        connection.execute(
            """select coalesce(attribute.attname, ''), description.description
               from pg_description as description
               left join pg_attribute as attribute
                   on attribute.attrelid = description.objoid and attribute.attnum = description.objsubid
                   and description.objsubid > 0
               where description.objoid = format('published.%%I', %s::text)::regclass
                 and description.classoid = 'pg_class'::regclass""",
            [view],
        ).fetchall()
    )
    for name, text in wanted.items():
        if text and current.get(name) != text:
            target = sql.SQL("column {}.{}" if name else "view {}").format(
                sql.Identifier("published", view), sql.Identifier(name)
            )
            connection.execute(sql.SQL("comment on {} is {}").format(target, sql.Literal(text)))


def report_comments(text: str, models: Iterable[PublishedModel]) -> dict[str, str]:
    """Column of a report view -> what the model that it comes from says of it, of a dimension's with whose it is.

    `text` is the view's definition, one `alias.column [as name]` a line. A column without a word raises PublishError:
    nothing is published that nobody can look up.
    """
    said = {(model.name, column.name): column.comment for model in models for column in model.columns}
    tables = {alias: table for table, alias in re.findall(r"published\.(\w+) as (\w+)", text)}
    found = {}
    for alias, column, name in re.findall(r"^    (\w+)\.(\w+)(?: as (\w+))?,?$", text, re.MULTILINE):
        table = tables[alias]
        comment = _RELEASE_ID if column == "release_id" else said.get((table, column), "")
        if not comment:
            raise PublishError(
                phrase(
                    f"{table}.{column} được công bố mà chưa mô tả ở đâu: hãy mô tả trong {table}.yml",
                    f"{table}.{column} is published and described nowhere: describe it in {table}.yml",
                )
            )
        english, _, vietnamese = comment.partition(" · ")
        whose = _WHOSE.get(alias)
        found[name or column] = f"{whose[0]}: {english} · {whose[1]}: {vietnamese}" if whose else comment
    return found


_RELEASE_ID = "Release that the row is read from · Bản phát hành"
_WHOSE = {
    "programme": ("Programme", "Chương trình"),
    "indicator": ("Indicator", "Chỉ tiêu"),
    "region": ("Region", "Địa bàn"),
    "province": ("Province", "Tỉnh, thành phố"),
    "branch": ("Branch", "Đơn vị"),
    "bank": ("Bank", "Ngân hàng"),
    "period": ("Period", "Kỳ"),
}


def _ensure_report(connection: psycopg.Connection, name: str, text: str, models: Sequence[PublishedModel]) -> None:
    """Make or extend one report view once every view that it reads exists; unchanged text is left alone."""
    if ensure_view(connection, name, text):
        _comment(connection, name, report_comments(text, models))
