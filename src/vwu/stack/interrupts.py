"""Ctrl-C and its relatives, held back while a process is being started or stopped: no orphan slips through."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _State:
    """How many sections hold signals back now, and whether one came meanwhile. A process has one such state."""

    depth = 0
    came = False


def _receive(number: int, frame: FrameType | None) -> None:
    del number, frame
    if _State.depth:
        _State.came = True
    else:
        raise KeyboardInterrupt


@contextmanager
def caught() -> Iterator[None]:
    """SIGTERM and SIGHUP end the enclosed work as Ctrl-C does: by KeyboardInterrupt; what is ignored stays so."""
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _receive) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """A section that no interrupt divides; one that came meanwhile is raised at its end."""
    _State.depth += 1
    try:
        yield
    finally:
        _State.depth -= 1
    if _State.came and not _State.depth:
        _State.came = False
        raise KeyboardInterrupt
