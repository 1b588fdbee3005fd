"""`package/`: a CSV of each published view for the period, a dictionary, a Frictionless package, SDMX-CSV, a contract.

What is written, and what is said of each column, comes from the database: the views of `published` and their comments,
which publishing takes from the models. So package, dictionary and database cannot drift apart.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.html import whole_file, write_whole
from vwu.report.contract import data_contract
from vwu.report.sdmx import write_sdmx

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

    from vwu.rollup import Rollup

# How PostgreSQL's types are called in a Frictionless table schema.
_TYPES = {
    "bigint": "integer", "integer": "integer", "smallint": "integer", "numeric": "number", "boolean": "boolean",
    "date": "date", "timestamp with time zone": "datetime", "jsonb": "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of a published view; a comment says it in English, then in Vietnamese."""

    view: str
    name: str
    data_type: str
    comment: str

    @property
    def description_en(self) -> str:
        return self.comment.partition(" · ")[0]

    @property
    def description_vi(self) -> str:
        return self.comment.partition(" · ")[2]

    @property
    def field(self) -> dict[str, Any]:
        """The column as a Frictionless field; unknown types are text."""
        found: dict[str, Any] = {"name": self.name, "type": _TYPES.get(self.data_type, "string")}
        if self.data_type == "boolean":  # as PostgreSQL writes them in CSV
            found |= {"trueValues": ["t"], "falseValues": ["f"]}
        if self.comment:
            found |= {"description": self.description_en, "description_vi": self.description_vi}
        return found


def write_package(connection: psycopg.Connection, rollup: Rollup, folder: Path) -> list[Path]:
    """Write the package and return its files. `connection` must be the one that the roll-up was read with."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = _columns(connection)
    views = sorted({column.view for column in columns})
    keys, codes = _periods(connection, rollup)
    paths, resources = [], []
    for view in views:
        own = [column for column in columns if column.view == view]
        path, size, checksum = _write_view(connection, own, keys, codes, folder)
        paths.append(path)
        resources.append(_resource(own, path, size, checksum))
    paths.append(write_sdmx(connection, rollup, folder / "sdmx_rollup.csv"))
    paths.append(write_whole(folder / "datacontract.yaml", data_contract(columns, rollup.release).encode()))
    paths.append(write_whole(folder / "dictionary.csv", _dictionary(columns)))
    package = json.dumps(_describe(rollup, resources), ensure_ascii=False, indent=2)
    paths.append(write_whole(folder / "datapackage.json", f"{package}\n".encode()))
    return paths


def _columns(connection: psycopg.Connection) -> list[ViewColumn]:
    rows = connection.execute(_COLUMNS).fetchall()
    return [ViewColumn(*row) for row in rows]


def _periods(connection: psycopg.Connection, rollup: Rollup) -> tuple[list[int], list[str]]:
    """Keys and codes of the period in every calendar, and of the bank's months within it."""
    rows = connection.execute(
        "select period_key, period_code from published.dim_period where period_code = %s "
        "or (calendar = 'bank' and period_kind = 'month' and end_date = any(%s)) order by period_key",
        [rollup.period.period_code, list(rollup.credit_month_ends)],
    ).fetchall()
    return [key for key, _ in rows], sorted({code for _, code in rows})


def _write_view(
    connection: psycopg.Connection, columns: Sequence[ViewColumn], keys: list[int], codes: list[str], folder: Path
) -> tuple[Path, int, str]:
    """Write a view's rows of the period as they come, for a nation's do not fit twice; its path, size and checksum."""
    path = folder / f"{columns[0].view}.csv"
    size, checksum = 0, hashlib.sha256()
    with whole_file(path) as file, connection.cursor() as cursor, cursor.copy(_query(columns, keys, codes)) as copied:
        for block in copied:
            file.write(block)
            checksum.update(block)
            size += len(block)
    return path, size, checksum.hexdigest()


def _query(columns: Sequence[ViewColumn], keys: list[int], codes: list[str]) -> sql.Composed:
    """A view's rows of the period as CSV, ordered by all columns, so that the same rows give the same bytes.

    By those first that tell most rows apart: a nation's rows are ordered in half the time.
    """
    from psycopg import sql

    names = [column.name for column in columns]
    condition: sql.Composable = sql.SQL("true")
    if "period_key" in names and columns[0].view != "dim_period":
        condition = sql.SQL("period_key = any({})").format(sql.Literal(keys))
    elif "period_code" in names and columns[0].view != "dim_period":
        condition = sql.SQL("(period_code is null or period_code = any({}))").format(sql.Literal(codes))
    return sql.SQL(
        "copy (select {names} from {view} where {condition} order by {order}) to stdout (format csv, header)"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        view=sql.Identifier("published", columns[0].view),
        condition=condition,
        order=sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(column.name))
            if column.data_type == "jsonb"
            else sql.Identifier(column.name)
            for column in sorted(columns, key=_telling_apart)
        ),
    )


def _telling_apart(column: ViewColumn) -> tuple[bool, bool]:
    is_place = column.name.startswith(("region_", "branch_"))
    is_code = column.name.endswith(("_code", "_key"))
    return not (is_place and is_code), not is_code


def _resource(columns: Sequence[ViewColumn], path: Path, size: int, checksum: str) -> dict[str, Any]:
    return {
        "name": columns[0].view.replace("_", "-"),
        "path": path.name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{checksum}",
        "schema": {"fields": [column.field for column in columns], "missingValues": [""]},
    }


def _dictionary(columns: Iterable[ViewColumn]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["view", "column", "data_type", "description_en", "description_vi"])
    for column in columns:
        writer.writerow([column.view, column.name, column.data_type, column.description_en, column.description_vi])
    return text.getvalue().encode()


def _describe(rollup: Rollup, resources: list[dict[str, Any]]) -> dict[str, Any]:
    release, period = rollup.release, rollup.period
    code = period.period_code.lower().replace("/", "-")
    return {
        "profile": "tabular-data-package",
        "name": f"vwu-{code}-r{release.release_id}",
        "title": f"Hội LHPN Việt Nam, kỳ {period.period_code}, bản phát hành {release.release_id}",
        "version": f"{release.release_id}.0.0",
        "created": release.published_at.isoformat(),
        "period": {"code": period.period_code, "start": f"{period.start_date}", "end": f"{period.end_date}"},
        "resources": resources,
    }


_COLUMNS = """
select
    relation.relname as view, attribute.attname as name, format_type(attribute.atttypid, null) as data_type,
    coalesce(col_description(relation.oid, attribute.attnum), '') as comment
from pg_class as relation
inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
inner join pg_attribute as attribute on attribute.attrelid = relation.oid
where namespace.nspname = 'published' and relation.relkind = 'v'
    and attribute.attnum > 0 and not attribute.attisdropped
order by relation.relname, attribute.attnum
"""
