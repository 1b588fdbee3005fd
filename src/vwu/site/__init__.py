"""`<home>/site/`: what a data engineer or an analyst looks things up in, as files that open without a server.

Start page, status, rule catalogue, data dictionary, the how-to pages of docs/, dbt's docs, and the gate's Data Docs.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.html import write_whole

if TYPE_CHECKING:
    from vwu.settings import Settings

START, STATUS = "index.html", "status.html"


def site_folder(settings: Settings) -> Path:
    """Where the site is kept; `data_docs` in it is the gate's."""
    return settings.home / "site"


def write_site(settings: Settings) -> Path:
    """Write the whole site anew and return its start page; before the first build, what there is without one.

    dbt's page, which takes seconds, is written when something was built since.
    Raises BuildError when dbt cannot describe its models, psycopg.OperationalError without a database.
    """
    from vwu.build import describe_models
    from vwu.publish.models import load_models, manifest_path
    from vwu.site import guide, pages

    folder = site_folder(settings)
    for name, text in guide.guide_pages(settings.root).items():
        write_whole(folder / "guide" / name, text)
    shutil.copytree(settings.root / "docs" / "images", folder / "guide" / "images", dirs_exist_ok=True)
    manifest, models_page = manifest_path(settings), folder / "dbt" / "index.html"
    models = load_models(settings) if manifest.exists() else ()
    write_whole(folder / "rules.html", pages.rules_page(settings, [model.name for model in models]))
    write_whole(folder / "dictionary.html", pages.dictionary_page(models))
    if models and (not models_page.exists() or models_page.stat().st_mtime < manifest.stat().st_mtime):
        write_whole(models_page, describe_models(settings).read_text("utf-8"))
    write_status(settings)
    return folder / START


def write_status(settings: Settings) -> Path:
    """Write the status page and the start page, which shows the release in force; cheap, after every run."""
    from vwu.site import pages, status

    folder = site_folder(settings)
    found = status.read_pipeline(settings)
    write_whole(folder / STATUS, pages.status_page(found))
    write_whole(folder / START, pages.start_page(settings, found))
    return folder / STATUS
