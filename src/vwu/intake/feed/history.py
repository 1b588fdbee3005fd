"""Hold a feed against what is in force: the months before and after, the other kinds (INTERFACES 3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import FINAL_STATUSES
from vwu.intake.feed.control import Control
from vwu.intake.feed.kinds import find_kind_faults
from vwu.intake.feed.persons import find_changed_persons
from vwu.intake.feed.places import MOST_LINES
from vwu.intake.feed.rulebook import Search, balance_digest, find_by_searches
from vwu.intake.feed.streams import copy_from_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.model import FeedScope, Finding, Kind
from vwu.intake.rules import finding

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection


def find_history_faults(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, file_name: str
) -> tuple[Finding, ...]:
    """Findings that need the database. Reads only; nothing to compare with means no finding."""
    found: list[Finding] = []
    before = _receipt_in_force(connection, control, control.kind, month_end_before(control.as_of_date))
    if before is not None:
        found += _previous_sum(connection, control, before, file_name)
        if control.kind is Kind.LOAN:
            found += _roll_forward(engine, connection, before, control, file_name)
    if control.kind is Kind.LOAN and not found:
        found += _opening_sum(engine, control, file_name)
    if control.kind is Kind.LOAN:
        found += find_changed_persons(engine, connection, control, file_name)
    found += find_kind_faults(
        engine,
        connection,
        control,
        lambda kind: _receipt_in_force(connection, control, kind, control.as_of_date),
        file_name,
    )
    return (*found, *_next_month(engine, connection, control, file_name))


def month_end_before(month_end: date) -> date:
    """The last day of the month before."""
    return month_end.replace(day=1) - timedelta(days=1)


def month_end_after(month_end: date) -> date:
    """The last day of the month after."""
    return month_end_before((month_end.replace(day=1) + timedelta(days=62)).replace(day=1))


def _receipt_in_force(connection: psycopg.Connection, control: Control, kind: Kind, as_of: date) -> str | None:
    scope = FeedScope(control.bank_code, kind, as_of, 0)
    row = connection.execute("select receipt_id from intake.scope where scope_key = %s", [scope.key]).fetchone()
    return row[0] if row else None


def _previous_sum(connection: psycopg.Connection, control: Control, before: str, file_name: str) -> list[Finding]:
    row = connection.execute(
        "select sum_closing_balance from raw.feed_control where receipt_id = %s", [before]
    ).fetchone()
    stated = control.previous_sum_closing_balance
    if row is None or stated == row[0]:
        return []
    return [
        finding(
            "FEED_PREVIOUS_SUM_UNSTATED" if stated is None else "FEED_PREVIOUS_SUM",
            position=f"{file_name}.control.json",
            column="previous_sum_closing_balance",
            value="null" if stated is None else str(stated),
            proposed=str(row[0]),
        )
    ]


def _opening_sum(engine: DuckDBPyConnection, control: Control, file_name: str) -> list[Finding]:
    """In all, the openings are the closings of the month before; asked only when loan by loan nothing was found."""
    row = engine.execute("select coalesce(sum(opening_balance), 0) from line").fetchone()
    assert row is not None
    stated = control.previous_sum_closing_balance
    if stated is None or int(row[0]) == stated:
        return []
    return [
        finding(
            "FEED_OPENING_SUM",
            position=file_name,
            column="opening_balance",
            value=str(row[0]),
            proposed=str(stated),
        )
    ]


_OPENING_DIFFERS = Search(
    "LOAN_OPENING_DIFFERS",
    "opening_balance",
    f"""select line.{LINE}, line.opening_balance, coalesce(previous.closing_balance, 0)
        from line left join previous using (loan_id)
        where line.opening_balance <> coalesce(previous.closing_balance, 0)""",
)


def _roll_forward(
    engine: DuckDBPyConnection, connection: psycopg.Connection, before: str, control: Control, file_name: str
) -> list[Finding]:
    """Each loan opens with what it closed with, a new one with nothing, and none goes without a final status."""
    row = connection.execute("select balance_digest from raw.feed_control where receipt_id = %s", [before]).fetchone()
    # Most often all openings are as they should be, and one number says so: then the loans that owed nothing are left.
    is_equal = row is not None and row[0] == balance_digest(engine, "opening_balance")
    copy_from_postgres(
        connection,
        f"""select loan_id, closing_balance, status from raw.loan
            where as_of_date = %s and receipt_id = %s {"and closing_balance = 0" if is_equal else ""}""",
        [month_end_before(control.as_of_date), before],
        engine,
        "previous",
        {"loan_id": "varchar", "closing_balance": "bigint", "status": "varchar"},
    )
    found = () if is_equal else find_by_searches(engine, file_name, (), [_OPENING_DIFFERS])
    return [*found, *_vanished(engine, file_name)]


def _vanished(engine: DuckDBPyConnection, file_name: str) -> list[Finding]:
    final = ", ".join(f"'{status}'" for status in FINAL_STATUSES)
    rows = engine.execute(
        f"""select loan_id, count(*) over () from previous anti join line using (loan_id)
            where status not in ({final}) order by loan_id limit {MOST_LINES}"""
    ).fetchall()
    if not rows:
        return []
    listed = ", ".join(row[0] for row in rows)
    return [finding("LOAN_VANISHED", position=file_name, column="loan_id", value=listed, line_count=rows[0][1])]


_NEXT_OPENS_OTHERWISE = Search(
    "FEED_NEXT_MONTH_DIFFERS",
    "closing_balance",
    f"""select line.{LINE}, line.closing_balance, coalesce(following.opening_balance, 0)
        from line left join following using (loan_id)
        where line.closing_balance <> coalesce(following.opening_balance, 0)""",
)


def _next_month(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, file_name: str
) -> list[Finding]:
    """A month that is corrected when the one after it is in force: does that one still open with what this closes?

    A warning, since the months must be corrected one after the other. Loan by loan; in all where no loan explains it.
    """
    after = _receipt_in_force(connection, control, control.kind, month_end_after(control.as_of_date))
    if after is None:
        return []
    if control.kind is Kind.LOAN:
        copy_from_postgres(
            connection,
            "select loan_id, opening_balance from raw.loan where as_of_date = %s and receipt_id = %s",
            [month_end_after(control.as_of_date), after],
            engine,
            "following",
            {"loan_id": "varchar", "opening_balance": "bigint"},
        )
        found = find_by_searches(engine, file_name, (), [_NEXT_OPENS_OTHERWISE])
        if found:
            return list(found)
    return _next_sum(connection, control, after, file_name)


def _next_sum(connection: psycopg.Connection, control: Control, after: str, file_name: str) -> list[Finding]:
    row = connection.execute(
        "select previous_sum_closing_balance from raw.feed_control where receipt_id = %s", [after]
    ).fetchone()
    if row is None or row[0] in {None, control.sum_closing_balance}:
        return []
    return [
        finding(
            "FEED_NEXT_MONTH_DIFFERS",
            position=file_name,
            column="closing_balance",
            value=str(control.sum_closing_balance),
            proposed=str(row[0]),
            at_vi=file_name,
            at_en=file_name,
        )
    ]
