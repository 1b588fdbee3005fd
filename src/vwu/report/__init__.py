"""The report of one period: `index.html`, `rollup.xlsx` and `package/` (INTERFACES 7), written from one release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.html import write_whole

if TYPE_CHECKING:
    from vwu.settings import Settings

PAGE, PROVINCES, WORKBOOK, PACKAGE, RECORD = "index.html", "province", "rollup.xlsx", "package", "report.json"


@dataclass(frozen=True, slots=True)
class Report:
    """A written report and the release that it shows."""

    period_code: str
    release_id: int
    folder: Path
    files: tuple[Path, ...]


def report_folder(settings: Settings, period_code: str) -> Path:
    """Where the report of a period is kept; a span's slash is no folder."""
    return settings.home / "reports" / period_code.replace("/", "_")


def write_report(settings: Settings, period_code: str, folder: Path, release_id: int | None = None) -> Report:
    """Write a period's report into `folder` from one release: the one named, or the one in force.

    The same release gives the same bytes. Raises NothingPublishedError for an unknown period or no release, OSError
    when the folder cannot be written.
    """
    from vwu.catalogue import load_catalogue
    from vwu.report.package import write_package
    from vwu.report.page import render_page, render_provinces
    from vwu.report.wording import unit_names
    from vwu.report.workbook import rollup_workbook
    from vwu.rollup import open_release, own_digests, read_rollup, series_digests

    with open_release(settings, release_id) as (connection, release):
        rollup = read_rollup(connection, release, period_code)
        digest = series_digests(own_digests(connection, alike=period_code)).get(period_code, "")
        folder.mkdir(parents=True, exist_ok=True)
        units = unit_names(load_catalogue(settings.root / "seeds"))
        write_whole(folder / PAGE, render_page(rollup, units, settings.root / "seeds" / "tile_grid.csv"))
        pages = _write_provinces(folder / PROVINCES, render_provinces(rollup, units))
        write_whole(folder / WORKBOOK, rollup_workbook(rollup, units))
        package = write_package(connection, rollup, folder / PACKAGE)
    record = {"period_code": period_code, "release_id": release.release_id, "digest": digest}
    write_whole(folder / RECORD, f"{json.dumps(record, indent=2)}\n")
    files = (folder / PAGE, *pages, folder / WORKBOOK, *package, folder / RECORD)
    return Report(period_code, release.release_id, folder, files)


def _write_provinces(folder: Path, pages: Mapping[str, str]) -> list[Path]:
    """A page a province, and none of a province that has no figure any more."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{code}.html" for code in pages]
    for left in set(folder.glob("*.html")) - set(paths):
        left.unlink()
    for path, text in zip(paths, pages.values(), strict=True):
        write_whole(path, text)
    return paths


def written_digest(settings: Settings, period_code: str) -> str | None:
    """The checksum of what the kept report of a period shows; None when there is no report or an older one."""
    record = report_folder(settings, period_code) / RECORD
    try:
        digest: str | None = json.loads(record.read_text("utf-8")).get("digest")
    except (FileNotFoundError, ValueError):
        return None
    return digest
