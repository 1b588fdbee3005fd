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
from vwu.intake.feed.rulebook import balance_digest
from vwu.intake.feed.streams import copy_from_postgres, copy_to_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.feed.tokens import CITIZEN_TOKEN, token_function
from vwu.intake.feed.vault import hold_key
from vwu.intake.model import Kind

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

TABLES: Mapping[Kind, str] = MappingProxyType(
    {Kind.LOAN: "raw.loan", Kind.GROUP: "raw.credit_group", Kind.SUMMARY: "raw.credit_summary"}
)
# One landing of a bank's identities at a time: two feeds may bring the same new person.
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
    digest = balance_digest(engine, "closing_balance") if control.kind is Kind.LOAN else None
    _insert_control(connection, control, receipt_id, scope_key, digest)
    if control.kind is Kind.LOAN:
        _lock_vault(connection, control.bank_code)
        _read_known(engine, connection, control.bank_code)
        identify(engine, token_key)
        _copy_persons(engine, connection, receipt_id)
    elif control.kind is Kind.GROUP:
        _lock_vault(connection, control.bank_code)
        _copy_leaders(engine, connection, control.bank_code, receipt_id)
    _copy_lines(engine, connection, control, receipt_id)


def _lock_vault(connection: psycopg.Connection, bank_code: str) -> None:
    connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [_VAULT_LOCK, bank_code])


def _insert_control(
    connection: psycopg.Connection, control: Control, receipt_id: str, scope_key: str, digest: str | None
) -> None:
    values = {"receipt_id": receipt_id, "scope_key": scope_key, **asdict(control), "balance_digest": digest}
    connection.execute(
        f"insert into raw.feed_control ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )


def _read_known(engine: DuckDBPyConnection, connection: psycopg.Connection, bank_code: str) -> None:
    """The table `known`: identity hash and token of each wording of a person that the vault holds of this bank.

    They come as one value of 24 bytes each: reading rows one by one would take longer than all else.
    """
    import numpy as np
    import pyarrow as pa

    row = connection.execute(
        """select string_agg(int8send(identity_hash) || uuid_send(citizen_token), '')
           from vault.person where bank_code = %s""",
        [bank_code],
        binary=True,
    ).fetchone()
    assert row is not None
    known = np.frombuffer(row[0] or b"", np.dtype([("identity_hash", ">i8"), ("citizen_token", "V16")]))
    hashes = pa.py_buffer(known["identity_hash"].astype(np.int64))
    tokens = pa.py_buffer(np.ascontiguousarray(known["citizen_token"]))
    stored = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(known), [None, tokens])
    columns = {
        "identity_hash": pa.Int64Array.from_buffers(pa.int64(), len(known), [None, hashes]),
        "citizen_token": pa.UuidArray.from_storage(pa.uuid(), stored),
    }
    engine.execute("create or replace temp table known (identity_hash bigint, citizen_token uuid)")
    engine.register("from_vault", pa.table(columns))
    engine.execute("insert into known from from_vault")
    engine.unregister("from_vault")


def identify(engine: DuckDBPyConnection, token_key: bytes) -> None:
    """Find each line's person in `known`, and add those who are not there yet, with a token.

    Makes `identity`, the identity hash of each of `line` in the same order, and `newcomer`, a line of each new one.
    """
    engine.execute(
        """create or replace temp table identity as
           select (md5_number_lower(
               bank_code || chr(31) || customer_id || chr(31) || citizen_id || chr(31) || full_name || chr(31)
               || coalesce(birth_date - date '1970-01-01', 0)
           ) >> 1)::bigint as identity_hash
           from line"""
    )
    engine.execute(
        """create or replace temp table newcomer as
           select identity_hash, min(identity.rowid) as place from identity
           anti join known using (identity_hash)
           group by identity_hash"""
    )
    with token_function(engine, token_key):
        engine.execute(
            f"""insert into known
                select newcomer.identity_hash, {CITIZEN_TOKEN}::uuid
                from newcomer inner join line on newcomer.place = line.rowid"""
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
