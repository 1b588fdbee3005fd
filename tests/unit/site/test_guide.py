"""The how-to pages: rendered from docs/, linked among themselves, leading to nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from vwu.site.guide import as_html, guide_pages

ROOT = Path(__file__).parents[3]


def test_every_page_of_the_docs_is_there_and_every_link_leads_somewhere() -> None:
    pages = guide_pages(ROOT)
    sources = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")]
    assert len(pages) == len(sources) + 3
    linked = set()
    for name, text in pages.items():
        body = text.partition("<main>")[2]
        targets = set(re.findall(r'href="(?!https?:|#)([^"#]+)', body))
        assert targets <= set(pages), name
        linked |= targets
        for picture in re.findall(r'src="([^"]+)"', body):
            assert (ROOT / "docs" / picture).is_file(), name
    assert 'src="images/report-top.png"' in pages["walk-through.html"]
    assert {"star.html", "decision-README.html", "decision-0005-history-is-a-value.html"} <= linked


def test_a_link_to_what_is_no_page_says_only_its_name() -> None:
    html = as_html(
        "# T\n\n[code](../src/vwu/run.py), [star](star.md#x), [out](https://x.vn)", ROOT / "docs" / "a.md", ROOT
    )
    assert "run.py" not in html
    assert 'href="star.html#x"' in html
    assert 'href="https://x.vn"' in html


def test_tables_and_code_are_rendered() -> None:
    html = as_html("| a | b |\n|---|---|\n| `1` | 2 |\n", ROOT / "docs" / "a.md", ROOT)
    assert "<table>" in html
    assert "<code>1</code>" in html
