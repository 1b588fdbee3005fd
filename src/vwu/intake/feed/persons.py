"""The persons of a loan feed and those that the vault holds: who is new, and who is somebody else by now (D9).

A wording is what a bank says of a person: customer, citizen id, name, birth date. A pairing is of customer and citizen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwu.intake.feed.columns import LAYOUTS
from vwu.intake.feed.control import Control
from vwu.intake.feed.rulebook import Search, find_by_searches
from vwu.intake.feed.streams import copy_from_postgres
from vwu.intake.feed.table import LINE
from vwu.intake.feed.tokens import CITIZEN_TOKEN, token_function
from vwu.intake.model import Finding, Kind

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

# One landing of a bank's identities at a time: two feeds may bring the same new person.
_VAULT_LOCK = 7_700_003


def lock_vault(connection: psycopg.Connection, bank_code: str) -> None:
    """Hold a bank's identities until the transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [_VAULT_LOCK, bank_code])


def read_known(engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control) -> None:
    """The table `known`: identity hash and token of each wording that the vault holds of this bank, and whether a file
    of an earlier month brought it.

    They come as one value of 25 bytes each: reading rows one by one would take longer than all else.
    """
    import numpy as np
    import pyarrow as pa

    row = connection.execute(
        """select string_agg(int8send(identity_hash) || uuid_send(citizen_token) || boolsend(as_of_date < %s), '')
           from vault.person
           inner join raw.feed_control on feed_control.receipt_id = person.first_receipt_id
           where person.bank_code = %s""",
        [control.as_of_date, control.bank_code],
        binary=True,
    ).fetchone()
    assert row is not None
    stored = np.dtype([("identity_hash", ">i8"), ("citizen_token", "V16"), ("is_earlier", "u1")])
    known = np.frombuffer(row[0] or b"", stored)
    hashes, earlier, tokens = (
        pa.py_buffer(known["identity_hash"].astype(np.int64)),
        pa.py_buffer(np.ascontiguousarray(known["is_earlier"])),
        pa.py_buffer(np.ascontiguousarray(known["citizen_token"])),
    )
    columns = {
        "identity_hash": pa.Int64Array.from_buffers(pa.int64(), len(known), [None, hashes]),
        "citizen_token": pa.UuidArray.from_storage(
            pa.uuid(), pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(known), [None, tokens])
        ),
        "is_earlier": pa.UInt8Array.from_buffers(pa.uint8(), len(known), [None, earlier]),
    }
    engine.execute("create or replace temp table known (identity_hash bigint, citizen_token uuid, is_earlier boolean)")
    engine.register("from_vault", pa.table(columns))
    engine.execute("insert into known from from_vault")
    engine.unregister("from_vault")


def make_identities(engine: DuckDBPyConnection) -> None:
    """The table `identity`: the identity hash of each of `line`, in the same order. Made once."""
    engine.execute(
        """create temp table if not exists identity as
           select (md5_number_lower(
               bank_code || chr(31) || customer_id || chr(31) || citizen_id || chr(31) || full_name || chr(31)
               || coalesce(birth_date - date '1970-01-01', 0)
           ) >> 1)::bigint as identity_hash
           from line"""
    )


def identify(engine: DuckDBPyConnection, token_key: bytes) -> None:
    """Find each line's person in `known`, and add those who are not there yet, with a token.

    Makes `newcomer`, a line of each new one.
    """
    make_identities(engine)
    engine.execute(
        """create or replace temp table newcomer as
           select identity_hash, min(identity.rowid) as place from identity
           anti join known using (identity_hash)
           group by identity_hash"""
    )
    with token_function(engine, token_key):
        engine.execute(
            f"""insert into known
                select newcomer.identity_hash, {CITIZEN_TOKEN}::uuid, false
                from newcomer inner join line on newcomer.place = line.rowid"""
        )


def find_changed_persons(
    engine: DuckDBPyConnection, connection: psycopg.Connection, control: Control, file_name: str
) -> tuple[Finding, ...]:
    """Whether a customer was another citizen, or a citizen another customer, in files of this bank for earlier months.

    A pairing that came once is not told again: only wordings that no earlier month brought are looked at.
    """
    if not _is_preceded(connection, control):
        return ()
    read_known(engine, connection, control)
    make_identities(engine)
    engine.execute(
        """create or replace temp table met as
           select distinct customer_id, citizen_id
           from line positional join identity
           anti join (select identity_hash from known where is_earlier) as earlier using (identity_hash)"""
    )
    customers, citizens = engine.execute("select list(customer_id), list(citizen_id) from met").fetchone() or ([], [])
    if not customers:
        return ()
    copy_from_postgres(
        connection,
        """select distinct customer_id, citizen_id
           from vault.person
           inner join raw.feed_control on feed_control.receipt_id = person.first_receipt_id
           where person.bank_code = %s and as_of_date < %s and (customer_id = any(%s) or citizen_id = any(%s))""",
        [control.bank_code, control.as_of_date, customers, citizens],
        engine,
        "paired",
        {"customer_id": "varchar", "citizen_id": "varchar"},
    )
    return find_by_searches(engine, file_name, LAYOUTS[Kind.LOAN], _CHANGED)


def _is_preceded(connection: psycopg.Connection, control: Control) -> bool:
    """Whether a loan feed of this bank for an earlier month has ever landed."""
    row = connection.execute(
        "select exists (select from raw.feed_control where bank_code = %s and kind = %s and as_of_date < %s)",
        [control.bank_code, control.kind, control.as_of_date],
    ).fetchone()
    assert row is not None
    return bool(row[0])


def _changed(rule_id: str, who: str, shown: str) -> Search:
    """Lines of those who stand in another pairing than they ever did."""
    return Search(
        rule_id,
        shown,
        f"""with changed as (
                select met.* from met anti join paired using (customer_id, citizen_id) semi join paired using ({who})
            )
            select {LINE}, {shown}, null from line semi join changed using (customer_id, citizen_id)""",
    )


_CHANGED = (
    _changed("LOAN_CUSTOMER_CITIZEN_CHANGED", "customer_id", "citizen_id"),
    _changed("LOAN_CITIZEN_CUSTOMER_CHANGED", "citizen_id", "customer_id"),
)
