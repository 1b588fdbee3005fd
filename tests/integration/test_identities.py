"""The key behind the tokens on real PostgreSQL: another one is refused, and every token can be made anew."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vwu.cli.main import main
from vwu.database import connect
from vwu.example_credit import feed_files
from vwu.intake.feed.tokens import citizen_token, key_id
from vwu.intake.feed.vault import rotate_key
from vwu.intake.model import State
from vwu.intake.receive import receive
from vwu.settings import Settings, SettingsError, read_key

PEOPLE = """select count(distinct citizen_token), count(*)
            from raw.loan where citizen_token in (select citizen_token from vault.person)"""


@pytest.fixture
def feeds(tmp_path: Path) -> list[Path]:
    """The example's loan feeds in the order of their months."""
    files = feed_files()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    controls = [json.loads(content) for name, content in files.items() if name.endswith(".json")]
    loans = sorted((each["as_of_date"], each["file_name"]) for each in controls if each["kind"] == "loan")
    return [tmp_path / name for _, name in loans]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings], None]:
    """Let the command line work on a test's warehouse."""

    def use_settings(settings: Settings) -> None:
        monkeypatch.setattr("vwu.settings.load_settings", lambda: settings)

    return use_settings


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    with connect(settings, "owner") as connection:
        return connection.execute(text).fetchall()


def put_key(path: Path, key: bytes) -> Path:
    path.write_text(key.hex())
    return path


def test_a_feed_under_another_key_is_refused_and_lands_under_the_right_one(
    database: Settings, feeds: list[Path], tmp_path: Path
) -> None:
    assert receive(database, str(feeds[0])).state == State.LANDED
    before = query(database, PEOPLE)
    other = replace(database, token_key_file=put_key(tmp_path / "other.key", secrets.token_bytes(32)))
    with pytest.raises(SettingsError, match="is not the one that made the tokens") as caught:
        receive(other, str(feeds[1]))
    assert key_id(database.key("token")) in str(caught.value)
    assert database.key("token").hex() not in str(caught.value)
    assert query(database, PEOPLE) == before
    assert receive(database, str(feeds[1])).state == State.LANDED


def test_every_token_is_made_anew_and_persons_stay_who_they_are(
    database: Settings, feeds: list[Path], use: Callable[[Settings], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """After the change the next month's feed finds each person again."""
    assert receive(database, str(feeds[0])).state == State.LANDED
    ((citizens, loans),) = query(database, PEOPLE)
    former = database.key("token")
    use(database)
    assert main(["rotate-key"]) == 0
    fresh = database.key("token")
    assert fresh != former
    assert fresh.hex() not in capsys.readouterr().out
    assert query(database, PEOPLE) == [(citizens, loans)]
    persons = query(database, "select citizen_token, citizen_id from vault.person")
    assert all(token == citizen_token(fresh, citizen_id) for token, citizen_id in persons)
    key_file = database.key_file("token")
    assert read_key(key_file.with_name(f"token.key.{key_id(former)}")) == former
    assert [path.stat().st_mode & 0o777 for path in key_file.parent.glob("token.key*")] == [0o600, 0o600]
    assert receive(database, str(feeds[1])).state == State.LANDED
    ((tokens, ids),) = query(
        database, "select count(distinct citizen_token), count(distinct citizen_id) from vault.person"
    )
    assert tokens == ids >= citizens


def test_a_token_in_any_other_table_is_made_anew_too(database: Settings, feeds: list[Path]) -> None:
    """Whoever made the table: the columns are found by their names."""
    receive(database, str(feeds[0]))
    with connect(database, "builder") as connection:
        connection.execute("create table marts.snapshot (loan_id text, citizen_token uuid)")
        connection.commit()
    with connect(database, "owner") as connection:
        connection.execute("insert into marts.snapshot select loan_id, citizen_token from raw.loan")
    done = rotate_key(database)
    assert done.rows["marts.snapshot"] == done.rows["raw.loan_2024_01"] > 0
    assert query(
        database,
        """select count(*) from raw.loan
           full join marts.snapshot using (loan_id, citizen_token)
           where loan.loan_id is null or snapshot.loan_id is null""",
    ) == [(0,)]


def test_a_lost_key_is_replaced_without_it(database: Settings, feeds: list[Path]) -> None:
    """`vwu up` made another key where the first was lost; nothing lands until the tokens are made anew."""
    receive(database, str(feeds[0]))
    people = query(database, PEOPLE)
    put_key(database.key_file("token"), secrets.token_bytes(32))
    with pytest.raises(SettingsError, match="vwu rotate-key"):
        receive(database, str(feeds[1]))
    rotate_key(database)
    assert query(database, PEOPLE) == people
    assert receive(database, str(feeds[1])).state == State.LANDED


@pytest.mark.parametrize("moment", ["in the database", "before the key is in place"])
def test_an_interrupted_rotation_is_finished_by_the_next(
    moment: str, database: Settings, feeds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(database, str(feeds[0]))
    people = query(database, PEOPLE)
    place = {"in the database": "_merge_wordings", "before the key is in place": "_put_in_place"}[moment]
    with monkeypatch.context() as patch:
        patch.setattr(f"vwu.intake.feed.vault.{place}", _break_off)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(database)
    if moment == "in the database":
        assert query(database, "select key_id from vault.token_key") == [(key_id(database.key("token")),)]
    else:
        with pytest.raises(SettingsError):
            receive(database, str(feeds[1]))
    rotate_key(database)
    assert query(database, "select key_id from vault.token_key") == [(key_id(database.key("token")),)]
    assert query(database, PEOPLE) == people
    assert not database.key_file("token").with_name("token.key.next").exists()
    assert receive(database, str(feeds[1])).state == State.LANDED


def _break_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_persons_that_two_keys_split_become_one_again(database: Settings, feeds: list[Path]) -> None:
    receive(database, str(feeds[0]))
    people = query(database, PEOPLE)
    persons = query(database, "select count(*) from vault.person")
    with connect(database, "owner") as connection:
        connection.execute(
            """insert into vault.person
               select gen_random_uuid(), identity_hash, bank_code, customer_id, citizen_id, full_name, birth_date,
                   first_receipt_id
               from vault.person"""
        )
    rotate_key(database)
    assert query(database, "select count(*) from vault.person") == persons
    assert query(database, PEOPLE) == people


def test_a_key_from_the_environment_stays_there(
    database: Settings, feeds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VWU_TOKEN_KEY", secrets.token_hex(32))
    receive(database, str(feeds[0]))
    with pytest.raises(SettingsError, match="--to"):
        rotate_key(database)
    done = rotate_key(database, tmp_path / "new.key")
    assert (done.is_in_use, done.key_file) == (False, tmp_path / "new.key")
    with pytest.raises(SettingsError, match="is not the one"):
        receive(database, str(feeds[1]))
    monkeypatch.setenv("VWU_TOKEN_KEY", (tmp_path / "new.key").read_text())
    assert receive(database, str(feeds[1])).state == State.LANDED
