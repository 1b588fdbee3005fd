"""The report page as people open it: from disk, in Chromium, in both languages, on a desk, a phone and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import DESK, PHONE, keeps_nobody_out, opened, scrolls_down_only, unfold
from playwright.sync_api import Browser, Page

from vwu.report.page import render_page
from vwu.report.wording import Words
from vwu.rollup import Rollup
from vwu.site.guide import guide_pages

pytestmark = pytest.mark.program("chromium")
ROOT = Path(__file__).parents[3]
SECTIONS = ("figures", "coverage", "targets", "credit", "findings", "about")


@pytest.fixture
def page_file(rollup: Rollup, tmp_path: Path) -> Path:
    units = {"TURN": Words("lượt", "turns"), "PERSON": Words("người", "persons")}
    path = tmp_path / "index.html"
    path.write_text(render_page(rollup, units, ROOT / "seeds" / "tile_grid.csv"), encoding="utf-8")
    return path


def say(page: Page, language: str) -> None:
    page.locator(f"label[for=say-{language}]").click()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_one_is_kept_out(browser: Browser, page_file: Path, size: dict[str, int], language: str) -> None:
    page, _ = opened(browser, page_file, size)
    say(page, language)
    unfold(page)
    keeps_nobody_out(page)


def test_no_one_is_kept_out_of_the_guide(browser: Browser, tmp_path: Path) -> None:
    for name, text in guide_pages(ROOT).items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        page, _ = opened(browser, path, PHONE)
        keeps_nobody_out(page)
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


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_scrolls_down_only(browser: Browser, page_file: Path, language: str) -> None:
    page, _ = opened(browser, page_file, PHONE)
    say(page, language)
    unfold(page)
    scrolls_down_only(page)


def test_on_a_phone_a_row_is_a_card_that_names_its_figures(browser: Browser, page_file: Path) -> None:
    page, _ = opened(browser, page_file, PHONE)
    cell = page.locator("#credit td").first
    label = "each => getComputedStyle(each, '::before').content"
    assert cell.evaluate(label).startswith('"Dư nợ"')
    say(page, "en")
    assert cell.evaluate(label).startswith('"Outstanding"')
    assert page.get_by_role("columnheader", name="Outstanding").count() > 0
    assert page.get_by_role("row").get_by_role("rowheader").count() > 10


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
