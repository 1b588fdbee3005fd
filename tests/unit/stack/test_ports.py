from __future__ import annotations

import socket

from vwu.stack import ports


def test_a_free_preferred_port_is_taken() -> None:
    port = ports.choose()

    assert ports.choose(port) == port


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as other:
        other.bind((ports.LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]

        assert not ports.is_free(taken)
        assert ports.choose(taken) != taken
