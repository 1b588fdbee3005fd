"""A file is landed whole or not at all: killed at any moment, and with two copies of the product on one landing zone.

`make test` runs the short form; the campaign's is 120 moments:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_whole_or_not.py
"""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.example import write_example
from vwu.intake import store
from vwu.intake.model import State
from vwu.intake.receive import receive
from vwu.intake.submission.template import FormValue, write_template
from vwu.settings import Settings

pytestmark = pytest.mark.timeout(900)

BATCH = (
    "import pickle, sys;"
    "from vwu.intake.arrivals import ZONES, list_batches; from vwu.intake.receive import receive_batch;"
    "settings = pickle.load(sys.stdin.buffer);"
    "[receive_batch(settings, paths, print) for zone in ZONES for paths in list_batches(settings, zone)]"
)


@pytest.fixture
def mortal(database: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process that receives what it is told, and dies as it is told."""
    program = [sys.executable, str(Path(__file__).with_name("killed_loader.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(pickle.dumps(database))
        yield process
        process.stdin.close()


def receive_and_die(mortal: subprocess.Popen[bytes], path: Path, counted: str, moment: int) -> str:
    assert mortal.stdin is not None
    assert mortal.stdout is not None
    mortal.stdin.write(f"{path}\t{counted}\t{moment}\n".encode())
    mortal.stdin.flush()
    return mortal.stdout.readline().decode().strip()


def workbooks(settings: Settings) -> Iterator[Path]:
    """Report after report of one branch for one month, each with other figures."""
    catalogue = load_catalogue(settings.root / "seeds")
    number = 0
    while True:
        number += 1
        values = [FormValue("DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "in_period", 100 + number)]
        path = settings.home / f"{number:03d}.xlsx"
        path.write_bytes(write_template(catalogue, "P22", "2024-01", values))
        yield path


def seen(settings: Settings, receipt_id: str) -> tuple[Any, ...]:
    """What one look at the warehouse shows of a receipt: its rows, and whether each record of its landing is there."""
    with connect(settings, "loader") as connection:
        row = connection.execute(
            """select
                   (select count(*) from raw.submission_value where receipt_id = %(receipt)s),
                   exists (select from intake.receipt where receipt_id = %(receipt)s and state = 'landed'),
                   exists (select from intake.scope where receipt_id = %(receipt)s),
                   exists (select from intake.receipt_scope where receipt_id = %(receipt)s),
                   exists (select from intake.event where receipt_id = %(receipt)s and action = 'land'),
                   (select count(*) from intake.receipt where state = 'landed')""",
            {"receipt": receipt_id},
        ).fetchone()
    assert row is not None
    return row


def kill(settings: Settings, mortal: subprocess.Popen[bytes], moments: int) -> Counter[str]:
    """Kill a loader at this many moments, each on a new report; says how often nothing, and all, had landed."""
    reports, drawn, found = workbooks(settings), random.Random(6), Counter[str]()
    first = next(reports)
    calls = {"any": int(receive_and_die(mortal, first, "any", 0))}
    whole = seen(settings, store.receipt_id_of(store.sha256_of(first)))
    assert whole[0] > 0
    assert whole[1:] == (True, True, True, True, 1)
    calls["database"] = int(receive_and_die(mortal, next(reports), "database", 0))
    for number, path in zip(range(moments), reports, strict=False):
        counted = ("any", "database")[number % 2]
        # Closer together towards the end, where the transaction is committed.
        before_end = int(calls[counted] ** drawn.random()) - 1
        answer = receive_and_die(mortal, path, counted, calls[counted] - before_end)
        receipt_id = store.receipt_id_of(store.sha256_of(path))
        after = seen(settings, receipt_id)
        # The report before stays in force until this one is there whole.
        assert after in (whole, (0, False, False, False, False, 1)), (number, answer)
        found[f"{answer if answer == 'killed' else 'ended'}, {'whole' if after == whole else 'nothing'}"] += 1
        assert receive(settings, str(path)).state in {State.LANDED, State.UNCHANGED}
        assert seen(settings, receipt_id) == whole
        assert store.read(settings.store, store.sha256_of(path), settings.key("store")) == path.read_bytes()
    return found


def test_a_killed_loader_leaves_all_or_nothing(database: Settings, mortal: subprocess.Popen[bytes]) -> None:
    found = kill(database, mortal, 12)
    assert found["killed, nothing"] > 0
    assert found["killed, whole"] > 0
    assert sum(found.values()) == 12


@pytest.mark.campaign
def test_killed_at_a_hundred_moments(database: Settings, mortal: subprocess.Popen[bytes]) -> None:
    found = kill(database, mortal, 120)
    print(dict(found))
    assert found["killed, nothing"] + found["killed, whole"] >= 100
    assert found["killed, whole"] > 0


def state_of(settings: Settings) -> list[tuple[Any, ...]]:
    """What is in force, with its rows, and how often each receipt has landed."""
    with connect(settings, "loader") as connection:
        return connection.execute(
            """select receipt.receipt_id, receipt.state, receipt.row_count, scope.scope_key,
                   (select count(*) from intake.event
                    where event.receipt_id = receipt.receipt_id and event.action = 'land') as landings,
                   (select count(*) from raw.submission_value as raw where raw.receipt_id = receipt.receipt_id),
                   (select count(*) from raw.loan as raw where raw.receipt_id = receipt.receipt_id),
                   (select count(*) from intake.finding where finding.receipt_id = receipt.receipt_id)
               from intake.receipt left join intake.scope using (receipt_id)
               order by receipt.receipt_id"""
        ).fetchall()


def start_copy(settings: Settings) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", BATCH], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(settings))
    process.stdin.close()
    return process


def test_two_copies_on_one_landing_zone_do_what_one_does(database: Settings, new_database: Any, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    alone = new_database(tmp_path / "alone")
    for settings in (alone, database):
        write_example(Path(settings.landing))
        for path in Path(settings.landing).rglob("*"):
            os.utime(path, (1_700_000_000, 1_700_000_000))
    assert start_copy(alone).wait() == 0
    copies = [start_copy(database) for _ in range(2)]
    assert [each.wait() for each in copies] == [0, 0]
    assert state_of(database) == state_of(alone)
    assert [row for row in state_of(database) if row[1] == "landed"]


def test_what_a_killed_writer_left_in_the_store_is_swept_when_it_is_old(database: Settings) -> None:
    partial = Path(database.store) / "partial"
    path = next(workbooks(database))
    receive(database, str(path))
    assert list(partial.iterdir()) == []
    old, fresh = partial / "old", partial / "fresh"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))
    receive(database, str(path))
    assert list(partial.iterdir()) == [fresh]
    assert store.read(database.store, store.sha256_of(path), database.key("store")) == path.read_bytes()
