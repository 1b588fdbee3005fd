"""Data Docs: what Great Expectations found, as pages that open from a file with no network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from vwu.language import phrase

_SITE = {
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
}
# What the library's pages load from elsewhere. Without a network they would wait for it and then show nothing of it.
_REMOTE = re.compile(
    r"<script\b[^>]*\bsrc=\"https?://[^>]*>\s*</script>|<link\b[^>]*\bhref=\"https?://[^>]*>|<img\b[^>]*\bsrc=\"https?://[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_STYLE = """<style>
body{font:15px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;margin:1.5rem;color:#1d2430;background:#fff}
table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid #c9d1dc;padding:.3rem .6rem;text-align:left}
th{background:#eef2f7}td{vertical-align:top}a{color:#0b5cad}ul{padding-left:1.2rem}
.navbar,.breadcrumb{list-style:none;padding:0;display:flex;gap:1rem}
.modal,.d-none,.btn,.ge-navigation-sidebar-container button{display:none}
</style></head>"""


def write_docs(context: Any, folder: Path) -> Path:
    """Write the site anew and return its first page. Readers of the old site lose it only when the new one is whole."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(fresh)}
    context.add_data_docs_site(site_name="candidate", site_config={**_SITE, "store_backend": store})
    context.build_data_docs(site_names=["candidate"])
    for page in fresh.rglob("*.html"):
        page.write_text(without_network(page.read_text("utf-8")), "utf-8")
    if not (fresh / "index.html").exists():
        raise OSError(phrase(f"không ghi được {fresh}/index.html", f"{fresh}/index.html was not written"))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder / "index.html"


def without_network(page: str) -> str:
    """The page with nothing that loads from elsewhere, and a plain style of its own instead."""
    return _REMOTE.sub("", page).replace("</head>", _STYLE, 1)
