"""A figure beside that of a year ago: only the same land is compared, and only what is exact gives a per cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vwu.comparison import Beside, Cell, Point, YearAgo

CELL = Cell("TINCHAP", "LOAN_TURNS", "actual", "in_period", "19")
OLD_LAND, NEW_LAND = 1, 2


def point(period: str, value: int | None, boundary: str, land: int, **fields: Any) -> Point:
    year, month = map(int, period.split("-"))
    number = None if value is None else Decimal(value)
    said: dict[str, Any] = {
        "lower_bound": number, "upper_bound": number, "is_lower_open": False, "is_upper_open": False,
        "blocked_reason": None, "coverage_pct": Decimal(100), "unit_code": "TURN",
    }  # fmt: skip
    return Point(
        **(CELL._asdict() | said | fields), region_key=land, boundary=boundary, period_code=period,
        start_date=date(year, month, 15), end_date=date(year, month, 28), value=number,
    )  # fmt: skip


def beside(*points: Point) -> Beside:
    return Beside({CELL: points}, None, ())


def test_the_same_land_is_compared_as_reported() -> None:
    found = beside(
        point("2025-01", 80, "as_reported", OLD_LAND), point("2025-01", 90, "as_now", NEW_LAND),
        point("2026-01", 100, "as_reported", OLD_LAND), point("2026-01", 110, "as_now", NEW_LAND),
    ).year_ago(CELL, "2026-01")  # fmt: skip
    assert found is not None
    assert (found.then.value, found.change_pct, found.is_restated) == (80, 25, False)


def test_across_the_reform_both_sides_are_in_todays_boundaries() -> None:
    found = beside(
        point("2025-01", 80, "as_reported", OLD_LAND), point("2025-01", 200, "as_now", NEW_LAND),
        point("2026-01", 210, "as_reported", NEW_LAND), point("2026-01", 210, "as_now", NEW_LAND),
    ).year_ago(CELL, "2026-01")  # fmt: skip
    assert found is not None
    assert (found.now.value, found.then.value, found.change_pct, found.is_restated) == (210, 200, 5, True)


def test_without_a_year_ago_there_is_nothing_to_say() -> None:
    assert beside(point("2026-01", 100, "as_now", NEW_LAND)).year_ago(CELL, "2026-01") is None
    assert beside(point("2025-02", 100, "as_now", NEW_LAND)).year_ago(CELL, "2026-01") is None
    assert beside().year_ago(CELL, "2026-01") is None


@given(st.one_of(st.none(), st.integers(-10, 10)), st.one_of(st.none(), st.integers(-10, 10)), st.booleans())
def test_a_per_cent_is_of_exact_figures_only(now: int | None, then: int | None, is_bound: bool) -> None:
    bound = {"upper_bound": None} if is_bound else {}
    found = YearAgo(
        point("2026-01", now, "as_now", NEW_LAND, **bound),
        point("2025-01", then, "as_now", NEW_LAND),
        is_restated=False,
    )
    if now is None or not then or is_bound:
        assert found.change_pct is None
    else:
        assert found.change_pct is not None
        assert then + abs(then) * found.change_pct / 100 == now or abs(
            then + abs(then) * found.change_pct / 100 - now
        ) < Decimal("1e-20")
