"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

from vwu.language import phrase

LOOPBACK = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections: a recorded port stays free between runs.
_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(preferred: int | None = None) -> int:
    """The preferred port if it is free, else any free one. Raises OSError when none is."""
    if preferred and is_free(preferred):
        return preferred
    for port in random.SystemRandom().sample(_RANGE, 500):
        if is_free(port):
            return port
    raise OSError(
        phrase(
            f"không còn cổng trống trên {LOOPBACK} từ {_RANGE.start} đến {_RANGE.stop}",
            f"no free port on {LOOPBACK} between {_RANGE.start} and {_RANGE.stop}",
        )
    )
