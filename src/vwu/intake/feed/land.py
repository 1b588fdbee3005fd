"""Land a checked feed inside the caller's transaction: lines to `raw`, identities to `vault`, control to `raw`.

Identities never enter `raw`: customer and citizen become tokens there, names and birth dates stay in the vault (D9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import LAYOUTS
from vwu.intake.feed.control import Control
from vwu.intake.feed.persons import identify, lock_vault, read_known
from vwu.intake.feed.rulebook import balance_digest
from vwu.intake.feed.streams import copy_from_postgres, copy_to_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.feed.vault import hold_key
from vwu.intake.model import Kind

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

TABLES: Mapping[Kind, str] = MappingProxyType(
    {Kind.LOAN: "raw.loan", Kind.GROUP: "raw.credit_group", Kind.SUMMARY: "raw.credit_summary"}
)


def land_feed(
    engine: DuckDBPyConnection,
    connection: psycopg.Connection,
    control: Control,
    receipt_id: str,
    scope_key: str,
    token_key: bytes,
) -> None:
    """Put a checked feed into the database. The caller commits, or rolls all of it back.

    Raises psycopg.Error, duckdb.Error, or SettingsError for a key that did not make the vault's tokens; then the
    transaction must be rolled back.
    """
    if control.kind is Kind.LOAN:
        hold_key(connection, token_key)
    connection.execute("select raw.ensure_month(%s)", [control.as_of_date])
    digest = balance_digest(engine, "closing_balance") if control.kind is Kind.LOAN else None
    _insert_control(connection, control, receipt_id, scope_key, digest)
    if control.kind is Kind.LOAN:
        lock_vault(connection, control.bank_code)
        read_known(engine, connection, control)
        identify(engine, token_key)
        _copy_persons(engine, connection, receipt_id)
    elif control.kind is Kind.GROUP:
        lock_vault(connection, control.bank_code)
        _copy_leaders(engine, connection, control.bank_code, receipt_id)
    _copy_lines(engine, connection, control, receipt_id)


def _insert_control(
    connection: psycopg.Connection, control: Control, receipt_id: str, scope_key: str, digest: str | None
) -> None:
    values = {"receipt_id": receipt_id, "scope_key": scope_key, **asdict(control), "balance_digest": digest}
    connection.execute(
        f"insert into raw.feed_control ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )


_PERSON_COLUMNS = (
    "citizen_token", "identity_hash", "bank_code", "customer_id", "citizen_id", "full_name", "birth_date",
    "first_receipt_id",
)  # fmt: skip


def _copy_persons(engine: DuckDBPyConnection, connection: psycopg.Connection, receipt_id: str) -> None:
    """Add to the vault the persons, and the wordings of persons, that it does not hold yet."""
    query = f"""
        select known.citizen_token, identity_hash, bank_code, customer_id, citizen_id, full_name, birth_date,
            '{receipt_id}'
        from newcomer
        inner join known using (identity_hash)
        inner join line on newcomer.place = line.rowid"""
    copy_to_postgres(engine, query, connection, "vault.person", _PERSON_COLUMNS)


def _copy_lines(engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, receipt_id: str) -> None:
    """Raises RuntimeError when not as many lines arrive as were checked."""
    token = ("citizen_token",) if control.kind is Kind.LOAN else ()
    plain = [column.name for column in LAYOUTS[control.kind] if not column.is_identity]
    columns = ("receipt_id", "line_no", *token, *plain)
    values = f"'{receipt_id}', line.{LINE}, {', '.join((*token, *plain))}"
    lines = "line positional join identity inner join known using (identity_hash)" if token else "line"
    landed = copy_to_postgres(engine, f"select {values} from {lines}", connection, TABLES[control.kind], columns)
    if landed != control.row_count:
        raise RuntimeError(f"{landed} lines landed of the {control.row_count} that were checked")


def _copy_leaders(engine: DuckDBPyConnection, connection: psycopg.Connection, bank_code: str, receipt_id: str) -> None:
    """Add to the vault the group leaders' names that it does not hold yet."""
    copy_from_postgres(
        connection,
        "select group_id, leader_name from vault.group_leader where bank_code = %s",
        [bank_code],
        engine,
        "known_leader",
        {"group_id": "varchar", "leader_name": "varchar"},
    )
    query = f"""
        select distinct bank_code, group_id, leader_name, '{receipt_id}' from line
        anti join known_leader using (group_id, leader_name)
        where leader_name is not null"""
    columns: Sequence[str] = ("bank_code", "group_id", "leader_name", "receipt_id")
    copy_to_postgres(engine, query, connection, "vault.group_leader", columns)
