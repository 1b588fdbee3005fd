"""Numbered migrations of the product's own tables, applied in order, each once, all under one lock.

`vwu up` calls `migrate`; a later version finds what an earlier one left in `intake.migration` and goes on from there.
Files: `migrations/NNNN_name.sql`, plain SQL, run by role `vwu_owner` in one transaction each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from vwu.language import phrase
from vwu.settings import PROVINCE_READER, ROLES

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 7_700_001  # any constant: one migration at a time in a database


class MigrationError(Exception):
    """The database cannot be brought to this version; the message says why and what to do."""


@dataclass(frozen=True)
class Migration:
    """One numbered step: its number, name, SQL text and the sha256 that proves that it was not edited later."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def list_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All migrations in order. Raises MigrationError when the numbers are not 1, 2, 3, …"""
    paths = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    found = [Migration(int(path.name[:4]), path.stem[5:], path.read_text("utf-8")) for path in paths]
    if [step.number for step in found] != list(range(1, len(found) + 1)) or not found:
        raise MigrationError(
            phrase(
                f"các tệp trong {folder} không được đánh số 1, 2, 3, …",
                f"migrations in {folder} are not numbered 1, 2, 3, …",
            )
        )
    return found


def ensure_roles(admin: psycopg.Connection, passwords: dict[str, str], roles: Iterable[str] = ROLES) -> None:
    """Create the product's roles, or set their passwords anew. None is a superuser.

    `vwu_owner` is a member of the three working roles so that migrations can make schemas for them.
    """
    for role in roles:
        ensure_login(admin, ROLES[role], passwords[role])
    working = sql.SQL(", ").join(sql.Identifier(ROLES[role]) for role in ("loader", "builder", "publisher"))
    admin.execute(sql.SQL("grant {} to {}").format(working, sql.Identifier(ROLES["owner"])))
    if not _is_role(admin, PROVINCE_READER):
        admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(PROVINCE_READER)))


def ensure_login(admin: psycopg.Connection, role: str, password: str) -> None:
    """Create a role that may log in and is nothing more, or set its password anew."""
    # Two databases of one server share its roles: `create` and `alter` must both be harmless when repeated.
    # An administrator that is no superuser may create a role that is none, but not touch that attribute later.
    is_there = _is_role(admin, role)
    verb = "alter role {} login inherit" if is_there else "create role {} login nosuperuser nocreatedb nocreaterole"
    admin.execute(sql.SQL(verb + " password {}").format(sql.Identifier(role), sql.Literal(password)))


def _is_role(admin: psycopg.Connection, role: str) -> bool:
    return admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is not None


def open_database(admin: psycopg.Connection) -> None:
    """Let the owner build in the connected database, and nobody else by default."""
    name = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("revoke all on database {} from public").format(name))
    admin.execute(sql.SQL("grant connect, create, temporary on database {} to vwu_owner").format(name))
    readers = sql.SQL("bi_reader, ") + sql.Identifier(PROVINCE_READER)
    admin.execute(sql.SQL("grant connect on database {} to {}").format(name, readers))
    admin.execute(
        sql.SQL("grant connect, temporary on database {} to vwu_loader, vwu_builder, vwu_publisher").format(name)
    )
    admin.execute("revoke create on schema public from public")
    # Whoever was killed while a query ran does not leave it running.
    admin.execute(sql.SQL("alter database {} set client_connection_check_interval = '10s'").format(name))


def migrate(owner: psycopg.Connection, folder: Path = MIGRATIONS) -> list[Migration]:
    """Apply what is missing as `vwu_owner`; returns the steps applied now (empty when up to date).

    Raises MigrationError when the database is ahead of this version or an applied step was edited.
    """
    applied_now = []
    with owner.transaction():
        owner.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        done = _applied(owner)
        steps = list_migrations(folder)
        _refuse_drift(done, steps)
        for step in steps[len(done) :]:
            owner.execute(step.text)
            owner.execute(
                "insert into intake.migration (number, name, sha256) values (%s, %s, %s)",
                [step.number, step.name, step.sha256],
            )
            applied_now.append(step)
    return applied_now


def _applied(owner: psycopg.Connection) -> dict[int, str]:
    """Number -> sha256 of what earlier runs applied; makes the ledger on first use."""
    owner.execute("create schema if not exists intake")
    owner.execute(
        """create table if not exists intake.migration (
               number integer primary key,
               name text not null,
               sha256 text not null,
               applied_at timestamptz not null default clock_timestamp()
           )"""
    )
    return dict(owner.execute("select number, sha256 from intake.migration order by number").fetchall())


def _refuse_drift(done: dict[int, str], steps: list[Migration]) -> None:
    known = {step.number: step.sha256 for step in steps}
    ahead = sorted(set(done) - set(known))
    if ahead:
        raise MigrationError(
            phrase(
                f"cơ sở dữ liệu có migration {ahead[-1]}, mới hơn phiên bản này: hãy cập nhật sản phẩm",
                f"the database has migration {ahead[-1]}, newer than this version: update the product",
            )
        )
    edited = [number for number, sha256 in done.items() if known[number] != sha256]
    if edited:
        raise MigrationError(
            phrase(
                f"migration {edited[0]} khác với bản đã áp dụng: hãy khôi phục tệp đó",
                f"migration {edited[0]} differs from the one that was applied: restore its file",
            )
        )
