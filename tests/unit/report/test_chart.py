"""Small line drawings: to scale, from nought, described."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from vwu.report.chart import series_title, sparkline
from vwu.report.wording import Words

NAME = Words("Lượt vay <b>", "Turns")
AROUND_THE_REFORM = [
    (date(2025, 5, 31), Decimal(10)),
    (date(2025, 6, 30), Decimal(20)),
    (date(2025, 8, 31), Decimal(5)),
]


def heights(svg: str) -> list[tuple[float, float]]:
    found = re.search(r'polyline points="([^"]+)"', svg)
    assert found is not None
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in found[1].split())]


def test_heights_and_gaps_are_to_scale() -> None:
    (x1, y1), (x2, y2), (x3, y3) = heights(sparkline(AROUND_THE_REFORM, NAME))
    nought = max(y1, y2, y3) + (y1 - y2) / 2
    assert round((nought - y2) / (nought - y1), 1) == 2
    assert round((x3 - x2) / (x2 - x1), 1) == round(62 / 30, 1)


def test_the_reform_is_marked_where_the_series_crosses_it() -> None:
    assert 'class="reform"' in sparkline(AROUND_THE_REFORM, NAME)
    assert 'class="reform"' not in sparkline(AROUND_THE_REFORM[:2], NAME)


def test_one_point_is_no_line() -> None:
    assert sparkline(AROUND_THE_REFORM[:1], NAME) == ""


def test_a_flat_or_falling_series_is_drawn() -> None:
    flat = heights(sparkline([(date(2025, 5, 31), Decimal(0)), (date(2025, 6, 30), Decimal(0))], NAME))
    assert len({y for _, y in flat}) == 1
    below = heights(sparkline([(date(2025, 5, 31), Decimal(1)), (date(2025, 6, 30), Decimal(-1))], NAME))
    assert below[0][1] < below[1][1]


def test_it_is_described_in_both_languages() -> None:
    title = series_title(NAME, AROUND_THE_REFORM, "TURN")
    assert title.vi == "Lượt vay <b>, 31/05/2025–31/08/2025: từ 10 đến 5, thấp nhất 5, cao nhất 20"
    assert "lowest 5, highest 20" in title.en
    assert "&lt;b&gt;" in sparkline(AROUND_THE_REFORM, title)
