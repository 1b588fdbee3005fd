"""Writes a whole synthetic nation into a folder shaped like the landing zone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.generate.draws import prepare_draws
from vwu.generate.faults import plant_in_feeds
from vwu.generate.feeds import write_feeds
from vwu.generate.lenders import LENDERS
from vwu.generate.nation import places_of
from vwu.generate.planted import write_planted
from vwu.generate.portfolio import make_places, portfolio_of
from vwu.generate.request import Request
from vwu.generate.submission_faults import plant_in_submissions
from vwu.generate.submissions import reports_of, write_report
from vwu.intake.arrivals import BANK_FEEDS, BRANCH_SUBMISSIONS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

_MEMORY_LIMIT = "1500MB"


def generate(directory: Path, request: Request, catalogue: Catalogue) -> Iterator[Path]:
    """Write the nation's files below `directory` and give each when it is there (control records are not given).

    Files of the same names are replaced. Raises OSError when the folder cannot be written.
    """
    feeds, submissions = directory / BANK_FEEDS, directory / BRANCH_SUBMISSIONS
    for zone in (feeds, submissions):
        zone.mkdir(parents=True, exist_ok=True)
    with _open_engine() as engine:
        places = places_of(catalogue.seeds_dir, request.provinces)
        make_places(engine, places)
        for number, lender in enumerate(LENDERS):
            slots = max(1, request.loans * lender.share // 100)
            portfolio = portfolio_of(lender, number, slots, request.seed, catalogue, request.month_ends)
            yield from write_feeds(engine, portfolio, catalogue, request.month_ends, feeds, request.compression)
        count, provincial = 0, []
        for month_end in request.month_ends:
            for report in reports_of(engine, request, catalogue, places, month_end):
                yield write_report(submissions, report, catalogue)
                count += 1
                if "-" not in report.branch_code and report.period.period_kind == "month":
                    provincial.append(report)
        if request.faults:
            planted = list(plant_in_feeds(engine, request, catalogue, places, feeds))
            per_fault = max(1, round(request.faults * count))
            planted += plant_in_submissions(submissions, provincial, catalogue, per_fault)
            yield from (directory / file for file in dict.fromkeys(each.file for each in planted))
            yield write_planted(directory, planted)


@contextmanager
def _open_engine() -> Iterator[DuckDBPyConnection]:
    """A DuckDB of one's own, in memory; what does not fit spills into a folder that goes away with it."""
    import duckdb

    folder = Path(tempfile.mkdtemp(prefix="vwu-generate-"))
    try:
        with duckdb.connect(":memory:") as engine:
            engine.execute("set temp_directory = ?", [str(folder)])
            engine.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
            engine.execute("set autoinstall_known_extensions = false")
            prepare_draws(engine)
            yield engine
    finally:
        shutil.rmtree(folder, ignore_errors=True)
