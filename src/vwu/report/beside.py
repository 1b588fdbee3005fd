"""What stands beside a figure, in words of both languages.

A year ago, what hampers comparing, what was said before, what the missing may have.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vwu.report import wording
from vwu.report.wording import Words, said

if TYPE_CHECKING:
    from vwu.comparison import Point, YearAgo
    from vwu.rollup import Figure, Rollup


def told(point: Point | Figure) -> Words:
    """A figure in words, also one that is held out."""
    return said(point) or Words("không cộng", "not added")


def year_ago_words(found: YearAgo) -> Words:
    """`▲ 5,2% so với cùng kỳ 2025 (1.200)`; without a per cent where a side is no exact number."""
    year, before = found.then.end_date.year, told(found.then)
    change = found.change_pct
    if change is None:
        return Words(f"cùng kỳ {year}: {before.vi}", f"{year}: {before.en}")
    shown = change.quantize(Decimal("0.1"))
    arrow = "▲" if shown > 0 else "▼" if shown < 0 else "="
    size = wording.amount(abs(shown), "PERCENT")
    return Words(f"{arrow} {size.vi} so với cùng kỳ {year} ({before.vi})", f"{arrow} {size.en} on {year} ({before.en})")


def cautions(found: YearAgo) -> Iterator[Words]:
    """What makes two years less comparable than they look."""
    if found.is_restated:
        yield Words("cả hai theo địa giới hiện nay", "both in today's boundaries")
    now, then = found.now.coverage_pct, found.then.coverage_pct
    if now is not None and then is not None and now != then:
        covered, before = wording.amount(now, "PERCENT"), wording.amount(then, "PERCENT")
        yield Words(f"độ phủ {covered.vi}, năm trước {before.vi}", f"coverage {covered.en}, then {before.en}")


def revised_words(rollup: Rollup, figure: Figure) -> Words | None:
    """What the last other release said of this figure; None where it said the same, or nothing."""
    former = rollup.beside.former
    then = former.figures.get(figure.cell) if former else None
    if former is None or then is None or stated(then) == stated(figure):
        return None
    before = told(then)
    return Words(f"bản {former.release_id} ghi {before.vi}", f"release {former.release_id} said {before.en}")


def estimate_words(figure: Figure) -> Words | None:
    """What those who have not reported may have, said so that nobody takes it for the total or a part of it."""
    if figure.missing_estimate is None:
        return None
    guess = wording.amount(figure.missing_estimate, figure.unit_code)
    by = wording.words(wording.ESTIMATED_BY, figure.missing_estimate_by)
    return Words(
        f"phần còn thiếu ước tính khoảng {guess.vi}, {by.vi}; không nằm trong số liệu",
        f"the missing are estimated at about {guess.en}, {by.en}; not in the figure",
    )


def stated(each: Point | Figure) -> tuple[Any, ...]:
    """What a figure says, whatever stands beside it."""
    return each.value, each.lower_bound, each.upper_bound, each.is_lower_open, each.is_upper_open, each.blocked_reason
