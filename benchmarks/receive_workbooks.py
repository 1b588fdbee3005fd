"""SCALE P8: every commune's workbook of one month received, checked in full and landed.

    .venv/bin/python benchmarks/receive_workbooks.py --files 3321

makes a server of its own, fills form BM01 for each commune of August 2025 (every line that the form has, as the
template writes it; the figures differ from commune to commune), puts them into the landing zone and receives them as
the DAG does: listed once, then in batches, by as many processes at a time as the machine has cores. Prints the seconds
of each part, and beside them those of openpyxl, which only reads the cells, on the first files. The files are in the
page cache.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import re
import tempfile
import time
import zipfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from effort import server_time
from openpyxl import load_workbook
from throwaway import warehouse

from vwu.catalogue import Branch, Catalogue, load_catalogue
from vwu.database import connect
from vwu.intake.arrivals import BRANCH_SUBMISSIONS, list_batches
from vwu.intake.receive import receive_files
from vwu.intake.submission.template import FormValue, form_lines, write_template
from vwu.settings import Settings, load_settings

GOAL = 60.0  # seconds for 3,321 files
PERIOD = "2025-08"
SHEET = "xl/worksheets/sheet1.xml"
BESIDE = 20  # files that openpyxl reads for comparison


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=3321)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as folder, warehouse(Path(folder)) as settings:
        _say_machine(settings)
        paths = _write_workbooks(settings, arguments.files)
        beside = _seconds_of_openpyxl(paths[:BESIDE]) / min(BESIDE, len(paths))
        seconds, processor = _receive(settings, arguments.processes)
    per_file = seconds / arguments.files
    print(f"processor time, ours and the server's: {processor / arguments.files * 1000:.1f} ms a file")
    print(f"{per_file * 1000:.1f} ms a file; openpyxl, which only reads the cells: {beside * 1000:.1f} ms on one core")
    print(f"{arguments.files:,} files in {seconds:.1f} s; goal {GOAL} s for 3,321")
    return int(per_file > GOAL / 3321)


def _say_machine(settings: Settings) -> None:
    with connect(settings, "loader") as connection:
        server = connection.info.parameter_status("server_version")
    print(
        f"{os.cpu_count()} cores, {platform.machine()}; PostgreSQL {server}, python-calamine"
        f" {version('python-calamine')}, openpyxl {version('openpyxl')}, Python {platform.python_version()};"
        f" load average {os.getloadavg()[0]:.1f}"
    )


def _write_workbooks(settings: Settings, count: int) -> list[Path]:
    catalogue = load_catalogue(settings.root / "seeds")
    period = catalogue.period(PERIOD)
    assert period is not None
    communes = sorted(catalogue.branches_of("commune", period.end_date), key=lambda each: each.branch_code)[:count]
    assert len(communes) == count, len(communes)
    first = communes[0]
    parts = _parts(filled(catalogue, first.branch_code))
    folder = Path(settings.landing) / BRANCH_SUBMISSIONS
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_one(folder, parts, first, branch, number) for number, branch in enumerate(communes, start=1)]


def filled(catalogue: Catalogue, branch_code: str) -> bytes:
    """The form with a figure in every line, in the first column that the indicator accepts."""
    values = []
    for line in form_lines(catalogue, branch_code, PERIOD):
        indicator = catalogue.indicators[line.indicator_code]
        content = 1000 if line.is_whole else "85,5%"
        values.append(FormValue(line.programme_code, line.indicator_code, "actual", indicator.bases[0], content))
    return write_template(catalogue, branch_code, PERIOD, values, prepared_by="Ban Kinh tế")


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write_one(folder: Path, parts: dict[str, bytes], first: Branch, branch: Branch, number: int) -> Path:
    sheet = parts[SHEET].decode()
    sheet = sheet.replace(first.branch_code, branch.branch_code).replace(first.name_vi, branch.name_vi)
    sheet = re.sub(r"<v>1000</v>", f"<v>{1000 + number}</v>", sheet)
    path = folder / f"BM01_{branch.branch_code}_{PERIOD}.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, sheet if name == SHEET else content)
    os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return path


def _seconds_of_openpyxl(paths: list[Path]) -> float:
    started = time.perf_counter()
    for path in paths:
        book = load_workbook(path, read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            assert row is not None
        book.close()
    return time.perf_counter() - started


def _receive(settings: Settings, processes: int) -> tuple[float, float]:
    """Seconds by the clock, and of processor time: on a busy machine only the latter says what the work costs."""
    started, busy = time.perf_counter(), server_time(settings)
    batches = list_batches(settings, BRANCH_SUBMISSIONS)
    listed = time.perf_counter()
    print(f"listed and numbered in {listed - started:.2f} s; {len(batches)} batches, {processes} processes")
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(_receive_batch, [settings.home] * len(batches), batches))
    states = Counter(state for states, _ in done for state in states)
    print(f"received in {time.perf_counter() - listed:.2f} s: {dict(states)}")
    if set(states) != {"landed"}:
        raise SystemExit("not every workbook landed")
    processor = sum(seconds for _, seconds in done) + server_time(settings) - busy
    return time.perf_counter() - started, processor


def _receive_batch(home: Path, paths: list[str]) -> tuple[list[str], float]:
    settings, before = load_settings({"VWU_HOME": str(home)}), time.process_time()
    states = [str(each) if isinstance(each, Exception) else str(each.state) for each in receive_files(settings, paths)]
    return states, time.process_time() - before


if __name__ == "__main__":
    raise SystemExit(main())
