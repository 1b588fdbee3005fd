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
from vwu.intake.feed.streams import copy_from_postgres, copy_to_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.feed.tokens import CITIZEN_TOKEN, CUSTOMER_TOKEN, token_functions
from vwu.intake.feed.vault import hold_key
from vwu.intake.model import Kind

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

TABLES: Mapping[Kind, str] = MappingProxyType(
    {Kind.LOAN: "raw.loan", Kind.GROUP: "raw.credit_group", Kind.SUMMARY: "raw.credit_summary"}
)
# One landing of identities at a time: two feeds may bring the same new person.
_VAULT_LOCK = 7_700_003


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
    _insert_control(connection, control, receipt_id, scope_key)
    if control.kind is Kind.LOAN:
        make_tokens(engine, token_key)
    _copy_lines(engine, connection, control.kind, receipt_id)
    if control.kind is Kind.LOAN:
        _copy_persons(engine, connection, control.bank_code, receipt_id)
    if control.kind is Kind.GROUP:
        _copy_leaders(engine, connection, control.bank_code, receipt_id)


def _insert_control(connection: psycopg.Connection, control: Control, receipt_id: str, scope_key: str) -> None:
    values = {"receipt_id": receipt_id, "scope_key": scope_key, **asdict(control)}
    connection.execute(
        f"insert into raw.feed_control ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )


def make_tokens(engine: DuckDBPyConnection, token_key: bytes) -> None:
    """The table `token`, one row for each of `line` in the same order: a token costs more than all else of a line."""
    with token_functions(engine, token_key):
        engine.execute(
            f"""create or replace temp table token as
                select {CITIZEN_TOKEN}::uuid as citizen_token, {CUSTOMER_TOKEN}::uuid as customer_token,
                    (md5_number_lower(
                        concat_ws(chr(31), bank_code, customer_id, full_name, coalesce(birth_date::varchar, '-'))
                    ) >> 1)::bigint as identity_hash
                from line"""
        )


def _copy_lines(engine: DuckDBPyConnection, connection: psycopg.Connection, kind: Kind, receipt_id: str) -> None:
    tokens = ("customer_token", "citizen_token") if kind is Kind.LOAN else ()
    plain = [column.name for column in LAYOUTS[kind] if not column.is_identity]
    columns = ("receipt_id", "line_no", *tokens, *plain)
    values = f"'{receipt_id}', line.{LINE}, {', '.join((*tokens, *plain))}"
    lines = "line positional join token" if tokens else "line"
    copy_to_postgres(engine, f"select {values} from {lines}", connection, TABLES[kind], columns)


_PERSON_COLUMNS = (
    "citizen_token", "identity_hash", "customer_token", "bank_code", "customer_id", "citizen_id",
    "full_name", "birth_date", "first_receipt_id",
)  # fmt: skip


def _copy_persons(engine: DuckDBPyConnection, connection: psycopg.Connection, bank_code: str, receipt_id: str) -> None:
    """Add to the vault the persons, and the wordings of persons, that it does not hold yet of this bank."""
    connection.execute("select pg_advisory_xact_lock(%s)", [_VAULT_LOCK])
    copy_from_postgres(
        connection,
        "select citizen_token, identity_hash from vault.person where bank_code = %s",
        [bank_code],
        engine,
        "known",
        {"citizen_token": "uuid", "identity_hash": "bigint"},
    )
    copy_to_postgres(engine, _new_persons(receipt_id), connection, "vault.person", _PERSON_COLUMNS)


def _new_persons(receipt_id: str) -> str:
    """SQL of the persons not in `known`, in the order of the table's key, which makes filling its index cheap."""
    return f"""
        with new as (
            select min(token.rowid) as place from token
            anti join known using (citizen_token, identity_hash)
            group by citizen_token, identity_hash
        )
        select citizen_token, identity_hash, customer_token, bank_code, customer_id, citizen_id, full_name,
            birth_date, '{receipt_id}'
        from line positional join token semi join new on new.place = line.rowid
        order by citizen_token, identity_hash"""


def _copy_leaders(engine: DuckDBPyConnection, connection: psycopg.Connection, bank_code: str, receipt_id: str) -> None:
    """Add to the vault the group leaders' names that it does not hold yet."""
    connection.execute("select pg_advisory_xact_lock(%s)", [_VAULT_LOCK])
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
