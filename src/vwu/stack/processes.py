"""Detached processes that outlive us, carry a mark in their environment, and are found and stopped by it.

A pid alone names nothing for long: a record holds pid and creation time, and stopping looks for the mark, which every
descendant inherits, so that the children of a killed scheduler are found and no stranger ever is.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

from vwu.stack.interrupts import held_back
from vwu.stack.state import write_private

MARK = "VWU_STACK_MARK"
_LOG_LIMIT = 20_000_000  # bytes; a larger log is put aside at the next start
# Creation times count from the boot, whose time moves when the clock is set right.
_CLOCK_SLACK = 2.0  # seconds
# Ours until they end: lets a long-lived caller (a test) reap them instead of seeing zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Started:
    """A process that we started: who it is (pid and creation time) and with which settings (fingerprint)."""

    name: str
    pid: int
    create_time: float
    fingerprint: str
    started_at: float


def spawn(
    home: Path, name: str, command: Sequence[str], environment: Mapping[str, str], fingerprint: str = ""
) -> Started:
    """Start a process in its own session, its output appended to `<home>/logs/<name>.log`, and record it."""
    began = time.time()
    with open_log(log_path(home, name)) as log, held_back():
        process = subprocess.Popen(
            list(command),
            env={**environment, MARK: _mark(home, name)},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        keep(process)
        started = Started(name, process.pid, _create_time(process.pid), fingerprint, began)
        write_private(_record(home, name), json.dumps(asdict(started)))
    return started


def wait(started: Started) -> int:
    """Wait for the end of a process that this very process started; returns its exit status."""
    return _children.pop(started.pid).wait()


def keep(process: subprocess.Popen[bytes]) -> None:
    """Remember a child, so that it is reaped when it ends."""
    _children[process.pid] = process


def exists(pid: int) -> bool:
    """Whether a process with this pid runs, zombies left out."""
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]
    return _create_time(pid) > 0


def end(pid: int, number: signal.Signals, patience: float = 15.0) -> bool:
    """Signal one process that was seen alive a moment ago and wait for its end; False when it lives on."""
    try:
        process = psutil.Process(pid)
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return True
    deadline = time.monotonic() + patience
    while exists(pid) and process.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def open_log(path: Path) -> IO[bytes]:
    """Open a log to append to, putting aside one that has grown too large."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    path.touch(mode=0o600)
    return path.open("ab")


def log_path(home: Path, name: str) -> Path:
    """Where a component's output goes."""
    return home / "logs" / f"{name}.log"


def find(home: Path, name: str) -> Started | None:
    """The recorded process if it is alive and the very one that was recorded, else None."""
    try:
        recorded = Started(**json.loads(_record(home, name).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    same = recorded.name == name and is_alive(recorded) and _read_mark_of(recorded.pid) == _mark(home, name)
    return recorded if same else None


def is_alive(started: Started) -> bool:
    """Whether the process still runs: same pid, same creation time, not a zombie."""
    return exists(started.pid) and abs(_create_time(started.pid) - started.create_time) < _CLOCK_SLACK


def stop(home: Path, names: Sequence[str], patience: float = 15.0) -> list[str]:
    """Stop components with everything they started; returns the names of those that had processes.

    SIGTERM first, SIGKILL to what is left after `patience` seconds.
    """
    found = marked(home, names)
    _signal(found, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (left := marked(home, names)) and time.monotonic() < deadline:
        time.sleep(0.1)
    while left:  # a process may have started another one while we looked
        _signal(left, signal.SIGKILL)
        time.sleep(0.1)
        left = marked(home, names)
    for name in names:
        _record(home, name).unlink(missing_ok=True)
    stopped = {name for name, _ in found}
    return [name for name in names if name in stopped]


def marked(home: Path, names: Sequence[str]) -> list[tuple[str, psutil.Process]]:
    """Every living process that carries the mark of one of these components, with the component's name."""
    wanted = {_mark(home, name): name for name in names}
    return [
        (wanted[mark], process)
        for process in psutil.process_iter()
        if (mark := _read_mark(process)) is not None and mark in wanted
    ]


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, to be shown with an error."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _signal(processes: Sequence[tuple[str, psutil.Process]], number: signal.Signals) -> None:
    for _, process in processes:
        try:
            process.send_signal(number)  # psutil refuses when the pid belongs to another process by now
        except psutil.NoSuchProcess:
            continue


def _mark(home: Path, name: str) -> str:
    return f"{name}@{home}"


def _read_mark_of(pid: int) -> str | None:
    try:
        return _read_mark(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return None


def _read_mark(process: psutil.Process) -> str | None:
    try:
        mark: str | None = process.environ().get(MARK) if exists(process.pid) else None
    except (psutil.Error, OSError):
        return None
    return mark


def _record(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.json"


def _create_time(pid: int) -> float:
    """When the process began; 0 when there is none or it is dead and waits for its parent."""
    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        created: float = process.create_time()
    except psutil.NoSuchProcess:
        return 0.0
    return 0.0 if dead else created
