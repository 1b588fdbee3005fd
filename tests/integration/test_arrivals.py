"""The landing zone: what is complete, what is not, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vwu.database import connect
from vwu.intake.arrivals import BANK_FEEDS, BRANCH_SUBMISSIONS, list_arrivals
from vwu.settings import Settings


def put(settings: Settings, name: str, *, zone: str = BRANCH_SUBMISSIONS, at: float = 1_000_000.0) -> Path:
    path = Path(settings.landing) / zone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"content of " + name.encode())
    os.utime(path, (at, at))
    return path


def names(settings: Settings, zone: str = BRANCH_SUBMISSIONS) -> list[str]:
    return [Path(path).name for path in list_arrivals(settings, zone, settle_seconds=0.0)]


def test_an_absent_zone_is_empty(database: Settings) -> None:
    assert names(database) == []


def test_an_unknown_zone_is_refused(database: Settings) -> None:
    with pytest.raises(ValueError, match="no zone"):
        list_arrivals(database, "elsewhere")


def test_arrivals_come_in_order_of_time_and_from_sub_folders(database: Settings) -> None:
    put(database, "c.xlsx", at=3_000.0)
    put(database, "tháng 1/a.xlsx", at=2_000.0)
    put(database, "b.csv", at=1_000.0)
    assert names(database) == ["b.csv", "a.xlsx", "c.xlsx"]


@pytest.mark.parametrize("name", ["~$a.xlsx", ".a.xlsx", "a.xlsx.part", "a.xlsx.tmp", "a.csv.done", "a.CRDOWNLOAD"])
def test_unfinished_and_private_files_are_left_alone(database: Settings, name: str) -> None:
    put(database, name)
    assert names(database) == []


def test_a_link_out_of_the_zone_is_not_followed(database: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("not sent by anybody")
    put(database, "a.csv")
    (Path(database.landing) / BRANCH_SUBMISSIONS / "b.csv").symlink_to(secret)
    assert names(database) == ["a.csv"]


def test_a_feed_waits_for_its_control_record(database: Settings) -> None:
    path = put(database, "loan.csv.gz", zone=BANK_FEEDS)
    os.utime(path)
    assert names(database, BANK_FEEDS) == []
    put(database, "loan.csv.gz.control.json", zone=BANK_FEEDS)
    assert names(database, BANK_FEEDS) == ["loan.csv.gz"]


def test_a_feed_whose_control_record_never_came_is_received_in_the_end(database: Settings) -> None:
    put(database, "loan.csv", zone=BANK_FEEDS, at=1_000_000.0)
    assert names(database, BANK_FEEDS) == ["loan.csv"]


def test_a_marker_says_that_a_file_is_complete(database: Settings) -> None:
    """Though it was written this moment: without the marker the listing would wait for ten minutes."""
    os.utime(put(database, "a.xlsx"))
    put(database, "a.xlsx.done")
    assert [Path(path).name for path in list_arrivals(database, BRANCH_SUBMISSIONS, settle_seconds=600.0)] == ["a.xlsx"]


def test_a_file_that_changes_while_we_look_is_not_complete(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(database, "growing.xlsx")
    os.utime(path)

    def grow(_: float) -> None:
        path.write_bytes(path.read_bytes() + b"more")

    monkeypatch.setattr("vwu.intake.arrivals.time.sleep", grow)
    assert list_arrivals(database, BRANCH_SUBMISSIONS, settle_seconds=60.0) == []


def test_what_was_received_is_listed_again_only_when_it_changes(database: Settings) -> None:
    path = put(database, "a.xlsx")
    assert names(database) == ["a.xlsx"]
    assert names(database) == ["a.xlsx"]  # listed, but no receipt yet: a crashed task must find it again
    with connect(database, "loader") as connection:
        connection.execute(
            """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by)
               values (repeat('a', 16), repeat('a', 64), 'submission', 'a.xlsx', 1, 'landed', 'test')"""
        )
        connection.execute("update intake.arrival set receipt_id = repeat('a', 16)")
    assert names(database) == []
    path.write_bytes(b"corrected")
    os.utime(path, (2_000_000.0, 2_000_000.0))
    assert names(database) == ["a.xlsx"]
