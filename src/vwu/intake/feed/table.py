"""One feed as a table of typed lines in a private DuckDB, and the cells that do not hold what their column should.

The table `line` has one row per record in file order, so that a record's physical line is `rowid + 2`. It lives in
memory; what does not fit spills, encrypted, into a folder of mode 0700 that is removed in the end: the lines are
identities (ARCHITECTURE D9).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import Column, Form
from vwu.intake.feed.mask import shown
from vwu.intake.feed.places import MOST_LINES, line_finding
from vwu.intake.model import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE = "rowid + 2"
"""SQL of a record's physical line: the header is line 1 and rows are numbered from 0."""

_MEMORY_LIMIT = "1150MB"
_SPILL_PREFIX = "vwu-feed-"
_RATE = r"[0-9]{1,2}(\.[0-9]{1,4})?|100(\.0{1,4})?"
# Forms whose text must be what their value reads back as, and between what; no bounds: any value.
_READS_BACK: Mapping[Form, tuple[str, str]] = MappingProxyType(
    {
        Form.AMOUNT: ("0", "9223372036854775807"),
        Form.SIGNED_AMOUNT: ("", ""),
        Form.COUNT: ("0", "2147483647"),
        Form.DATE: ("date '1850-01-01'", "date '2200-12-31'"),
    }
)
# Provinces of birth registration, TT 07/2016/TT-BCA: the 63 old province codes behind a zero. Never a residence.
BIRTH_PROVINCES = (
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020", "022", "024", "025",
    "026", "027", "030", "031", "033", "034", "035", "036", "037", "038", "040", "042", "044", "045", "046", "048",
    "049", "051", "052", "054", "056", "058", "060", "062", "064", "066", "067", "068", "070", "072", "074", "075",
    "077", "079", "080", "082", "083", "084", "086", "087", "089", "091", "092", "093", "094", "095", "096",
)  # fmt: skip


class UnreadableError(Exception):
    """The engine cannot read the file as one record a line."""


@contextmanager
def open_engine() -> Iterator[DuckDBPyConnection]:
    """A DuckDB of one's own: in memory, spilling encrypted into a private folder that goes away with it."""
    import duckdb

    _sweep_after_the_killed(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{_SPILL_PREFIX}{os.getpid()}-"))
    try:
        with duckdb.connect(":memory:") as engine:
            engine.execute("set temp_directory = ?", [str(folder)])
            # The engine's built-in cipher draws its key from a weak source and wants that acknowledged: the folder's
            # mode and its removal are the protection, the cipher covers what a killed process leaves until the sweep.
            engine.execute("set force_mbedtls_unsafe = 'true'")
            engine.execute("set temp_file_encryption = true")
            engine.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
            engine.execute("set preserve_insertion_order = true")  # line numbers rest on it
            engine.execute("set arrow_lossless_conversion = true")  # a UUID stays one
            engine.execute("set enable_progress_bar = false")  # it would write into the output of `--json`
            engine.execute("set autoinstall_known_extensions = false")
            yield engine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_after_the_killed(parent: Path) -> None:
    """Remove what killed processes left behind; a folder of another user stays, since it cannot be removed."""
    for folder in parent.glob(f"{_SPILL_PREFIX}*-*"):
        process = folder.name.removeprefix(_SPILL_PREFIX).split("-")[0]
        if process.isdigit() and not _runs(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def load_lines(engine: DuckDBPyConnection, path: Path, header: Sequence[str], layout: Sequence[Column]) -> int:
    """Read the file into the table `line`, typed, with a flag where a cell is faulty; returns the row count.

    Raises UnreadableError when a line is not a record (the engine's own message quotes lines, and is kept back);
    duckdb.Error when memory, disk or the engine fail.
    """
    import duckdb

    # Each cast stands in the inner query, so that the check and the value share it.
    casts = ", ".join(f"try_cast({column.name} as {_sql_type(column)}) as {_value(column)}" for column in layout)
    typed = ", ".join(f"{_value(column)} as {column.name}" for column in layout)
    good = " and ".join(_is_good(column) for column in layout)
    try:
        engine.execute(
            f"""create table line as select {typed}, not coalesce({good}, false) as is_faulty
                from (select *, {casts} from {_reader(path, header)})"""
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.NotImplementedException):
        # The last of them: many megabytes without a record.
        raise UnreadableError(path.name) from None
    row = engine.execute("select count(*) from line").fetchone()
    assert row is not None
    return int(row[0])


def find_cell_faults(
    engine: DuckDBPyConnection, path: Path, header: Sequence[str], layout: Sequence[Column]
) -> tuple[Finding, ...]:
    """Each column and rule with the cells that break it. The text is read again for the faulty lines alone.

    Faulty cells become null in `line`, so that no other rule speaks of them.
    """
    row = engine.execute("select count(*) from line where is_faulty").fetchone()
    if row is None or row[0] == 0:
        return ()
    _reread_faulty_lines(engine, path, header, layout)
    found: list[Finding] = []
    for column in layout:
        of_column = [
            each
            for rule_id, condition in _cell_rules(column)
            for each in _cell_finding(engine, path.name, rule_id, column, condition)
        ]
        if of_column:
            faulty = " or ".join(f"({condition})" for _, condition in _cell_rules(column))
            engine.execute(
                f"update line set {column.name} = null where rowid in (select place from faulty where {faulty})"
            )
        found += of_column
    return tuple(found)


def _reread_faulty_lines(
    engine: DuckDBPyConnection, path: Path, header: Sequence[str], layout: Sequence[Column]
) -> None:
    """The table `faulty`: text and place of the faulty lines. Both readings keep the order of the file, so the n-th
    faulty row of text is the n-th faulty line."""
    casts = ", ".join(f"try_cast({column.name} as {_sql_type(column)}) as {_value(column)}" for column in layout)
    good = " and ".join(_is_good(column) for column in layout)
    engine.execute(
        f"""create or replace temp table text as
            select {", ".join(header)} from (select *, {casts} from {_reader(path, header)})
            where not coalesce({good}, false)"""
    )
    engine.execute(
        """create or replace temp table faulty as
           with place as (
               select rowid as place, row_number() over (order by rowid) - 1 as number from line where is_faulty
           )
           select place.place, text.* from text inner join place on place.number = text.rowid"""
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


def _value(column: Column) -> str:
    """Name of a column's typed value beside its text."""
    return f"value_of_{column.name}"


def _sql_type(column: Column) -> str:
    if column.choices:
        return _code_list(column)
    kinds = {
        Form.AMOUNT: "bigint",
        Form.SIGNED_AMOUNT: "bigint",
        Form.COUNT: "integer",
        Form.DATE: "date",
        Form.RATE: "decimal(9, 4)",
    }
    return kinds.get(column.form, "varchar")


def _is_good(column: Column) -> str:
    """SQL, over text and value: the cell breaks none of its rules; null or false when it does. Made to be fast."""
    name, value = column.name, _value(column)
    if column.choices:
        # Not `is not null`: where the text is not asked for, the engine casts as it reads, and fails on a faulty cell.
        good = f"{value}::varchar = {name}"
    elif column.form in _READS_BACK:
        low, high = _READS_BACK[column.form]
        good = f"{value}::varchar = {name}" + (f" and {value} between {low} and {high}" if low else "")
    elif column.form is Form.RATE:
        good = f"regexp_full_match({name}, '{_RATE}')"
    elif column.form is Form.CITIZEN_ID:
        good = f"regexp_full_match({name}, '({'|'.join(BIRTH_PROVINCES)})[0-3][0-9]{{8}}')"
    else:
        good = f"{name} is not null"
    return f"({good})" if column.is_required else f"({name} is null or ({good}))"


def _cell_rules(column: Column) -> list[tuple[str, str]]:
    """(rule, SQL over the text that is true for a fault) of a column; together exactly what is not `_is_good`."""
    name = column.name
    rules = [("FEED_CELL_MISSING", f"{name} is null")] if column.is_required else []
    if column.choices:
        rules.append(("FEED_CELL_CODE", f"({name} is not null and try_cast({name} as {_code_list(column)}) is null)"))
    elif column.form in {Form.AMOUNT, Form.SIGNED_AMOUNT}:
        rules.append(("FEED_CELL_AMOUNT", _not_canonical(column)))
        if column.form is Form.AMOUNT:
            rules.append(("FEED_CELL_NEGATIVE", f"not {_not_canonical(column)} and try_cast({name} as bigint) < 0"))
    elif column.form in {Form.COUNT, Form.DATE}:
        low, high = _READS_BACK[column.form]
        outside = f"try_cast({name} as {_sql_type(column)}) not between {low} and {high}"
        rule_id = "FEED_CELL_COUNT" if column.form is Form.COUNT else "FEED_CELL_DATE"
        rules.append((rule_id, f"{_not_canonical(column)} or {outside}"))
    elif column.form is Form.RATE:
        rules.append(("FEED_CELL_RATE", f"not regexp_full_match({name}, '{_RATE}')"))
    elif column.form is Form.CITIZEN_ID:
        prefixes = ", ".join(f"'{prefix}'" for prefix in BIRTH_PROVINCES)
        rules.append(("LOAN_CITIZEN_ID_LOST_ZERO", f"regexp_full_match({name}, '[0-9]{{11}}')"))
        rules.append(("LOAN_CITIZEN_ID_FORM", f"not regexp_full_match({name}, '[0-9]{{11,12}}')"))
        shape = f"regexp_full_match({name}, '[0-9]{{12}}')"
        rules.append(("LOAN_CITIZEN_ID_PREFIX", f"{shape} and left({name}, 3) not in ({prefixes})"))
        century = f"{shape} and left({name}, 3) in ({prefixes}) and substring({name}, 4, 1) > '3'"
        rules.append(("LOAN_CITIZEN_ID_CENTURY", century))
    return rules


def _code_list(column: Column) -> str:
    """SQL type of a closed list. Not `in (…)`: the engine makes a join of that, and the order of the lines is lost."""
    return f"enum({', '.join(repr(choice) for choice in column.choices)})"


def _not_canonical(column: Column) -> str:
    """SQL: the text is there but is not how this type is written out.

    The engine's casts are generous (`1.5` becomes 2, `1e3` 1000): only what reads back as it was written is taken.
    """
    name = column.name
    read_back = f"try_cast({name} as {_sql_type(column)})::varchar"
    return f"({name} is not null and coalesce({read_back} <> {name}, true))"
