"""How long Airflow takes to read each DAG file: the scheduler's side of it reads every file again and again.

    .venv/bin/python benchmarks/dag_parse.py --rounds 5

reads the folder with Airflow's own DagBag, with an Airflow home of its own, and prints for each file the slowest of
the rounds, beside the goal. The first round pays for what the files import; Airflow itself is loaded before.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

GOAL = 0.5  # seconds
DAGS = Path(__file__).parents[1] / "dags"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as home:
        os.environ |= {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        seconds = _measure(rounds)
    print(f"Airflow {version('apache-airflow')}, {os.cpu_count()} cores, {rounds} rounds; goal {GOAL} s a file")
    for name, each in sorted(seconds.items()):
        print(f"{name:<24} slowest {max(each):.3f} s   median {sorted(each)[len(each) // 2]:.3f} s")
    return int(max(map(max, seconds.values())) > GOAL)


def _measure(rounds: int) -> dict[str, list[float]]:
    from airflow.dag_processing.dagbag import DagBag

    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        bag = DagBag(str(DAGS))
        if bag.import_errors:
            raise SystemExit(f"DAG files that cannot be read: {bag.import_errors}")
        for each in bag.dagbag_stats:
            seconds[each.file.lstrip("/")].append(each.duration.total_seconds())
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
