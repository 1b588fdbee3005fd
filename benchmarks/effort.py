"""What a piece of work costs: seconds by the clock, and of processor time, ours and the server's.

On a busy machine only the latter says what the work costs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vwu.database import connect
from vwu.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds by the clock and of processor time."""

    clock: float = 0.0
    processor: float = 0.0

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.clock + other.clock, self.processor + other.processor)

    def __str__(self) -> str:
        return f"{self.clock:8.2f} s {self.processor:8.2f} s of the processor"


def measured(settings: Settings, work: Callable[[], T]) -> tuple[T, Effort]:
    """What the work gave, and what it took; its connections must have ended with it."""
    clock, busy = time.perf_counter(), _own_time() + server_time(settings)
    found = work()
    return found, Effort(time.perf_counter() - clock, _own_time() + server_time(settings) - busy)


def server_time(settings: Settings) -> float:
    """Seconds of processor time of the server, of its children, and of those that have ended."""
    with connect(settings, "loader") as connection:
        server = _stat(connection.info.backend_pid)[1]
    children = (stat for path in Path("/proc").glob("[0-9]*") if (stat := _stat(path.name))[1:2] == [server])
    ticks = sum(map(int, _stat(server)[11:15])) + sum(sum(map(int, stat[11:13])) for stat in children)
    return ticks / os.sysconf("SC_CLK_TCK")


def _own_time() -> float:
    """This process and its children that have ended."""
    return sum(os.times()[:4])


def _stat(pid: int | str) -> list[str]:
    """What the kernel says of a process, from its state on: 1 is its parent, 11 to 14 its processor time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return []
