"""The whole of a run killed at any statement: receiving, dbt, the gate, publication and the roll-up alike.

After each kill the same run is started again, as the scheduler does, and what is published is what comes out of a run
that nobody disturbed.

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_killed_runs.py
"""

from __future__ import annotations

import random
from pathlib import Path

import faults
import pytest
from faults import AFTER, BEFORE, CUT, KILL, Fault

from conftest import NewDatabase
from vwu.catalogue import load_catalogue
from vwu.example import write_example
from vwu.publish import checksums
from vwu.run import run_direct
from vwu.settings import Settings

PATIENCE = 1800.0  # seconds of a whole run
# It alone says at what time a file came.
TIMES = "fct_submission"


def run_whole(settings: Settings) -> list[str]:
    """The main job without Airflow; returns what failed."""
    return [f"{failure.step}: {failure.reason}" for failure in run_direct(settings, lambda _: None)]


def figures(settings: Settings) -> dict[str, str]:
    return {table: digest for table, digest in checksums(settings).items() if table != TIMES}


def prepare(new_database: NewDatabase, folder: Path) -> Settings:
    settings = new_database(folder)
    write_example(Path(settings.landing), load_catalogue(settings.root / "seeds"))
    return settings


@pytest.mark.campaign
@pytest.mark.timeout(14400)
def test_a_run_killed_anywhere_is_completed_by_the_next(new_database: NewDatabase, tmp_path: Path) -> None:
    (tmp_path / "undisturbed").mkdir()
    settings = prepare(new_database, tmp_path / "undisturbed")
    failures, statements = faults.run(settings, run_whole, patience=PATIENCE)
    assert failures == []
    wanted = figures(settings)
    chance, struck = random.Random(11), 0
    for number in range(12):
        (tmp_path / str(number)).mkdir()
        settings = prepare(new_database, tmp_path / str(number))
        at = sorted(chance.sample(range(1, statements), 2))
        for statement in at:
            fault = Fault(chance.choice((KILL, CUT)), statement, chance.choice((BEFORE, AFTER)))
            answer, _ = faults.run(settings, run_whole, fault=fault, patience=PATIENCE)
            struck += answer != []
            print(f"run {number}, {fault}: {answer}")
        assert run_whole(settings) == []
        assert figures(settings) == wanted
    print(f"\nruns killed or cut off: {struck} times at random statements of {statements}")
    assert struck >= 20
