"""One feed as a table of typed lines in a private DuckDB, and the cells that do not hold what their column should.

The table `line` has one row per record in file order, so that a record's physical line is `rowid + 2`. It lives in
memory; what does not fit spills, encrypted under a key that dies with the process, into a folder of mode 0700 that is
removed in the end: the lines are identities (ARCHITECTURE D9).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import Column, Form
from vwu.intake.feed.mask import shown
from vwu.intake.feed.places import MOST_LINES, line_finding
from vwu.intake.model import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE = "rowid + 2"
"""SQL of a record's physical line: the header is line 1 and rows are numbered from 0."""

_MEMORY_LIMIT = "1000MB"
_EARLIEST_DATE, _LATEST_DATE = "1850-01-01", "2200-12-31"


class UnreadableError(Exception):
    """The engine cannot read the file as one record a line."""


@contextmanager
def open_engine() -> Iterator[DuckDBPyConnection]:
    """A DuckDB of one's own: in memory, spilling encrypted into a private folder that goes away with it."""
    import duckdb

    folder = Path(tempfile.mkdtemp(prefix="vwu-feed-"))
    try:
        with duckdb.connect(":memory:") as engine:
            engine.execute("set temp_directory = ?", [str(folder)])
            engine.execute("set temp_file_encryption = true")
            engine.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
            engine.execute("set preserve_insertion_order = true")  # line numbers rest on it
            engine.execute("set enable_progress_bar = false")  # it would write into the output of `--json`
            engine.execute("set autoinstall_known_extensions = false")
            yield engine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load_lines(engine: DuckDBPyConnection, path: Path, header: Sequence[str], layout: Sequence[Column]) -> int:
    """Read the file into the table `line`, typed, with how many cells of each are faulty; returns the row count.

    Raises UnreadableError when a line is not a record. No message of the engine is passed on: they quote lines.
    """
    import duckdb

    typed = ", ".join(f"{_typed(column)} as {column.name}" for column in layout)
    try:
        engine.execute(
            f"create table line as select {typed}, {_fault_count(layout)} as faults from {_reader(path, header)}"
        )
    except duckdb.Error:
        raise UnreadableError(path.name) from None
    row = engine.execute("select count(*) from line").fetchone()
    assert row is not None
    return int(row[0])


def find_cell_faults(
    engine: DuckDBPyConnection, path: Path, header: Sequence[str], layout: Sequence[Column]
) -> tuple[Finding, ...]:
    """Each column and rule with the cells that break it. The text is read again for the faulty lines alone."""
    row = engine.execute("select count(*) from line where faults > 0").fetchone()
    if row is None or row[0] == 0:
        return ()
    # Both keep the order of the file: the n-th faulty row of text is the n-th faulty line.
    engine.execute(
        f"create or replace temp table text as select * from {_reader(path, header)} where {_fault_count(layout)} > 0"
    )
    engine.execute(
        """create or replace temp table faulty as
           with place as (
               select rowid as place, row_number() over (order by rowid) - 1 as number from line where faults > 0
           )
           select place.place, text.* from text inner join place on place.number = text.rowid"""
    )
    return tuple(
        each
        for column in layout
        for rule_id, condition in _cell_rules(column)
        for each in _cell_finding(engine, path.name, rule_id, column, condition)
    )


def _cell_finding(
    engine: DuckDBPyConnection, file_name: str, rule_id: str, column: Column, condition: str
) -> list[Finding]:
    rows = engine.execute(
        f"""select place + 2, {column.name}, count(*) over () from faulty
            where {condition} order by place limit {MOST_LINES}"""
    ).fetchall()
    if not rows:
        return []
    proposed = ", ".join(column.choices) or None
    return [
        line_finding(
            rule_id,
            file_name,
            [row[0] for row in rows],
            rows[0][2],
            column=column.name,
            value=shown(column, rows[0][1]),
            proposed=proposed,
        )
    ]


def _reader(path: Path, header: Sequence[str]) -> str:
    """SQL of the file as text columns. Column names are checked against the layout before; the path is quoted."""
    columns = ", ".join(f"'{name}': 'varchar'" for name in header)
    literal = re.sub(r"([*?\[])", r"[\1]", str(path))  # a path, not a pattern of paths
    quoted = literal.replace("'", "''")
    return (
        f"read_csv('{quoted}', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        f" strict_mode = true, null_padding = false, columns = {{{columns}}}, compression = '{_compression(path)}')"
    )


def _compression(path: Path) -> str:
    return {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower(), "none")


def _typed(column: Column) -> str:
    """SQL over the text: the value, or null where the cell is faulty, so that no other rule speaks of it."""
    kind = {
        Form.AMOUNT: "bigint",
        Form.SIGNED_AMOUNT: "bigint",
        Form.COUNT: "integer",
        Form.DATE: "date",
        Form.RATE: "decimal(9, 4)",
    }.get(column.form, _code_list(column) if column.choices else None)
    value = f"try_cast({column.name} as {kind})" if kind else column.name
    return f"case when {_fault(column)} then null else {value} end"


def _fault_count(layout: Sequence[Column]) -> str:
    """SQL over the text: how many cells of a line are faulty."""
    return " + ".join(f"({_fault(column)})::utinyint" for column in layout)


def _fault(column: Column) -> str:
    """SQL: this cell breaks one of its rules; never null."""
    return " or ".join(f"({condition})" for _, condition in _cell_rules(column)) or "false"


def _cell_rules(column: Column) -> list[tuple[str, str]]:
    """(rule, SQL over the text that is true for a fault and never null) of a column."""
    name = column.name
    rules = [("FEED_CELL_MISSING", f"{name} is null")] if column.is_required else []
    if column.choices:
        rules.append(("FEED_CELL_CODE", f"({name} is not null and try_cast({name} as {_code_list(column)}) is null)"))
    elif column.form in {Form.AMOUNT, Form.SIGNED_AMOUNT}:
        rules.append(("FEED_CELL_AMOUNT", _not_canonical(name, "bigint")))
        if column.form is Form.AMOUNT:
            negative = f"coalesce(try_cast({name} as bigint) < 0, false)"
            rules.append(("FEED_CELL_NEGATIVE", f"({negative} and not {_not_canonical(name, 'bigint')})"))
    elif column.form is Form.COUNT:
        negative = f"coalesce(try_cast({name} as integer) < 0, false)"
        rules.append(("FEED_CELL_COUNT", f"{_not_canonical(name, 'integer')} or {negative}"))
    elif column.form is Form.DATE:
        span = f"date '{_EARLIEST_DATE}' and date '{_LATEST_DATE}'"
        outside = f"coalesce(try_cast({name} as date) not between {span}, false)"
        rules.append(("FEED_CELL_DATE", f"{_not_canonical(name, 'date')} or {outside}"))
    elif column.form is Form.RATE:
        shape = f"not regexp_full_match({name}, '[0-9]{{1,2}}(\\.[0-9]{{1,4}})?|100(\\.0{{1,4}})?')"
        rules.append(("FEED_CELL_RATE", f"coalesce({shape}, false)"))
    return rules


def _code_list(column: Column) -> str:
    """SQL type of a closed list. Not `in (…)`: the engine makes a join of that, and the order of the lines is lost."""
    return f"enum({', '.join(repr(choice) for choice in column.choices)})"


def _not_canonical(name: str, kind: str) -> str:
    """SQL: the text is there but is not how this type is written out.

    The engine's casts are generous (`1.5` becomes 2, `1e3` 1000): only what reads back as it was written is taken.
    """
    return f"({name} is not null and coalesce(try_cast({name} as {kind})::varchar <> {name}, true))"
