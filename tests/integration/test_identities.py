"""Persons on real PostgreSQL: another key is refused, every token can be made anew, and a person can be taken out."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from json_output import machine_output

from vwu.cli.main import main
from vwu.database import connect
from vwu.example_credit import feed_files
from vwu.intake import store
from vwu.intake.feed.erasure import forget
from vwu.intake.feed.tokens import citizen_token, key_id
from vwu.intake.feed.vault import rotate_key
from vwu.intake.landing import IntakeError
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
    assert main(["rotate-key", "--json"]) == 0
    fresh = database.key("token")
    assert fresh != former
    said = machine_output("rotate-key", capsys.readouterr().out)
    assert fresh.hex() not in str(said)
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


@pytest.fixture
def ended(database: Settings, feeds: list[Path]) -> tuple[Path, str]:
    """A landed feed in which one person's loans have all ended, and the citizen id."""
    content = feeds[0].read_text("utf-8").splitlines(keepends=True)
    names = content[0].rstrip("\n").split(",")
    place = names.index("citizen_id")
    citizen_id = content[1].split(",")[place]
    with_it = [number for number, line in enumerate(content) if citizen_id in line]
    control_file = feeds[0].with_name(feeds[0].name + ".control.json")
    control = json.loads(control_file.read_text("utf-8"))
    for number in with_it:
        cells = content[number].rstrip("\n").split(",")
        row = dict(zip(names, cells, strict=True))
        control["sum_collected"] += int(row["closing_balance"])
        for name in ("closing_balance", "overdue", "frozen"):
            control[f"sum_{name}"] -= int(row[name])
        row["collected"] = str(int(row["collected"]) + int(row["closing_balance"]))
        row |= {"closing_balance": "0", "overdue": "0", "frozen": "0", "overdue_days": "0", "status": "paid"}
        content[number] = ",".join(row.values()) + "\n"
    feeds[0].write_text("".join(content), "utf-8")
    control["sha256"] = hashlib.sha256(feeds[0].read_bytes()).hexdigest()
    control_file.write_text(json.dumps(control), "utf-8")
    assert receive(database, str(feeds[0])).state == State.LANDED
    return feeds[0], citizen_id


def kept(settings: Settings) -> list[bytes]:
    rows = query(settings, "select stored_sha256 from intake.receipt where stored_sha256 is not null")
    return [store.read(settings.store, sha256, settings.key("store")) for (sha256,) in rows]


def test_a_person_is_taken_out_on_request(
    database: Settings,
    ended: tuple[Path, str],
    use: Callable[[Settings], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, citizen_id = ended
    rejected = path.with_name("rejected.csv.gz")
    lines = path.read_text("utf-8").splitlines()
    header = lines[0].split(",")
    hers = next(line.split(",") for line in lines if citizen_id in line)
    other = dict(zip(header, hers, strict=True)) | {"bank_code": "AGRIBANK", "citizen_id": "001190000001"}
    namesake = ",".join(other.values())  # another bank's customer of the same number
    more = f"{namesake}\ntoo,short,{citizen_id}\n"
    rejected.write_bytes(gzip.compress(path.read_bytes() + more.encode()))
    control = path.with_name(path.name + ".control.json").read_text("utf-8")
    path.with_name("rejected.csv.gz.control.json").write_text(control, "utf-8")
    assert receive(database, str(rejected)).state == State.REJECTED
    token = citizen_token(database.key("token"), citizen_id)
    sums = "select count(*), sum(closing_balance), sum(collected), count(distinct citizen_token) from raw.loan"
    before = query(database, sums)
    use(database)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{citizen_id}\n"))
    assert main(["forget", "--reason", "letter of 5 May", "--json"]) == 0
    done = machine_output("forget", capsys.readouterr().out)
    assert (done["vault_rows"], done["files"]) == (1, 2)
    assert done["lines"] >= 1
    assert query(database, sums) == before
    assert query(database, f"select from raw.loan where citizen_token = '{token}'") == []
    assert query(database, f"select from vault.person where citizen_id = '{citizen_id}'") == []
    ((detail,),) = query(database, "select detail from intake.event where action = 'forget'")
    assert detail["reason"] == "letter of 5 May"
    assert citizen_id not in json.dumps(query(database, "select detail from intake.event"))
    plain, compressed = sorted(kept(database), key=lambda content: content.startswith(b"\x1f\x8b"))
    for content in (plain, gzip.decompress(compressed)):
        assert citizen_id.encode() not in content
        assert len(content.splitlines()) >= len(path.read_bytes().splitlines())
    assert namesake in gzip.decompress(compressed).decode()
    original = path.read_text("utf-8").splitlines()
    changed = [new for new, old in zip(plain.decode().splitlines(), original, strict=True) if new != old]
    assert len(changed) == done["lines"]
    assert len(list(Path(database.store).rglob("*.enc"))) == 2
    # The bank sends the same bytes again: they are known, and not kept again.
    assert receive(database, str(path)).state == State.UNCHANGED
    assert not any(citizen_id.encode() in content for content in kept(database))
    assert len(list(Path(database.store).rglob("*.enc"))) == 2
    with pytest.raises(IntakeError, match="knows nobody"):
        forget(database, citizen_id, "again")


def test_nobody_is_taken_out_while_a_loan_runs(database: Settings, feeds: list[Path]) -> None:
    receive(database, str(feeds[0]))
    before = query(database, "select * from vault.person order by identity_hash")
    ((citizen_id,),) = query(
        database,
        "select citizen_id from vault.person join raw.loan using (citizen_token) where status = 'active' limit 1",
    )
    with pytest.raises(IntakeError, match="a loan still runs"):
        forget(database, citizen_id, "asked")
    with pytest.raises(IntakeError, match="needs a reason"):
        forget(database, citizen_id, " ")
    assert query(database, "select * from vault.person order by identity_hash") == before
    assert query(database, "select from intake.receipt where stored_sha256 <> sha256") == []


def test_a_deletion_that_breaks_off_has_not_begun(
    database: Settings, ended: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, citizen_id = ended
    before = query(database, "select * from vault.person order by identity_hash")
    with monkeypatch.context() as patch:
        patch.setattr("vwu.intake.feed.erasure.replace_tokens", _break_off)
        with pytest.raises(KeyboardInterrupt):
            forget(database, citizen_id, "asked")
    assert query(database, "select * from vault.person order by identity_hash") == before
    assert any(citizen_id.encode() in content for content in kept(database))
    forget(database, citizen_id, "asked")
    assert query(database, f"select from vault.person where citizen_id = '{citizen_id}'") == []
    assert not any(citizen_id.encode() in content for content in kept(database))


def test_bytes_that_a_broken_off_deletion_left_are_removed_by_the_next_call(
    database: Settings, ended: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, citizen_id = ended
    with monkeypatch.context() as patch:
        patch.setattr("vwu.intake.store.remove", _break_off)
        with pytest.raises(KeyboardInterrupt):
            forget(database, citizen_id, "asked")
    assert len(list(Path(database.store).rglob("*.enc"))) == 2
    with pytest.raises(IntakeError, match="knows nobody"):
        forget(database, citizen_id, "asked")
    assert len(list(Path(database.store).rglob("*.enc"))) == 1
    assert not any(citizen_id.encode() in content for content in kept(database))


def test_a_kept_feed_that_nobody_can_unpack_goes_whole(database: Settings, ended: tuple[Path, str]) -> None:
    path, citizen_id = ended
    damaged = path.with_name("damaged.csv.gz")
    damaged.write_bytes(gzip.compress(path.read_bytes())[:-200])
    control = path.with_name(path.name + ".control.json").read_text("utf-8")
    path.with_name("damaged.csv.gz.control.json").write_text(control, "utf-8")
    assert receive(database, str(damaged)).state == State.REJECTED
    forget(database, citizen_id, "asked")
    assert query(database, "select stored_sha256 from intake.receipt where file_name = 'damaged.csv.gz'") == [(None,)]
    assert len(list(Path(database.store).rglob("*.enc"))) == 1


def test_kept_bytes_go_when_their_time_is_over(
    database: Settings, feeds: list[Path], use: Callable[[Settings], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in feeds[:2]:
        receive(database, str(path))
    with connect(database, "owner") as connection:
        connection.execute(
            "update intake.receipt set received_at = received_at - interval '13 months' where file_name = %s",
            [feeds[0].name],
        )
    lines = query(database, "select count(*) from raw.loan")
    use(database)
    assert main(["purge", "--months", "0"]) == 2
    assert main(["purge", "--months", "12", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"files": 1, "removed": False}
    assert len(kept(database)) == 2
    for removed in (1, 0):
        assert main(["purge", "--months", "12", "--yes", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"files": removed, "removed": True}
    assert kept(database) == [feeds[1].read_bytes()]
    assert len(list(Path(database.store).rglob("*.enc"))) == 1
    assert query(database, "select count(*) from raw.loan") == lines
    assert query(database, "select count(*) from intake.event where action = 'purge'") == [(1,)]
    assert receive(database, str(feeds[0])).state == State.UNCHANGED
    assert len(list(Path(database.store).rglob("*.enc"))) == 1
