"""Writes the bank feeds of a nation: loans and groups of one bank, summaries of others, each with its control record.

Each month of each bank is written chunk by chunk; what the chunks add up to is kept in small tables: `group_line` and
`summary_line` for the other kinds, `place_credit` for the branches, who report what the banks lent through the Union.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.catalogue import FIRST_DAY_OF_REFORM
from vwu.generate.data_file import copy_lines, open_data_file
from vwu.generate.portfolio import Portfolio, loan_lines, make_groups, turns_by_place
from vwu.generate.request import last_day, month_after
from vwu.intake.feed.columns import CONTROL_SUFFIX, GROUP_COLUMNS, LAYOUTS, LOAN_COLUMNS, SUMMARY_COLUMNS
from vwu.intake.feed.control import SUMS
from vwu.intake.model import Kind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

_PLACE_CREDIT = """create table if not exists place_credit
    (place bigint, month_end date, turns bigint, lent bigint, closing_balance bigint)"""
COLUMNS = {Kind.LOAN: LOAN_COLUMNS, Kind.GROUP: GROUP_COLUMNS, Kind.SUMMARY: SUMMARY_COLUMNS}


@dataclass
class Totals:
    """What a control record states of its file; sums in đồng."""

    row_count: int = 0
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))
    customers: int = 0
    groups: int = 0

    def add(self, engine: DuckDBPyConnection, table: str, *, customers: bool = False, groups: bool = False) -> None:
        """Add the lines of a table, whose persons and groups are in no other that is added."""
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in SUMS)
        row = engine.execute(
            f"""select count(*), {"count(distinct customer_id)" if customers else "0"},
                {"count(distinct group_id)" if groups else "0"}, {sums} from {table}"""
        ).fetchone()
        assert row is not None
        self.row_count += row[0]
        self.customers += row[1]
        self.groups += row[2]
        for name, amount in zip(SUMS, row[3:], strict=True):
            self.sums[name] += int(amount)


def write_feeds(
    engine: DuckDBPyConnection,
    portfolio: Portfolio,
    catalogue: Catalogue,
    month_ends: Sequence[date],
    directory: Path,
    compression: str | None,
) -> Iterator[Path]:
    """Write the feeds of one lender, month after month, and give each data file when it is there.

    Fills `place_credit` for these months. Raises OSError, or duckdb.Error when memory and disk do not suffice.
    """
    chunks = make_groups(engine, portfolio)
    _add_earlier_turns(engine, portfolio, month_ends[0])
    previous: dict[Kind, int] = {}
    for month_end in month_ends:
        kinds = portfolio.lender.kinds
        paths = {
            kind: directory / feed_name(portfolio.lender.bank_code, kind, month_end, compression) for kind in kinds
        }
        for kind, totals, sha256 in _write_kinds(engine, portfolio, catalogue, month_end, chunks, paths):
            write_control(paths[kind], portfolio.lender.bank_code, kind, month_end, totals, sha256, previous.get(kind))
            previous[kind] = totals.sums["closing_balance"]
            yield paths[kind]


def feed_name(bank_code: str, kind: Kind, month_end: date, compression: str | None) -> str:
    """The name of a data file."""
    return f"{bank_code}_{kind}_{month_end}.csv" + (f".{compression}" if compression else "")


def write_control(
    path: Path,
    bank_code: str,
    kind: Kind,
    month_end: date,
    totals: Totals,
    sha256: str,
    previous: int | None,
    *,
    sequence: int = 1,
    **falsified: Any,
) -> None:
    """Write the control record beside a data file; `falsified` keys say something else than the truth."""
    sent_on = month_after(month_end, 1).replace(day=3)
    record = {
        "bank_code": bank_code,
        "kind": str(kind),
        "as_of_date": month_end.isoformat(),
        "sequence": sequence,
        "file_name": path.name,
        "sha256": sha256,
        "row_count": totals.row_count,
        **{f"sum_{name}": amount for name, amount in totals.sums.items()},
        **({"distinct_customers": totals.customers} if kind is Kind.LOAN else {}),
        **({"distinct_groups": totals.groups} if kind is not Kind.SUMMARY else {}),
        "previous_sum_closing_balance": previous,
        "created_at": f"{sent_on}T08:00:00+07:00",
        **falsified,
    }
    content = json.dumps(record, ensure_ascii=False, indent=2)
    path.with_name(path.name + CONTROL_SUFFIX).write_text(f"{content}\n", encoding="utf-8")


Written = tuple[Kind, Totals, str]


def _write_kinds(
    engine: DuckDBPyConnection,
    portfolio: Portfolio,
    catalogue: Catalogue,
    month_end: date,
    chunks: int,
    paths: Mapping[Kind, Path],
) -> Iterator[Written]:
    """Loans are written as they are made; groups and communes are what they add up to."""
    totals = Totals()
    with ExitStack() as open_files:
        loans = open_files.enter_context(open_data_file(paths[Kind.LOAN])) if Kind.LOAN in paths else None
        if loans:
            loans.write(header(Kind.LOAN))
        for number, table in enumerate(_chunks_of_lines(engine, portfolio, catalogue, month_end, chunks)):
            if loans:
                copy_lines(engine, f"select {', '.join(LOAN_COLUMNS)} from {table}", loans)
                totals.add(engine, table, customers=True, groups=True)
            if Kind.GROUP in paths:
                _add_group_lines(engine, table, month_end, is_first=number == 0)
            if Kind.SUMMARY in paths:
                _add_summary_lines(engine, table, is_first=number == 0)
            _add_place_credit(engine, table, month_end)
    if loans:
        yield Kind.LOAN, totals, loans.sha256
    if Kind.GROUP in paths:
        yield _write_table(engine, Kind.GROUP, "group_line", paths)
    if Kind.SUMMARY in paths:
        _sum_up_parts(engine)
        yield _write_table(engine, Kind.SUMMARY, "summary_line", paths)


def _sum_up_parts(engine: DuckDBPyConnection) -> None:
    """One line a commune, organisation and programme, whose loans may be in several chunks."""
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in ("loans", "households", *SUMS))
    keys = ", ".join(SUMMARY_COLUMNS[:6])
    engine.execute(
        f"""create or replace table summary_line as
            select {keys}, {sums} from summary_part group by {keys} order by {keys}"""
    )


def _write_table(engine: DuckDBPyConnection, kind: Kind, table: str, paths: Mapping[Kind, Path]) -> Written:
    with open_data_file(paths[kind]) as target:
        target.write(header(kind))
        copy_lines(engine, f"select {', '.join(COLUMNS[kind])} from {table}", target)
    totals = Totals()
    totals.add(engine, table, groups=kind is Kind.GROUP)
    return kind, totals, target.sha256


def header(kind: Kind) -> bytes:
    """The first line of a feed."""
    return (",".join(column.name for column in LAYOUTS[kind]) + "\n").encode()


def _chunks_of_lines(
    engine: DuckDBPyConnection, portfolio: Portfolio, catalogue: Catalogue, month_end: date, chunks: int
) -> Iterator[str]:
    """Name of a table with the loans of each chunk in turn, good until the next one is asked for.

    The next chunk is made while the caller works on this one: making it takes one core, writing it the other.
    """
    is_new = month_end >= FIRST_DAY_OF_REFORM

    def make(chunk: int) -> str:
        table = f"line_{chunk % 2}"
        query = loan_lines(portfolio, catalogue, month_end, chunk, is_new_system=is_new)
        with engine.cursor() as beside:
            beside.execute(f"create or replace table {table} as {query}")
        return table

    with ThreadPoolExecutor(max_workers=1) as ahead:
        made = ahead.submit(make, 0)
        for chunk in range(chunks):
            table = made.result()
            if chunk + 1 < chunks:
                made = ahead.submit(make, chunk + 1)
            yield table


def _add_group_lines(engine: DuckDBPyConnection, table: str, month_end: date, *, is_first: bool) -> None:
    """The groups of the chunk, each with what its loans add up to."""
    prefix = "new_" if month_end >= FIRST_DAY_OF_REFORM else ""
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in (*SUMS, "savings_balance"))
    _extend(
        engine,
        "group_line",
        f"""with loans as (
                select group_id, any_value(bank_code) as bank_code, any_value(as_of_date) as as_of_date,
                    any_value(commune_code_system) as commune_code_system,
                    count(distinct customer_id) filter (where closing_balance > 0) as borrowers, {sums}
                from {table} where group_id is not null group by group_id
            )
            select loans.*, credit_group.leader_name, credit_group.{prefix}commune as commune_code,
                credit_group.organisation, credit_group.members, credit_group.rating, credit_group.established_on,
                null::varchar as merged_into
            from loans inner join credit_group using (group_id) order by group_id""",
        is_first=is_first,
    )


def _add_summary_lines(engine: DuckDBPyConnection, table: str, *, is_first: bool) -> None:
    """The chunk's loans by commune, organisation and programme; a person borrows within one group, so one chunk."""
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in SUMS)
    _extend(
        engine,
        "summary_part",
        f"""select {", ".join(SUMMARY_COLUMNS[:6])}, count(*) filter (where closing_balance > 0) as loans,
                count(distinct customer_id) filter (where closing_balance > 0) as households, {sums}
            from {table} group by all""",
        is_first=is_first,
    )


def _add_place_credit(engine: DuckDBPyConnection, table: str, month_end: date) -> None:
    """What the chunk's loans are for the branches of each commune: those through groups of the Union (PN).

    A bank that sends summaries tells nobody how often it lent, so that branches have no turns of it either.
    """
    engine.execute(
        f"""insert into place_credit
            select place, date '{month_end}', count(*) filter (where lent > 0 and group_id like 'T0%'),
                sum(lent)::bigint, sum(closing_balance)::bigint
            from {table} where organisation = 'PN' group by place"""
    )


def _add_earlier_turns(engine: DuckDBPyConnection, portfolio: Portfolio, first: date) -> None:
    """How often was lent in the months of the first year that have no feed: branches report the year so far."""
    engine.execute(_PLACE_CREDIT)
    if Kind.LOAN not in portfolio.lender.kinds:
        return
    for month in range(1, first.month):
        month_end = last_day(first.replace(month=month, day=1))
        query = turns_by_place(portfolio, month_end)
        engine.execute(f"insert into place_credit select place, date '{month_end}', turns, lent, null from ({query})")


def _extend(engine: DuckDBPyConnection, table: str, query: str, *, is_first: bool) -> None:
    engine.execute(f"create or replace table {table} as {query}" if is_first else f"insert into {table} {query}")
