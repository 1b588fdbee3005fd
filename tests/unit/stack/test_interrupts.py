from __future__ import annotations

import os
import signal

import pytest

from vwu.stack import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_interrupts_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupts.caught():
        os.kill(os.getpid(), number)

    assert signal.getsignal(number) == before


def test_an_interrupt_is_held_back_to_the_end_of_the_outermost_section() -> None:
    reached = []

    def work() -> None:
        with interrupts.caught(), interrupts.held_back():
            with interrupts.held_back():
                os.kill(os.getpid(), signal.SIGTERM)
            reached.append("inner section ended")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["inner section ended"]


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.caught():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
