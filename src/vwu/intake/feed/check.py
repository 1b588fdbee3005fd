"""Check one bank feed in full, without a database: control record, structure, cells, lines (INTERFACES 3)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from vwu.identities import masked
from vwu.intake.feed import group, loan, reference, source, table
from vwu.intake.feed.changes import changes_by_place
from vwu.intake.feed.columns import LAYOUTS, Column
from vwu.intake.feed.control import SUMS, Control, Counted, compare, read_control
from vwu.intake.feed.history import find_history_faults
from vwu.intake.feed.land import land_feed
from vwu.intake.feed.rulebook import Condition, Search, count_totals, find_by_searches, searches_of
from vwu.intake.model import FeedChange, FeedScope, Finding, Kind, has_errors
from vwu.intake.rules import finding

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

_RULES: Mapping[Kind, tuple[tuple[Condition, ...], tuple[Search, ...]]] = MappingProxyType(
    {
        Kind.LOAN: (loan.LOAN_CONDITIONS, loan.LOAN_SEARCHES),
        Kind.GROUP: (group.GROUP_CONDITIONS, group.GROUP_SEARCHES),
        Kind.SUMMARY: (group.SUMMARY_CONDITIONS, group.SUMMARY_SEARCHES),
    }
)
_DISTINCT = {Kind.LOAN: ("customer_id", "group_id"), Kind.GROUP: (None, "group_id")}


@dataclass
class CheckedFeed:
    """A feed that was read and checked. A context manager: its lines are gone when it closes.

    `scope` is None when the control record cannot be used. `findings` are those of the file alone.
    """

    scope: FeedScope | None = None
    findings: tuple[Finding, ...] = ()
    row_count: int = 0
    _file_name: str = ""
    _control: Control | None = None
    _engine: DuckDBPyConnection | None = None
    _resources: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def history_findings(self, connection: psycopg.Connection) -> tuple[Finding, ...]:
        """What the month before and the other kind of the month say. Raises ValueError for a faulty feed."""
        engine, control = self._usable()
        return find_history_faults(engine, connection, control, self._file_name)

    def changes(self, connection: psycopg.Connection, replaced: str) -> tuple[FeedChange, ...]:
        """What it changes to the receipt in force, by place. Raises ValueError for a faulty feed."""
        engine, control = self._usable()
        return changes_by_place(engine, connection, control, replaced)

    def land(self, connection: psycopg.Connection, receipt_id: str, scope_key: str, token_key: bytes) -> None:
        """Put the feed into the database, in the caller's transaction. Raises ValueError for a faulty feed."""
        engine, control = self._usable()
        land_feed(engine, connection, control, receipt_id, scope_key, token_key)

    def _usable(self) -> tuple[DuckDBPyConnection, Control]:
        if self._engine is None or self._control is None or has_errors(self.findings):
            raise ValueError(f"{self._file_name} has errors: it can be neither compared nor landed")
        return self._engine, self._control


def check_feed(data: Path, control: bytes | None, catalogue: Catalogue, today: date) -> CheckedFeed:
    """Check a data file against its control record and every rule of its kind; `today` bounds the as-of date.

    Raises OSError when the file cannot be opened, duckdb.Error when memory or disk run out. Everything that is wrong
    with the content is a finding.
    """
    record, findings = read_control(control, data.name)
    if record is None:
        return CheckedFeed(findings=findings, _file_name=data.name)
    findings = (*findings, *_control_faults(record, catalogue, today))
    try:
        header = source.read_header(data)
    except (source.BrokenCompressionError, UnicodeDecodeError) as error:
        return CheckedFeed(record.scope, (*findings, _unreadable(data.name, error)), _file_name=data.name)
    header_faults = _header_faults(record, header, data.name)
    if header_faults:
        return CheckedFeed(record.scope, (*findings, *header_faults), _file_name=data.name)
    with ExitStack() as resources:
        engine = resources.enter_context(table.open_engine())
        row_count, found = _check_content(engine, data, header, record, catalogue)
        kept = resources.pop_all()
    return CheckedFeed(record.scope, (*findings, *found), row_count, data.name, record, engine, kept)


def _control_faults(control: Control, catalogue: Catalogue, today: date) -> list[Finding]:
    position, as_of = f"{control.file_name}.control.json", control.as_of_date
    found = []
    if catalogue.bank(control.bank_code) is None:
        found.append(finding("FEED_BANK_UNKNOWN", position=position, column="bank_code", value=control.bank_code))
    month_end = as_of.replace(day=calendar.monthrange(as_of.year, as_of.month)[1])
    names: dict[str, Any] = {"position": position, "column": "as_of_date", "value": as_of.isoformat()}
    if as_of != month_end:
        found.append(finding("FEED_AS_OF_NOT_MONTH_END", **names, proposed=month_end.isoformat()))
    if as_of > today:
        found.append(finding("FEED_AS_OF_FUTURE", **names))
    return found


def _unreadable(file_name: str, error: Exception) -> Finding:
    rule_id = "FEED_ENCODING" if isinstance(error, UnicodeDecodeError) else "FEED_COMPRESSION"
    place: dict[str, Any] = {"at_vi": f"{file_name} dòng 1", "at_en": f"{file_name} line 1"}
    return finding(rule_id, position=f"{file_name}:1", value=file_name, **place)


def _header_faults(control: Control, header: Sequence[str], file_name: str) -> list[Finding]:
    """The header has exactly the columns of its kind; their order is free."""
    wanted = [column.name for column in LAYOUTS[control.kind]]
    if not header:
        return [finding("FILE_EMPTY", position=file_name)]
    faults = [("FEED_COLUMN_MISSING", name) for name in wanted if name not in header]
    faults += [("FEED_COLUMN_UNKNOWN", name) for name in dict.fromkeys(header) if name not in wanted]
    faults += [("FEED_COLUMN_REPEATED", name) for name in wanted if header.count(name) > 1]
    return [finding(rule_id, position=f"{file_name}:1", column=_shown_name(name)) for rule_id, name in faults]


def _shown_name(name: str) -> str:
    """Where the header is left out, its cells are those of a person: what is no name of a column is masked."""
    return name[:60] if re.fullmatch(r"[A-Za-z]+(_[A-Za-z]+)*[0-9]{0,2}", name) else masked(name[:60])


def _check_content(
    engine: DuckDBPyConnection, data: Path, header: Sequence[str], control: Control, catalogue: Catalogue
) -> tuple[int, tuple[Finding, ...]]:
    layout = LAYOUTS[control.kind]
    try:
        row_count, scanned = _read(engine, data, header, layout)
    except source.BrokenCompressionError as error:
        return 0, (_unreadable(data.name, error),)
    if row_count is None or scanned.line_count != row_count + 1 or not scanned.may_have_width(len(header)):
        return row_count or 0, source.find_structure_faults(data, len(header))
    cell_faults = table.find_cell_faults(engine, data, header, layout)
    line_faults, counted = _check_lines(engine, data.name, control, catalogue, scanned.sha256, row_count)
    # What could not be read cannot be added up, or told apart.
    unread = {each.column for each in cell_faults}
    return row_count, (*compare(control, counted, unread), *cell_faults, *line_faults)


def _read(
    engine: DuckDBPyConnection, data: Path, header: Sequence[str], layout: Sequence[Column]
) -> tuple[int | None, source.Scan]:
    """Read the lines and, beside it, scan the bytes; no row count when the engine cannot make lines of them."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        scanning = beside.submit(source.scan, data)
        try:
            row_count: int | None = table.load_lines(engine, data, header, layout)
        except table.UnreadableError:
            row_count = None
        finally:
            scanned = scanning.result()  # damaged compression explains whatever the engine said
    return row_count, scanned


def _check_lines(
    engine: DuckDBPyConnection,
    file_name: str,
    control: Control,
    catalogue: Catalogue,
    sha256: str,
    row_count: int,
) -> tuple[tuple[Finding, ...], Counted]:
    layout = LAYOUTS[control.kind]
    reference.load_reference(engine, catalogue, control.as_of_date)
    conditions, searches = _RULES[control.kind]
    conditions = (
        *_same_everywhere(control),
        *reference.code_system_conditions(control.as_of_date),
        *conditions,
    )
    totals = count_totals(engine, SUMS, conditions)
    found = find_by_searches(engine, file_name, layout, [*searches_of(conditions, totals), *searches])
    if control.kind is Kind.LOAN:
        found = (*found, *_male_borrowers(engine, file_name))
    customers, groups = _distinct_counts(engine, control.kind)
    return found, Counted(file_name, sha256, row_count, totals.sums, customers, groups)


def _same_everywhere(control: Control) -> tuple[Condition, ...]:
    """Bank and as-of date of each line are those of the control record."""
    bank = control.bank_code.replace("'", "''")
    as_of = f"date '{control.as_of_date.isoformat()}'"
    return (
        Condition("FEED_LINE_BANK", "bank_code", f"bank_code <> '{bank}'", "bank_code", f"'{bank}'"),
        Condition("FEED_LINE_AS_OF", "as_of_date", f"as_of_date <> {as_of}", "as_of_date", as_of),
    )


def _distinct_counts(engine: DuckDBPyConnection, kind: Kind) -> tuple[int | None, int | None]:
    names = _DISTINCT.get(kind, (None, None))
    counts = ", ".join(f"count(distinct {name})" if name else "null" for name in names)
    row = engine.execute(f"select {counts} from line").fetchone()
    assert row is not None
    return row[0], row[1]


def _male_borrowers(engine: DuckDBPyConnection, file_name: str) -> list[Finding]:
    row = engine.execute(loan.MALE_BORROWERS).fetchone()
    if row is None or not row[0]:
        return []
    return [finding("LOAN_BORROWER_MALE", position=file_name, column="sex", value=str(row[0]), line_count=row[0])]
