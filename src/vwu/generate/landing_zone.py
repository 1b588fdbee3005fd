"""Writes a whole synthetic nation into a folder shaped like the landing zone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.generate.draws import prepare_draws
from vwu.generate.faults import plant_in_feeds
from vwu.generate.feeds import write_feeds
from vwu.generate.lenders import LENDERS
from vwu.generate.nation import Place, places_of
from vwu.generate.planted import write_planted
from vwu.generate.portfolio import make_places, portfolio_of
from vwu.generate.request import Request
from vwu.generate.submission_faults import plant_in_submissions
from vwu.generate.submissions import Report, reports_of, write_report
from vwu.intake.arrivals import BANK_FEEDS, BRANCH_SUBMISSIONS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

_MEMORY_LIMIT = "1500MB"


def generate(directory: Path, request: Request, catalogue: Catalogue) -> Iterator[Path]:
    """Write the nation's files below `directory` and give each when it is there (control records are not given).

    Files of the same names are replaced. Raises OSError when the folder cannot be written.
    """
    for zone in (BANK_FEEDS, BRANCH_SUBMISSIONS):
        (directory / zone).mkdir(parents=True, exist_ok=True)
    with _open_engine() as engine:
        nation = _Nation(directory, request, catalogue, engine, places_of(catalogue.seeds_dir, request.provinces))
        make_places(engine, nation.places)
        yield from nation.write_feeds()
        yield from nation.write_reports()
        if request.faults:
            yield from nation.plant_faults()


@dataclass
class _Nation:
    """One nation while it is written; feeds come first, since branches report what banks lent."""

    directory: Path
    request: Request
    catalogue: Catalogue
    engine: DuckDBPyConnection
    places: tuple[Place, ...]
    report_count: int = 0
    provincial: list[Report] = field(default_factory=list)

    def write_feeds(self) -> Iterator[Path]:
        request, days = self.request, self.request.month_ends
        for number, lender in enumerate(LENDERS):
            slots = max(1, request.loans * lender.share // 100)
            portfolio = portfolio_of(lender, number, slots, request.seed, self.catalogue, days)
            feeds = self.directory / BANK_FEEDS
            yield from write_feeds(self.engine, portfolio, self.catalogue, days, feeds, request.compression)

    def write_reports(self) -> Iterator[Path]:
        for month_end in self.request.month_ends:
            for report in reports_of(self.engine, self.request, self.catalogue, self.places, month_end):
                yield write_report(self.directory / BRANCH_SUBMISSIONS, report, self.catalogue)
                self.report_count += 1
                if "-" not in report.branch_code and report.period.period_kind == "month":
                    self.provincial.append(report)

    def plant_faults(self) -> Iterator[Path]:
        """Faulty files beside the clean ones, and last the list of what was planted."""
        feeds, submissions = self.directory / BANK_FEEDS, self.directory / BRANCH_SUBMISSIONS
        planted = list(plant_in_feeds(self.engine, self.request, self.catalogue, self.places, feeds))
        per_fault = max(1, round(self.request.faults * self.report_count))
        planted += plant_in_submissions(submissions, self.provincial, self.catalogue, per_fault)
        yield from (self.directory / file for file in dict.fromkeys(each.file for each in planted))
        yield write_planted(self.directory, planted)


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
