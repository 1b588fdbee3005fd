"""SCALE P6: `vwu check` of a workbook in a process of its own, as a branch officer starts it.

    .venv/bin/python benchmarks/check_start.py --rounds 10

writes the form of one province with a figure in every line, checks it with the installed command again and again, and
prints the slowest and the median round, beside a Python that starts and does nothing. The files are in the page cache.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from receive_workbooks import filled

from vwu.catalogue import load_catalogue
from vwu.settings import load_settings

GOAL = 1.5  # seconds
BRANCH = "P22"
VWU = Path(sys.executable).with_name("vwu")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as folder:
        path = Path(folder) / "BM01.xlsx"
        path.write_bytes(filled(load_catalogue(load_settings().root / "seeds"), BRANCH))
        before = _processor_time()
        checks = [_seconds(str(VWU), "check", str(path)) for _ in range(rounds)]
        processor = _processor_time() - before
    bare = [_seconds(sys.executable, "-c", "") for _ in range(rounds)]
    print(
        f"vwu check: slowest {max(checks):.2f} s, median {statistics.median(checks):.2f} s, processor time"
        f" {processor / rounds:.2f} s; Python alone {statistics.median(bare):.2f} s; {os.cpu_count()} cores, load"
        f" average {os.getloadavg()[0]:.1f}; goal {GOAL} s"
    )
    return int(statistics.median(checks) > GOAL)


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(*command: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):  # 1: findings block
        raise SystemExit(f"{command} ended with {done.returncode}")
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
