"""Migrations on a real server: applied once, upgraded later, refused when somebody edited one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vwu.database import connect
from vwu.migrate import MIGRATIONS, MigrationError, list_migrations, migrate
from vwu.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_a_second_run_applies_nothing(database: Settings) -> None:
    with connect(database, "owner") as owner:
        assert migrate(owner) == []


def test_a_query_of_somebody_who_was_killed_ends(database: Settings) -> None:
    with connect(database, "bi_reader") as reader:
        assert reader.execute("show client_connection_check_interval").fetchall() == [("10s",)]


def test_a_later_version_upgrades_what_an_earlier_one_left(database: Settings, folder: Path) -> None:
    number = len(list_migrations(folder)) + 1
    (folder / f"{number:04}_more.sql").write_text("create table intake.more (more_id bigint primary key)")
    with connect(database, "owner") as owner:
        assert [step.number for step in migrate(owner, folder)] == [number]
        assert owner.execute("select count(*) from intake.more").fetchone() == (0,)


def test_a_failing_step_leaves_nothing_behind(database: Settings, folder: Path) -> None:
    number = len(list_migrations(folder)) + 1
    (folder / f"{number:04}_bad.sql").write_text("create table intake.half (a int); select 1/0")
    with connect(database, "owner") as owner, pytest.raises(Exception, match="division by zero"):
        migrate(owner, folder)
    with connect(database, "owner") as owner:
        assert owner.execute("select to_regclass('intake.half')").fetchone() == (None,)
        assert migrate(owner) == []


def test_an_edited_step_is_refused(database: Settings, folder: Path) -> None:
    first = next(folder.glob("0001_*.sql"))
    first.write_text(first.read_text() + "\n-- edited\n")
    with connect(database, "owner") as owner, pytest.raises(MigrationError, match="differs"):
        migrate(owner, folder)


def test_a_database_that_is_ahead_is_refused(database: Settings, folder: Path) -> None:
    sorted(folder.glob("*.sql"))[-1].unlink()
    with connect(database, "owner") as owner, pytest.raises(MigrationError, match="newer than this version"):
        migrate(owner, folder)


def test_the_loader_cannot_change_what_it_landed(database: Settings) -> None:
    with connect(database, "loader") as loader:
        for verb in ("update raw.loan set lent = 0", "delete from raw.submission_value", "truncate raw.credit_group"):
            with pytest.raises(Exception, match="permission denied"), loader.transaction():
                loader.execute(verb)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("event", "actor"), ("finding_answer", "reason"), ("approval", "approved_by"), ("late_exception", "reason"),
    ],
)  # fmt: skip
def test_the_log_of_intake_is_only_ever_added_to(database: Settings, table: str, column: str) -> None:
    for role in ("loader", "builder", "publisher"):
        for verb in (
            f"update intake.{table} set {column} = ''",
            f"delete from intake.{table}",
            f"truncate intake.{table}",
        ):
            with connect(database, role) as connection, pytest.raises(Exception, match="permission denied"):
                connection.execute(verb.encode())


def test_only_the_loader_opens_the_vault(database: Settings) -> None:
    for role in ("builder", "publisher"):
        with connect(database, role) as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute("select * from vault.person")
