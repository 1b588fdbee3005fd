"""The how-to pages of docs/ as HTML: the same files, rendered; links between them lead on within the site."""

from __future__ import annotations

import re
from pathlib import Path

# What is wide scrolls by itself, with the keyboard too; a corner of a table is no heading.
_SCROLLING = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="scroll" tabindex="0"><table>',
    "</table>": "</table></div>",
    "<th></th>": "<td></td>",
}
_LINK = re.compile(r'href="(?!https?:|#)([^"#]+)\.md(#[^"]*)?"')


def guide_pages(root: Path) -> dict[str, str]:
    """File name -> page, of README, CONTRIBUTING, CHANGELOG and every page of docs/. A page's title is its heading."""
    from vwu.site.pages import render

    found = {}
    for name, path in _sources(root).items():
        text = path.read_text("utf-8")
        found[f"{name}.html"] = render("guide.html", up="../", title=_title(text), body=as_html(text, path, root))
    return found


def guide_titles(root: Path) -> dict[str, str]:
    """File name -> title of the pages to read, in the order of their titles; decisions are reached from them."""
    titles = {
        f"{name}.html": _title(path.read_text("utf-8"))
        for name, path in _sources(root).items()
        if not name.startswith("decision-")
    }
    return dict(sorted(titles.items(), key=lambda each: each[1].lower()))


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")


def _sources(root: Path) -> dict[str, Path]:
    sources = {name: root / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")}
    sources |= {path.stem: path for path in sorted((root / "docs").glob("*.md"))}
    sources |= {f"decision-{path.stem}": path for path in sorted((root / "docs" / "decisions").glob("*.md"))}
    return sources


def as_html(text: str, path: Path, root: Path) -> str:
    """Markdown as HTML; a link to another page leads to its page here, one to any other file says only its name."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(text)
    for plain, scrolling in _SCROLLING.items():
        body = body.replace(plain, scrolling)

    def lead(found: re.Match[str]) -> str:
        target = (path.parent / f"{found[1]}.md").resolve()
        return f'href="{page_name(target, root)}{found[2] or ""}"'

    body = _LINK.sub(lead, body)
    return re.sub(r'<a href="(?!https?:|#)(?![^"]*\.html)[^"]*">(.*?)</a>', r"\1", body)


def page_name(path: Path, root: Path) -> str:
    """How a Markdown file is called in the site: decisions have a folder of their own in docs/ and none here."""
    is_decision = path.parent == (root / "docs" / "decisions").resolve()
    return f"{'decision-' if is_decision else ''}{path.stem}.html"
