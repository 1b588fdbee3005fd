"""Receives files in processes that kill themselves (SIGKILL) at a chosen call: any moment, and no matter of timing.

Reads Settings (pickled), then a line a file from standard input: the path, what calls are counted, and the number of
the call at which to die. Answers a line each: `killed`, or how many such calls it took to the end.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from types import FrameType
from typing import Any

from vwu.intake.receive import receive
from vwu.settings import Settings

COUNTED = {"any": "", "database": f"{os.sep}psycopg{os.sep}"}


def main() -> None:
    settings: Settings = pickle.load(sys.stdin.buffer)
    for line in sys.stdin.buffer:
        path, counted, moment = line.decode().rstrip("\n").split("\t")
        print(_receive(settings, path, COUNTED[counted], int(moment)), flush=True)


def _receive(settings: Settings, path: str, folder: str, moment: int) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        count = _die_at(moment, folder)
        receive(settings, path)
        sys.setprofile(None)
        os.write(writing, str(count[0]).encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    return said if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 else "killed"


def _die_at(moment: int, folder: str) -> list[int]:
    count = [0]

    def count_calls(frame: FrameType, event: str, _: Any) -> None:
        if event in ("call", "c_call") and folder in frame.f_code.co_filename:
            count[0] += 1
            if count[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count_calls)
    return count


if __name__ == "__main__":
    main()
