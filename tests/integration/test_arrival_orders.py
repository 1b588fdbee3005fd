"""Feeds in any order of arrival, at the same time, or twice at once: what is in force in the end is the same."""

from __future__ import annotations

import itertools
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from test_feeds import JANUARY, example, write

from conftest import NewDatabase
from vwu.database import connect
from vwu.intake.receive import receive, receive_files
from vwu.settings import Settings

FEBRUARY = "2024-02-29"
IN_FORCE = """
select scope.scope_key, scope.receipt_id, count(*), sum(coalesce(loan.closing_balance, credit_group.closing_balance))
from intake.scope
left join raw.loan on scope.receipt_id = loan.receipt_id
left join raw.credit_group on scope.receipt_id = credit_group.receipt_id
group by scope.scope_key, scope.receipt_id order by scope.scope_key
"""


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """January's loans, the same corrected, January's groups and February's loans."""
    folder = tmp_path_factory.mktemp("feeds")
    loans, control = example("loan", JANUARY)
    corrected = [loans[0] | {"savings_balance": "1"}, *loans[1:]]
    sent = [
        (loans, control, {}),
        (corrected, control, {"sequence": 2, "created_at": "2024-02-09T00:00:00Z"}),
        (*example("group", JANUARY), {}),
        (*example("loan", FEBRUARY), {}),
    ]
    return [str(write(folder, rows, control, **stated)) for rows, control, stated in sent]


def in_force(settings: Settings) -> list[tuple[Any, ...]]:
    with connect(settings, "owner") as owner:
        return owner.execute(IN_FORCE.encode()).fetchall()


def outcome(new_database: NewDatabase, folder: Path, orders: Sequence[Sequence[str]]) -> list[tuple[Any, ...]]:
    """What is in force after each of these, all at the same time, has received its files one after the other."""
    folder.mkdir()
    settings = new_database(folder)
    with ThreadPoolExecutor(len(orders)) as pool:
        received = pool.map(lambda paths: list(receive_files(settings, paths)), orders)
    assert not [each for each in itertools.chain(*received) if isinstance(each, Exception)]
    return in_force(settings)


def check_orders(new_database: NewDatabase, folder: Path, feeds: list[str], orders: Sequence[tuple[str, ...]]) -> None:
    wanted = outcome(new_database, folder / "wanted", [feeds])
    assert len(wanted) == 3
    assert all(rows for _, _, rows, _ in wanted)
    for number, order in enumerate(orders):
        assert outcome(new_database, folder / f"order {number}", [order]) == wanted, order
        halves = [order[::2], order[1::2]]
        assert outcome(new_database, folder / f"at once {number}", halves) == wanted, halves


def test_feeds_in_any_order_leave_the_same_in_force(
    new_database: NewDatabase, tmp_path: Path, feeds: list[str]
) -> None:
    every = list(itertools.permutations(feeds))
    check_orders(new_database, tmp_path, feeds, random.Random(2).sample(every, 3))


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_feeds_in_every_order_leave_the_same_in_force(
    new_database: NewDatabase, tmp_path: Path, feeds: list[str]
) -> None:
    check_orders(new_database, tmp_path, feeds, list(itertools.permutations(feeds)))


def test_a_feed_received_twice_at_once_lands_once(new_database: NewDatabase, tmp_path: Path, feeds: list[str]) -> None:
    wanted = outcome(new_database, tmp_path / "once", [feeds[:1]])
    assert outcome(new_database, tmp_path / "four times", [feeds[:1]] * 4) == wanted


# A clock that jumps

_STEP = "import pickle, sys; step, *given = pickle.load(sys.stdin.buffer); print(step(*given).state)"


@pytest.mark.program("faketime")
@pytest.mark.parametrize("clock", ["-40 days", "+40 days"])
def test_a_clock_that_jumps_changes_nothing_of_what_lands(
    new_database: NewDatabase, tmp_path: Path, feeds: list[str], clock: str
) -> None:
    """It jumps between two files, there and back: which file wins a scope is told by numbers, never by times."""
    wanted = outcome(new_database, tmp_path / "wanted", [feeds])
    (tmp_path / "jumped").mkdir()
    settings = new_database(tmp_path / "jumped")
    for number, path in enumerate(feeds):
        if number % 2:
            assert receive(settings, path).state == "landed"
            continue
        done = subprocess.run(
            ["faketime", "-f", clock, sys.executable, "-c", _STEP],
            input=pickle.dumps((receive, settings, path)), env=dict(os.environ), capture_output=True, check=True,
        )  # fmt: skip
        assert done.stdout.decode().strip() == "landed"
    assert in_force(settings) == wanted
