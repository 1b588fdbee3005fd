"""What a release rebuilds for people, at national size: every report that one new month touches, and the site.

    export VWU_HOME=/data/nation
    vwu generate $VWU_HOME/landing --provinces 34 --months 9 --loans 40000 --seed 7 --from 2025-03
    vwu run --direct
    .venv/bin/python benchmarks/report_release.py 2025-09

Prints for each report of a period that contains the month: seconds on the clock and of the processor, the size of its
page and workbook; the median time in which Chromium opens the largest page from disk; and the sum.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from vwu.report import PAGE, WORKBOOK, write_report
from vwu.rollup import open_release, own_digests
from vwu.settings import Settings, load_settings
from vwu.site import write_site

OPENINGS = 7


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of this process's processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def touched(settings: Settings, month: str) -> list[str]:
    """Every period with figures that contains the month."""
    with open_release(settings) as (connection, _):
        known = {each.period_code for each in own_digests(connection)}
        rows = connection.execute(
            """select longer.period_code from published.dim_period as month
               inner join published.dim_period as longer on longer.calendar = month.calendar
                   and month.start_date >= longer.start_date and month.end_date <= longer.end_date
               where month.period_code = %s and month.calendar = 'union'
               order by longer.end_date - longer.start_date""",
            [month],
        ).fetchall()
    return [code for (code,) in rows if code in known]


def opening(page: Path) -> float:
    """Median milliseconds from asking for a page on disk to its being laid out whole, in headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        seen = []
        for _ in range(OPENINGS):
            tab = browser.new_page()
            tab.goto(page.as_uri())
            seen.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            tab.close()
        browser.close()
    return statistics.median(seen)


def main() -> None:
    """Measure the release in force of the home folder."""
    settings = load_settings()
    with psycopg.connect(settings.database_url("bi_reader")) as connection:
        server = connection.info.parameter_status("server_version")
    print(f"{platform.machine()}, {os.cpu_count()} processors, PostgreSQL {server}, load {os.getloadavg()[0]:.1f}")
    total, largest = [0.0, 0.0], (0, Path())
    with tempfile.TemporaryDirectory() as folder:
        work: list[tuple[str, Callable[[], object]]] = [
            (code, lambda code=code: write_report(settings, code, Path(folder) / code))
            for code in touched(settings, sys.argv[1])
        ]
        for name, job in [*work, ("site", lambda: write_site(settings))]:
            seconds = timed(job)
            total = [one + other for one, other in zip(total, seconds, strict=True)]
            page = Path(folder) / name / PAGE
            sizes = ""
            if page.exists():
                largest = max(largest, (page.stat().st_size, page))
                workbook = (page.parent / WORKBOOK).stat().st_size
                sizes = f"{page.stat().st_size / 1e3:8.0f} kB page {workbook / 1e3:8.0f} kB workbook"
            print(f"{name:16}{seconds[0]:8.1f} s {seconds[1]:8.1f} s of the processor {sizes}")
        print(f"{'all':16}{total[0]:8.1f} s {total[1]:8.1f} s of the processor")
        print(f"Chromium opens the largest page in {opening(largest[1]):.0f} ms")


if __name__ == "__main__":
    main()
