"""Rows between the private DuckDB and PostgreSQL: both work at once, nothing piles up."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from vwu.intake.feed.binary import HEADER, TRAILER, encode

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

_ROWS = 16_384  # of a batch: its records stay in the processor's cache while they are filled
# PostgreSQL's type of a column -> the engine's, where a cast is needed. A closed list stays what it is.
_TYPES = {"int8": "bigint", "int4": "integer", "numeric": "decimal(9, 4)", "uuid": "uuid", "date": "date"}


def copy_to_postgres(
    engine: DuckDBPyConnection, query: str, connection: psycopg.Connection, table: str, columns: Sequence[str]
) -> int:
    """COPY the rows of an engine's query into a table, within the caller's transaction, in any order; returns how many.

    Raises what either side raised; then the transaction is for the caller to roll back.
    """
    row = connection.execute(f"select {', '.join(columns)} from {table} limit 0").description or ()
    casts = {name: _TYPES.get(each.type_display) for name, each in zip(columns, row, strict=True)}
    typed = ", ".join(f"{name}::{kind}" if kind else name for name, kind in casts.items())
    cursor = connection.cursor()
    # Keeping an order would mean to pile up what is ready too early, without bound when the server is slow.
    engine.execute("set preserve_insertion_order = false")
    try:
        batches = engine.sql(f"select {typed} from ({query}) as row_of ({', '.join(columns)})").to_arrow_reader(_ROWS)
        with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin (format binary)") as copy:
            copy.write(HEADER)
            for batch in batches:
                for part in encode(batch.columns):
                    copy.write(part)
            copy.write(TRAILER)
    finally:
        engine.execute("set preserve_insertion_order = true")
    return cursor.rowcount


def copy_from_postgres(
    connection: psycopg.Connection,
    query: str,
    parameters: Sequence[object],
    engine: DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
) -> None:
    """Make an engine's table (columns: name -> type) of the rows of a query. Raises what either side raised."""
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    spec = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    engine.execute(f"create or replace temp table {table} ({typed})")
    reading, writing = os.pipe()
    load = (
        f"insert into {table} from read_csv('/dev/fd/{reading}', auto_detect = false, header = false, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{spec}}})"
    )
    reader = _Worker(lambda: engine.execute(load), reading)
    try:
        with (
            os.fdopen(writing, "wb") as target,
            connection.cursor().copy(f"copy ({query}) to stdout (format csv)", parameters) as copy,
        ):
            for chunk in copy:
                target.write(chunk)
    except BrokenPipeError:
        reader.finish()
        raise
    finally:
        reader.join()
    reader.finish()


class _Worker:
    """One statement of the engine in a thread of its own, at one end of a pipe that it closes when it is done."""

    def __init__(self, work: Callable[[], object], end: int) -> None:
        self._work, self._end = work, end
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # raised again in the caller's thread
            self._error = error
        finally:
            os.close(self._end)

    def join(self) -> None:
        self._thread.join()

    def finish(self) -> None:
        """Wait, and raise what went wrong in the thread."""
        self._thread.join()
        if self._error is not None:
            raise self._error
