"""Plants every known fault of bank feeds in a nation whose clean feeds are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.catalogue import FIRST_DAY_OF_REFORM
from vwu.generate.feed_faults import (
    CELL_ERRORS,
    GROUP_ERRORS,
    GROUP_WARNINGS,
    LOAN_WARNINGS,
    SUMMARY_ERRORS,
    code_system,
    loan_errors,
    resend,
)
from vwu.generate.feeds import feed_name, write_feeds
from vwu.generate.file_faults import (
    FUTURE,
    OTHER,
    SEABANK,
    plant_in_files,
    plant_in_history,
    remove_feed,
    rename_as_faulty,
)
from vwu.generate.lenders import LENDERS, Lender
from vwu.generate.nation import Place
from vwu.generate.planted import Planted
from vwu.generate.portfolio import portfolio_of
from vwu.generate.request import Request
from vwu.intake.model import Kind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

_SMALL_BANK = (120, 5_000)  # fewest and most loans of the bank whose history is faulty


def plant_in_feeds(
    engine: DuckDBPyConnection, request: Request, catalogue: Catalogue, places: Sequence[Place], feeds: Path
) -> Iterator[Planted]:
    """Write the faulty feeds beside the clean ones, and give what was planted."""
    last = request.month_ends[-1]
    count = max(1, round(request.faults * request.loans))
    yield from _resent(request, places, feeds, last, count)
    yield from _other_code_system(request, places, feeds)
    slots = min(max(request.loans * SEABANK.share // 100, _SMALL_BANK[0]), _SMALL_BANK[1])
    before = date.fromordinal(last.replace(day=1).toordinal() - 1)
    small = _Bank(engine, request, catalogue, feeds)
    seabank = small.write(SEABANK, slots, (before, last))
    other = small.write(OTHER, _SMALL_BANK[0], (before, last))
    far, *of_far = chain.from_iterable(small.write(SEABANK, slots, (FUTURE,)).values())
    for unwanted in of_far:
        remove_feed(unwanted)
    yield rename_as_faulty(far, "FEED_AS_OF_FUTURE")
    yield from plant_in_files(seabank[Kind.GROUP][1])
    yield from plant_in_history(seabank, other, max(1, round(request.faults * slots)))


def _resent(request: Request, places: Sequence[Place], feeds: Path, month_end: date, count: int) -> Iterator[Planted]:
    """The last month comes again with faulty lines: what is refused, faulty cells, what is only questioned."""
    loans, groups, summary = (
        feeds / feed_name(bank, kind, month_end, request.compression)
        for bank, kind in (("VBSP", Kind.LOAN), ("VBSP", Kind.GROUP), ("TYM", Kind.SUMMARY))
    )
    communes = (places[0].commune_at(month_end), places[-1].commune_at(month_end))
    for clean, word, sequence, faults in (
        (loans, "lines", 2, loan_errors(communes)),
        (loans, "cells", 3, CELL_ERRORS),
        (loans, "warnings", 4, LOAN_WARNINGS),
        (groups, "lines", 2, GROUP_ERRORS),
        (groups, "warnings", 3, GROUP_WARNINGS),
        (summary, "lines", 2, SUMMARY_ERRORS),
    ):
        yield from resend(clean, f"faulty_{word}_{_plain(clean)}", sequence, faults, count)


def _other_code_system(request: Request, places: Sequence[Place], feeds: Path) -> Iterator[Planted]:
    """A commune code of the new system before July 2025, of the old one after."""
    place = places[0]
    before = [day for day in request.month_ends if day < FIRST_DAY_OF_REFORM]
    after = [day for day in request.month_ends if day >= FIRST_DAY_OF_REFORM]
    for days, fault in (
        (before, code_system("FEED_CODE_SYSTEM_EARLY", place.new_commune, "GSO-2025")),
        (after, code_system("FEED_CODE_SYSTEM_OLD", place.commune, "GSO-2024")),
    ):
        for day in days[-1:]:
            clean = feeds / feed_name("AGRIBANK", Kind.SUMMARY, day, request.compression)
            yield from resend(clean, f"faulty_codes_{_plain(clean)}", 2, (fault,), 1)


def _plain(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".zst")


class _Bank:
    """Writes the feeds of the small banks that only exist to be faulty."""

    def __init__(self, engine: DuckDBPyConnection, request: Request, catalogue: Catalogue, feeds: Path) -> None:
        self.engine, self.request, self.catalogue, self.feeds = engine, request, catalogue, feeds

    def write(self, lender: Lender, slots: int, month_ends: Sequence[date]) -> dict[Kind, list[Path]]:
        """The feeds of each kind, month by month, uncompressed."""
        number = len(LENDERS) + (lender is OTHER)
        portfolio = portfolio_of(lender, number, slots, self.request.seed, self.catalogue, month_ends)
        written = list(write_feeds(self.engine, portfolio, self.catalogue, month_ends, self.feeds, None))
        return {kind: written[place :: len(lender.kinds)] for place, kind in enumerate(lender.kinds)}
