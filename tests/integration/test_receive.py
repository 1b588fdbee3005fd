"""Receive → check → land of real files on a real database: the example, whole or not at all, once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.example import write_example
from vwu.intake import store
from vwu.intake.arrivals import BRANCH_SUBMISSIONS, ZONES, list_arrivals, list_batches
from vwu.intake.check import check, today
from vwu.intake.model import Outcome, State
from vwu.intake.receive import ChangedWhileReadError, NotReceivedError, receive, receive_batch
from vwu.settings import Settings

RAW_TABLES = ("submission_value", "loan", "credit_group", "credit_summary", "feed_control")


@pytest.fixture
def landed(database: Settings) -> Settings:
    """A database whose landing zone holds the example."""
    write_example(Path(database.landing))
    return database


def receive_all(settings: Settings) -> list[Outcome]:
    paths = [path for zone in ZONES for path in list_arrivals(settings, zone, settle_seconds=0.0)]
    return [receive(settings, path) for path in paths]


def rows_of(settings: Settings, receipt_id: str) -> int:
    """Rows of one receipt in every table of raw."""
    with connect(settings, "loader") as connection:
        counts = [
            connection.execute(f"select count(*) from raw.{table} where receipt_id = %s", [receipt_id]).fetchone()
            for table in RAW_TABLES
        ]
    return sum(count[0] for count in counts if count)


def test_the_example_lands_and_its_broken_files_do_not(landed: Settings) -> None:
    outcomes = receive_all(landed)
    assert {Path(each.file).name for each in outcomes if each.state is State.REJECTED} == {
        path.name for path in Path(landed.landing).rglob("*(lỗi).*") if not path.name.endswith(".control.json")
    }
    for outcome in outcomes:
        assert outcome.receipt_id is not None
        if outcome.state is State.REJECTED:
            assert rows_of(landed, outcome.receipt_id) == 0
            assert all(each.position for each in outcome.findings if each.severity == "error")
        else:
            assert outcome.state is State.LANDED
            assert rows_of(landed, outcome.receipt_id) >= outcome.row_count > 0


def test_receiving_again_changes_nothing(landed: Settings) -> None:
    first = {each.sha256: each for each in receive_all(landed)}
    assert receive_all(landed) == []  # nothing is listed any more
    for path in Path(landed.landing).rglob("*.xlsx"):
        outcome = receive(landed, str(path))
        expected = State.REJECTED if first[outcome.sha256].state is State.REJECTED else State.UNCHANGED
        assert outcome.state is expected
        assert outcome.findings == (first[outcome.sha256].findings if expected is State.REJECTED else ())


def test_checking_offline_says_the_same(landed: Settings) -> None:
    catalogue = load_catalogue(landed.root / "seeds")
    for outcome in receive_all(landed):
        path = next(Path(landed.landing).rglob(outcome.file))
        offline = check(path, catalogue, today())
        assert (offline.findings, offline.values, offline.scopes) == (outcome.findings, outcome.values, outcome.scopes)


def test_every_byte_is_kept(landed: Settings) -> None:
    for outcome in receive_all(landed):
        path = next(Path(landed.landing).rglob(outcome.file))
        assert store.read(landed.store, outcome.sha256, landed.key("store")) == path.read_bytes()


def test_a_feed_is_not_readable_in_the_store(landed: Settings) -> None:
    receive_all(landed)
    feed = next(Path(landed.landing).rglob("Sao kê khoản vay*01-2024.csv")).read_bytes()
    line = feed.splitlines()[1]
    assert line
    assert not [path for path in Path(landed.store).rglob("*") if path.is_file() and line in path.read_bytes()]


def test_two_loaders_of_the_same_file_land_it_once(landed: Settings) -> None:
    path = next(Path(landed.landing).rglob("Thái Nguyên*.xlsx"))
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: receive(landed, str(path)), range(4)))
    assert sorted(str(each.state) for each in outcomes) == ["landed", "unchanged", "unchanged", "unchanged"]
    assert rows_of(landed, str(outcomes[0].receipt_id)) == max(each.row_count for each in outcomes)


def test_a_late_lower_sequence_is_refused(landed: Settings) -> None:
    path = next(Path(landed.landing).rglob("Sao kê tổ*01-2024.csv"))
    first = receive(landed, str(path))
    # The same feed with other bytes (a second space in a name) and a control record of the same sequence.
    other = path.with_name("again.csv")
    other.write_bytes(path.read_bytes() + b"\n")
    control = path.with_name(path.name + ".control.json").read_text("utf-8")
    other.with_name(other.name + ".control.json").write_text(
        control.replace(path.name, other.name).replace(first.sha256, store.sha256_of(other)), "utf-8"
    )
    outcome = receive(landed, str(other))
    assert outcome.state is State.REJECTED
    assert "FEED_SEQUENCE_LATE" in {each.rule_id for each in outcome.findings}


def test_a_file_written_while_it_is_read_does_not_land(landed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(Path(landed.landing).rglob("Thái Nguyên*.xlsx"))
    keep = store.keep

    def keep_and_touch(*arguments: object) -> str:
        os.utime(path, (1.0, 1.0))
        return keep(*arguments)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(store, "keep", keep_and_touch)
    with pytest.raises(ChangedWhileReadError):
        receive(landed, str(path))
    with connect(landed, "loader") as connection:
        assert connection.execute("select count(*) from raw.submission_value").fetchone() == (0,)


def test_one_file_of_a_batch_that_cannot_be_worked_on_stops_no_other(landed: Settings) -> None:
    first, *others = list_batches(landed, BRANCH_SUBMISSIONS)[0][:3]
    gone = str(Path(first).with_name("taken away.xlsx"))
    said: list[str] = []
    with pytest.raises(NotReceivedError, match=r"1 of 4 files .*taken away\.xlsx: FileNotFoundError"):
        receive_batch(landed, [first, gone, *others], said.append)
    assert [each.partition(":")[0] for each in said] == [Path(path).name for path in (first, *others)]
    with connect(landed, "loader") as connection:
        assert connection.execute("select count(*) from intake.receipt").fetchone() == (3,)
    assert receive_batch(landed, [first, *others], said.append) == 3
    assert all("unchanged" in each or "rejected" in each for each in said[3:])


def test_a_batch_goes_on_after_its_connection_was_cut(landed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = list_batches(landed, BRANCH_SUBMISSIONS)[0][:3]
    keep, seen = store.keep, []

    def keep_and_cut(*arguments: object) -> str:
        seen.append(arguments)
        if len(seen) == 2:
            with connect(landed, "loader", autocommit=True) as other:
                other.execute(
                    """select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"""
                )
        return keep(*arguments)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(store, "keep", keep_and_cut)
    said: list[str] = []
    with pytest.raises(NotReceivedError, match="1 of 3 files"):
        receive_batch(landed, paths, said.append)
    assert len(said) == 2


def test_another_home_is_another_world(landed: Settings, tmp_path: Path) -> None:
    elsewhere = replace(landed, landing=str(tmp_path / "nothing"))
    assert [list_arrivals(elsewhere, zone) for zone in ZONES] == [[], []]
