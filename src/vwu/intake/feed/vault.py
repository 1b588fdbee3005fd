"""The key behind the tokens: one for the whole vault, and how it is changed (ARCHITECTURE D9)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from psycopg import sql

from vwu.database import connect
from vwu.intake.feed.tokens import citizen_token, key_id
from vwu.language import phrase
from vwu.settings import Settings, SettingsError, read_key
from vwu.stack.state import write_private

if TYPE_CHECKING:
    import psycopg

_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of the key did; `rows` is table -> rows that changed."""

    former_key_id: str | None
    key_id: str
    rows: dict[str, int]
    key_file: Path
    is_in_use: bool  # False: the key comes from the environment, and has to be changed there


def hold_key(connection: psycopg.Connection, token_key: bytes) -> None:
    """Make sure that this key made the vault's tokens, and hold it until the transaction ends; the first one is noted.

    Raises SettingsError for another key: its tokens would make two persons of each one.
    """
    mine = key_id(token_key)
    connection.execute("insert into vault.token_key (key_id) values (%s) on conflict do nothing", [mine])
    row = connection.execute("select key_id from vault.token_key for share").fetchone()
    assert row is not None
    if row[0] != mine:
        raise SettingsError(
            phrase(
                f"khóa mã thay thế đang dùng ({mine}) không phải khóa đã tạo các mã trong kho định danh ({row[0]}); "
                "chưa nhận gì: hãy đặt lại đúng khóa (VWU_TOKEN_KEY_FILE), hoặc nếu đã mất hẳn thì chạy "
                "`vwu rotate-key` để làm lại mọi mã bằng khóa khác",
                f"the token key in use ({mine}) is not the one that made the tokens in the vault ({row[0]}); "
                "nothing was landed: put the right key back (VWU_TOKEN_KEY_FILE) or, if it is lost for good, run "
                "`vwu rotate-key`, which makes every token anew with another key",
            )
        )


def rotate_key(settings: Settings, new_key_file: Path | None = None) -> Rotation:
    """Make every token anew from the identities in the vault, under a new key, and put that key in place.

    The former key is not needed, so that this mends a lost one too. All tables change in one transaction. A rotation
    that was interrupted, at whatever moment, is finished by calling this again. `new_key_file` is made when it is not
    there. Raises SettingsError when the key is in the environment and no file is named for the new one.
    """
    key_file = settings.key_file("token")
    is_in_use = not settings.is_key_in_environment("token")
    if new_key_file is None and not is_in_use:
        raise SettingsError(
            phrase(
                "khóa nằm trong VWU_TOKEN_KEY: hãy nêu tệp cho khóa mới (--to), rồi sửa biến đó",
                "the key is in VWU_TOKEN_KEY: name a file for the new one (--to), and then change that",
            )
        )
    fresh = new_key_file or _next_to(key_file)
    if not fresh.exists():
        write_private(fresh, secrets.token_hex(32))
    new_key = read_key(fresh)
    with connect(settings, "owner") as connection:
        row = connection.execute("select key_id from vault.token_key for update").fetchone()
        former = row[0] if row else None
        rows = {} if former in {None, key_id(new_key)} else _retokenise(connection, new_key)
    vacuum(settings, rows)
    if is_in_use:
        _put_in_place(fresh, key_file)
    return Rotation(former, key_id(new_key), rows, key_file if is_in_use else fresh, is_in_use)


def _next_to(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.next")


def _put_in_place(fresh: Path, key_file: Path) -> None:
    """The former key stays beside the new one, under its id: a backup from before needs it."""
    new_key = read_key(fresh)
    if key_file.exists() and (former := read_key(key_file)) != new_key:
        write_private(key_file.with_name(f"{key_file.name}.{key_id(former)}"), former.hex())
    write_private(key_file, new_key.hex())
    if fresh == _next_to(key_file):
        fresh.unlink()


def _retokenise(connection: psycopg.Connection, new_key: bytes) -> dict[str, int]:
    _merge_wordings(connection)
    citizens = connection.execute("select distinct citizen_token, citizen_id from vault.person")
    rows = replace_tokens(connection, ((former, citizen_token(new_key, citizen)) for former, citizen in citizens))
    connection.execute("update vault.token_key set key_id = %s, since = clock_timestamp()", [key_id(new_key)])
    return rows


def _merge_wordings(connection: psycopg.Connection) -> None:
    """Where two keys were in use, a wording of a person stands there twice; the later one goes."""
    connection.execute(
        """delete from vault.person as later using vault.person as earlier
           where later.citizen_id = earlier.citizen_id and later.identity_hash = earlier.identity_hash
               and later.ctid > earlier.ctid"""
    )


def replace_tokens(connection: psycopg.Connection, pairs: Iterable[tuple[UUID, UUID]]) -> dict[str, int]:
    """Put another token in the place of each one, in every table that has tokens: pairs are (former, fresh)."""
    connection.execute("create temp table retoken (former uuid primary key, fresh uuid not null) on commit drop")
    with connection.cursor().copy("copy retoken from stdin") as copy:
        for pair in pairs:
            copy.write_row(pair)
    connection.execute("analyze retoken")
    return {table: _replace_in(connection, table) for table in _token_tables(connection)}


def vacuum(settings: Settings, tables: Iterable[str]) -> None:
    """Clear away what was overwritten or deleted: until then it lies on in the files of the database."""
    with connect(settings, "owner", autocommit=True) as connection:
        for table in tables:
            connection.execute(sql.SQL("vacuum {}").format(sql.Identifier(*table.split("."))))


def _token_tables(connection: psycopg.Connection) -> list[str]:
    """schema.table of every table that holds tokens, whoever made it: it has a column `citizen_token`."""
    rows = connection.execute(
        """select class.relnamespace::regnamespace || '.' || class.relname
           from pg_class as class
           inner join pg_attribute as attribute on attribute.attrelid = class.oid
           where class.relkind = 'r' and class.relpersistence <> 't'
               and attribute.attname = 'citizen_token' and not attribute.attisdropped
           order by 1"""
    ).fetchall()
    return [table for (table,) in rows]


def _replace_in(connection: psycopg.Connection, table: str) -> int:
    update = sql.SQL("update {} as holder set citizen_token = fresh from retoken where citizen_token = former")
    return connection.execute(update.format(sql.Identifier(*table.split(".")))).rowcount
