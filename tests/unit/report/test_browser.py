"""The report page as people open it: from disk, in Chromium, in both languages, on a desk, a phone and on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from vwu.report.page import render_page
from vwu.report.wording import Words
from vwu.rollup import Rollup
from vwu.site.guide import guide_pages

pytestmark = pytest.mark.program("chromium")
ROOT = Path(__file__).parents[3]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SECTIONS = ("figures", "coverage", "targets", "credit", "findings", "about")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; it runs as root in CI, so without its sandbox."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def page_file(rollup: Rollup, tmp_path: Path) -> Path:
    units = {"TURN": Words("lượt", "turns"), "PERSON": Words("người", "persons")}
    path = tmp_path / "index.html"
    path.write_text(render_page(rollup, units, ROOT / "seeds" / "tile_grid.csv"), encoding="utf-8")
    return path


def opened(browser: Browser, path: Path, size: dict[str, int], *, script: bool = True) -> tuple[Page, list[str]]:
    """The page in a window of a size, and the addresses that it asked for."""
    page = browser.new_context(viewport=size, java_script_enabled=script).new_page()  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, asked


def say(page: Page, language: str) -> None:
    page.locator(f"label[for=say-{language}]").click()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_one_is_kept_out(browser: Browser, page_file: Path, size: dict[str, int], language: str) -> None:
    page, _ = opened(browser, page_file, size)
    say(page, language)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page)
    assert len(found.response["passes"]) > 10, "the checker looked at next to nothing"
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


def test_no_one_is_kept_out_of_the_guide(browser: Browser, tmp_path: Path) -> None:
    for name, text in guide_pages(ROOT).items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        page, _ = opened(browser, path, PHONE)
        found = Axe().run(page)
        assert len(found.response["passes"]) > 10, "the checker looked at next to nothing"
        assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], name
        page.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_without_scripts_each_language_shows_itself_only(browser: Browser, page_file: Path, language: str) -> None:
    page, asked = opened(browser, page_file, DESK, script=False)
    say(page, language)
    other = "en" if language == "vi" else "vi"
    for section in SECTIONS:
        assert page.locator(f"#{section} h2").is_visible()
        assert page.locator(f"#{section} span[lang={language}]:visible").count() > 0
        assert page.locator(f"#{section} span[lang={other}]:visible").count() == 0
    assert asked == [page_file.as_uri()]


def test_a_phone_scrolls_down_only(browser: Browser, page_file: Path) -> None:
    page, _ = opened(browser, page_file, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_nothing_is_cut_off_on_paper(browser: Browser, page_file: Path) -> None:
    a4_between_margins = {"width": 703, "height": 1000}
    page, _ = opened(browser, page_file, a4_between_margins)
    page.emulate_media(media="print")
    too_wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(each => each.getClientRects().length"
        " && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.tagName + '.' + each.className)"
    )
    assert too_wide == []
    assert page.pdf(format="A4").startswith(b"%PDF")
