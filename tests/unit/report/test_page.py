"""The page: everything that stands beside a figure, both languages, no script, no request, text escaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from vwu.report.page import (
    MAX_REPORTED,
    credit_tables,
    permanent_id,
    programme_blocks,
    province_states,
    render_page,
    render_provinces,
    reported_branches,
    revisions,
)
from vwu.report.tilemap import read_grid
from vwu.report.wording import Words
from vwu.rollup import Figure, Rollup

GRID = Path(__file__).parents[3] / "seeds" / "tile_grid.csv"
UNITS = {"PERSON": Words("người", "person"), "TURN": Words("lượt", "turn")}


class Text(HTMLParser):
    """Collects tags, ids, link targets and the Vietnamese text; fails where tags do not nest."""

    VOID = frozenset({"meta", "input", "br", "link", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unread: list[bool] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        self.targets += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in self.VOID and tag != "rect":
            self.open.append(tag)
            self.unread.append(tag == "style" or found.get("lang") == "en")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("rect",):
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag
        self.unread.pop()

    def handle_data(self, data: str) -> None:
        self.text += "" if any(self.unread) else data


@pytest.fixture
def html(rollup: Rollup) -> str:
    return render_page(rollup, UNITS, GRID)


@pytest.fixture
def page(html: str) -> Text:
    parsed = Text()
    parsed.feed(html)
    parsed.close()
    return parsed


def test_page_is_well_formed_and_asks_nobody(page: Text, html: str) -> None:
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert "script" not in page.tags
    outside = [target for target in page.targets if not target.startswith("#")]
    assert set(outside) == {"province/19.html", "rollup.xlsx", "package/datapackage.json"}
    assert {target[1:] for target in page.targets if target.startswith("#")} <= set(page.ids)
    assert "url(" not in html
    assert "@import" not in html


def test_both_languages_are_there(html: str) -> None:
    assert html.count('lang="vi"') - 1 == html.count('lang="en"')
    assert "Nửa đầu nhiệm kỳ 2021–2026" in html
    assert "First half of the term 2021–2026" in html


def test_what_stands_beside_a_figure(page: Text) -> None:
    text = re.sub(r"\s+", " ", page.text)
    for said in (
        "trên 18.000", "60.425", "không cộng", "Chưa rõ doanh số hay dư nợ", "Kế hoạch", "1/63", "1,59%", "chưa nộp",
        "muộn 28 ngày", "CLAIM_NOT_COVERED", "28 tỷ đồng", "chưa đánh giá được", "đã điều chỉnh",
        "bản 3 ghi 59.999", "Lượt vay", "lệch",
    ):  # fmt: skip
        assert said.lower() in text.lower(), said


def test_a_province_has_a_page_with_the_cells_its_figures_came_from(rollup: Rollup) -> None:
    pages = render_provinces(rollup, UNITS)
    assert set(pages) == {"19"}
    parsed = Text()
    parsed.feed(pages["19"])
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {target for target in parsed.targets if not target.startswith("#")} == {
        "../index.html", "../index.html#coverage",
    }  # fmt: skip
    for said in ("Tỉnh Thái Nguyên", "60.425 lượt", "BaoCao!G70", "0123456789abcdef", "14 tỷ đồng"):
        assert said in parsed.text


def test_a_revision_says_what_was_and_whose_report_changed(rollup: Rollup, page: Text) -> None:
    assert [(figure.indicator_code, was.vi, now.vi) for figure, was, now in revisions(rollup)] == [
        ("FEMALE_WORKERS_TRAINED", "chưa có", "trên 18.000"),
        ("LOAN_TURNS", "59.999", "60.425"),
        ("CREDIT_GUARANTEED_AMOUNT", "chưa có", "không cộng"),
        ("TRAINING_CLASSES", "chưa có", "6"),
    ]
    assert "Báo cáo đã đổi từ đó: Hội LHPN tỉnh Thái Nguyên" in re.sub(r"\s+", " ", page.text)
    assert revisions(replace(rollup, beside=replace(rollup.beside, former=None))) == []


def test_a_permanent_id_names_release_cell_and_content(rollup: Rollup, figure: Callable[..., Figure]) -> None:
    (first, other) = (permanent_id(rollup, figure(value=Decimal(value))) for value in (1, 2))
    assert first.startswith("r7/TINCHAP/LOAN_TURNS/actual/in_period/VN/T2021-2026-H1#")
    assert first != other
    assert permanent_id(rollup, figure(value=Decimal(1))) == first


def test_text_from_files_is_escaped(html: str) -> None:
    assert "Lao động nữ được đào tạo nghề &lt;b&gt;" in html
    assert "nghề <b>" not in html


def test_the_same_roll_up_gives_the_same_page(rollup: Rollup, html: str) -> None:
    assert render_page(rollup, UNITS, GRID) == html


def test_an_empty_period_still_has_a_page(rollup: Rollup) -> None:
    empty = replace(
        rollup, figures=(), sources=(), targets=(), credit=(), credit_month_ends=(), submissions=(), findings=()
    )
    text = render_page(empty, UNITS, GRID)
    assert "chưa có số liệu chương trình nào" in text
    assert "Chưa có số ngân hàng nào" in text


def test_a_plan_is_no_result(rollup: Rollup) -> None:
    rows = [row for block in programme_blocks(rollup) for row in block.rows]
    plans = [row.figure.indicator_code for row in rows if row.scenario.en == "Plan"]
    assert plans == ["TRAINING_CLASSES"]
    assert len(rows) == 4


def test_old_provinces_count_in_the_new_one(rollup: Rollup) -> None:
    states = province_states(rollup.submissions)
    assert {code: (state.css_class, state.mark) for code, state in states.items()} == {
        "19": ("some", "1/2"), "22": ("all", "1/1"), "01": ("none", "0/1"),
    }  # fmt: skip


def test_a_held_report_shows_on_the_map(rollup: Rollup) -> None:
    held = replace(rollup.submissions[2], state="held")
    assert province_states([held])["22"].css_class == "held"


def test_map_has_34_provinces_and_both_archipelagos(html: str) -> None:
    tiles = read_grid(GRID)
    assert sum(not tile.is_archipelago for tile in tiles) == 34
    assert sorted(tile.region_code for tile in tiles if tile.is_archipelago) == ["48", "56"]
    assert html.count('class="tile ') == 36
    for name in ("Hoàng Sa", "Trường Sa"):
        assert name in html


def test_archipelagos_take_their_provinces_colour_and_no_number(rollup: Rollup) -> None:
    only = (replace(rollup.submissions[2], province_now="48"),)
    html = render_page(replace(rollup, submissions=only), UNITS, GRID)
    islands = re.findall(r'<g class="tile islands (\w+)">.*?</g>', html)
    assert sorted(islands) == ["all", "none"]
    hoang_sa = re.search(r'<g class="tile islands all">(.*?)</g>', html)
    assert hoang_sa is not None
    assert "mark" not in hoang_sa[1]


def test_no_figure_is_a_share_of_another_where_few_people_moved_one_of_them(rollup: Rollup) -> None:
    """The overdue amount of a province stands in the nation's row; what nobody is told is in no total."""
    first, *others = rollup.credit
    moved = (
        replace(first, overdue=None, is_protected=True),
        *others,
        replace(first, province_code="VN", province_name="Cả nước", closing_balance=None, is_protected=True),
    )
    told = {row.name.vi: row.overdue_pct.vi for _, rows in credit_tables(moved) for row in rows}
    assert {name for name, share in told.items() if share == "–"} == {
        "Cho vay hộ nghèo", "Tỉnh Thái Nguyên", "nhiều tỉnh gộp lại", "Hội Phụ nữ"
    }  # fmt: skip
    withheld = tuple(replace(each, overdue=None, is_protected=True, withheld=("overdue",)) for each in (first, *others))
    ((row,), *_) = (rows for _, rows in credit_tables((*withheld, replace(first, overdue=None, bank_code="VBSP"))))
    assert (row.overdue, row.overdue_pct.vi) == (None, "–")
    assert row.closing_balance is not None
    ((row,), *_) = (rows for _, rows in credit_tables((withheld[0], *others)))
    assert (row.overdue, row.overdue_pct.vi) == (None, "–"), "the sum of the others is not the bank's"


def test_credit_adds_up_the_same_from_every_side(rollup: Rollup) -> None:
    totals = {sum(row.closing_balance for row in rows) for _, rows in credit_tables(rollup.credit)}
    assert totals == {28_000_000_000}


def test_suppressed_counts_are_left_out_not_counted_as_zero(rollup: Rollup) -> None:
    hidden = tuple(replace(each, borrowers=None) for each in rollup.credit)
    (_, rows), *_ = credit_tables(hidden)
    assert rows[0].borrowers is None
    assert rows[0].loans == 480


def test_what_the_missing_may_have_is_never_taken_for_the_total(rollup: Rollup, figure: Callable[..., Figure]) -> None:
    weighed = figure(
        branches_reported=60, coverage_pct=Decimal("95.24"), coverage_members_pct=Decimal("96.50"),
        missing_estimate=Decimal(2190), missing_estimate_by="members",
    )  # fmt: skip
    parsed = Text()
    parsed.feed(render_page(replace(rollup, figures=(weighed, figure(indicator_code="OTHER"))), UNITS, GRID))
    text = re.sub(r"\s+", " ", parsed.text)
    assert "hội viên · 96,5%" in text
    told = "phần còn thiếu ước tính khoảng 2.190, theo số hội viên; không nằm trong số liệu"
    assert text.count(told) == 1
    assert text.index("60.425") < text.index("60/63") < text.index(told)
    assert "62.615" not in text


def test_a_level_that_has_very_many_reports_is_counted_and_not_named(rollup: Rollup) -> None:
    province = next(each for each in rollup.submissions if each.receipt_id)
    communes = [
        replace(province, branch_code=f"P19-{number:05}", level="commune", name_vi=f"Hội LHPN xã {number}")
        for number in range(MAX_REPORTED + 1)
    ]
    found = {level.en: (count, len(named)) for level, count, named in reported_branches([province, *communes])}
    assert found == {"province": (1, 1), "commune": (101, 0)}
    page = render_page(replace(rollup, submissions=(province, *communes)), UNITS, GRID)
    assert "Hội LHPN xã 7" not in page
    assert "branches, level" in page
