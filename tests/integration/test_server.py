"""The databases that the integration tests run on are what they say they are."""

from __future__ import annotations

import psycopg
import pytest

from vwu.database import connect
from vwu.migrate import list_migrations
from vwu.settings import Settings
from vwu.stack.server import OLDEST, migrate_warehouse


def test_database_is_migrated(database: Settings) -> None:
    with connect(database, "owner") as owner:
        applied = owner.execute("select number from intake.migration order by number").fetchall()
    assert [number for (number,) in applied] == [step.number for step in list_migrations()]


def test_second_migration_applies_nothing(database: Settings) -> None:
    assert migrate_warehouse(database) == []


@pytest.mark.parametrize("turn", [1, 2])
def test_databases_share_nothing(database: Settings, turn: int) -> None:
    with connect(database, "owner") as owner:
        owner.execute("create table intake.only_here (turn integer)")
        owner.execute("insert into intake.only_here values (%s)", [turn])


@pytest.mark.parametrize("role", ["owner", "loader", "builder", "publisher", "bi_reader"])
def test_every_role_connects_as_itself(module_database: Settings, role: str) -> None:
    with connect(module_database, role) as connection:
        assert connection.info.server_version >= OLDEST * 10_000
        row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
        assert row == (False,)


def test_bi_reader_reads_no_working_schema(module_database: Settings) -> None:
    with connect(module_database, "bi_reader") as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select * from intake.receipt")
