from __future__ import annotations

import io

from vwu.stack.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_line_a_step() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for step in ("one", "one", "two"):
        progress.show(step)
    progress.clear()

    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["one", "two"]


def test_a_terminal_keeps_one_line_and_gives_it_back() -> None:
    stream = Terminal()
    progress = Progress(stream)
    for step in ("one", "one", "two"):
        progress.show(step)
    progress.clear()

    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\033[K")
