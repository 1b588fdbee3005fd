"""What a person sees while waiting: one line that changes on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Progress:
    """Writes to stderr, so that stdout stays for results."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._began = time.monotonic()
        self._shown = ""

    def show(self, step: str) -> None:
        """What is being done or waited for now; call it as often as you like."""
        if self._is_terminal:
            self._stream.write(f"\r\033[K{time.monotonic() - self._began:4.0f} s  {step}")
        elif step != self._shown:
            self._stream.write(f"{time.monotonic() - self._began:6.1f} s  {step}\n")
        self._shown = step
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away again before results are printed."""
        if self._is_terminal and self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()
