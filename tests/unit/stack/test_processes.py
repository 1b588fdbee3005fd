from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from vwu.stack import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A parent with one child in a session of its own, as Airflow's task processes are; both ignore SIGTERM.
STUBBORN_FAMILY = [
    sys.executable,
    "-c",
    "import os, signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "if os.fork() == 0: os.setsid()\n"
    "print('ready', flush=True); time.sleep(600)",
]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    for name in ("logs", "run"):
        (tmp_path / name).mkdir()
    yield tmp_path
    processes.stop(tmp_path, ["one", "two"], patience=0.0)


def start(home: Path, name: str, command: list[str]) -> processes.Started:
    return processes.spawn(home, name, command, os.environ)


def wait_for(home: Path, name: str, count: int) -> list[psutil.Process]:
    deadline = time.monotonic() + 10
    while len(found := [process for _, process in processes.marked(home, [name])]) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} processes appeared"
        time.sleep(0.02)
    return found


def test_a_started_process_is_found_in_its_own_session(home: Path) -> None:
    started = start(home, "one", SLEEP)

    assert processes.find(home, "one") == started
    assert os.getsid(started.pid) == started.pid != os.getsid(0)


def test_stopping_takes_only_the_named_component(home: Path) -> None:
    start(home, "one", SLEEP)
    other = start(home, "two", SLEEP)

    assert processes.stop(home, ["one"]) == ["one"]
    assert processes.find(home, "one") is None
    assert processes.find(home, "two") == other


def test_another_home_folders_processes_are_not_ours(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    started = start(home, "one", SLEEP)

    assert processes.stop(tmp_path_factory.mktemp("other"), ["one"]) == []
    assert processes.is_alive(started)


def test_children_of_a_killed_parent_are_found_and_killed_when_they_do_not_listen(home: Path) -> None:
    started = start(home, "one", STUBBORN_FAMILY)
    family = wait_for(home, "one", 2)
    os.kill(started.pid, signal.SIGKILL)
    while processes.is_alive(started):
        time.sleep(0.02)

    assert processes.find(home, "one") is None
    assert processes.stop(home, ["one"], patience=0.2) == ["one"]
    assert not [process for process in family if process.is_running() and process.status() != "zombie"]


@pytest.mark.parametrize("age", [0.0, 3600.0])
def test_a_record_whose_pid_is_a_stranger_by_now_is_stale(home: Path, age: float) -> None:
    started = start(home, "one", SLEEP)
    stranger = subprocess.Popen(SLEEP)
    try:
        reused = replace(started, name="two", pid=stranger.pid, create_time=started.create_time - age)
        (home / "run" / "two.json").write_text(json.dumps(asdict(reused)))

        assert processes.find(home, "two") is None
        assert processes.stop(home, ["two"]) == []
        assert stranger.poll() is None, "a stranger must never be touched"
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": 1}'])
def test_a_broken_record_is_no_process(home: Path, content: str) -> None:
    (home / "run" / "one.json").write_text(content)

    assert processes.find(home, "one") is None


def test_wait_gives_the_exit_status(home: Path) -> None:
    assert processes.wait(start(home, "one", [sys.executable, "-c", "raise SystemExit(7)"])) == 7


def test_output_goes_to_the_log_whose_end_can_be_shown(home: Path) -> None:
    processes.wait(start(home, "one", [sys.executable, "-c", "for i in range(30): print('line', i)"]))

    assert processes.tail(processes.log_path(home, "one"), lines=2) == "line 28\nline 29"


def test_the_tail_of_no_log_is_empty(tmp_path: Path) -> None:
    assert processes.tail(tmp_path / "none.log") == ""
