"""Rows between the private DuckDB and PostgreSQL as CSV through a pipe: both work at once, nothing piles up."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

_CHUNK = 1 << 18


def copy_to_postgres(
    engine: DuckDBPyConnection, query: str, connection: psycopg.Connection, table: str, columns: Iterable[str]
) -> None:
    """COPY the rows of an engine's query into a table, within the caller's transaction; in any order.

    Raises what either side raised; then the transaction is for the caller to roll back.
    """
    # Keeping an order would mean to pile up what is ready too early, without bound when the server is slow.
    engine.execute("set preserve_insertion_order = false")
    reading, writing = os.pipe()
    writer = _Worker(
        lambda: engine.execute(f"copy ({query}) to '/dev/fd/{writing}' (format csv, header false, use_tmp_file false)"),
        writing,
    )
    try:
        with connection.cursor().copy(f"copy {table} ({', '.join(columns)}) from stdin (format csv)") as copy:
            while chunk := os.read(reading, _CHUNK):
                copy.write(chunk)
            writer.finish()
    finally:
        os.close(reading)  # a writer that is still at work sees a broken pipe and ends
        writer.join()
        engine.execute("set preserve_insertion_order = true")


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
