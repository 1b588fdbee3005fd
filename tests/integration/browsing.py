"""A page as people open it: from disk, in Chromium, on a desk or a phone; what axe-core finds wrong with it."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# What is wider than its own box and so scrolls in it, with what it holds against what there is room for.
_SCROLLING = """[...document.querySelectorAll('main *')]
    .filter(each => getComputedStyle(each).overflowX === 'auto' && each.scrollWidth > each.clientWidth)
    .map(each => `${each.tagName}.${each.className} ${each.scrollWidth} > ${each.clientWidth}`)"""


def opened(browser: Browser, path: Path, size: dict[str, int], *, script: bool = True) -> tuple[Page, list[str]]:
    """The page in a window of a size, and the addresses that it asked for."""
    page = browser.new_context(viewport=size, java_script_enabled=script).new_page()  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, asked


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def keeps_nobody_out(page: Page) -> None:
    """Fails with axe's own report where it finds a violation, or looked at next to nothing."""
    found = Axe().run(page)
    assert len(found.response["passes"]) > 10, "the checker looked at next to nothing"
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


def scrolls_down_only(page: Page) -> None:
    """Neither the page nor a part of it is wider than the window or its box."""
    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("innerWidth")
    assert page.evaluate(_SCROLLING) == []
