"""A small roll-up: two provinces, one bounded figure, one held out, one plan, one target, credit, submissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from vwu.comparison import AgainstBank, Beside, Cell, Former, Point
from vwu.rollup import Credit, Figure, OpenFinding, Period, Release, Rollup, Source, Submission, Target

FIGURE = Figure(
    programme_code="TINCHAP",
    programme_name_vi="Nhận ủy thác, tín chấp với ngân hàng",
    programme_name_en="Entrusted lending",
    indicator_code="LOAN_TURNS",
    name_vi="Lượt hội viên vay",
    name_en="Loan turns",
    unit_code="TURN",
    measure="flow",
    definition_vi="Số lượt vay trong kỳ",
    definition_en="Loans taken in the period",
    level="nation",
    region_code="VN",
    region_name="Việt Nam",
    scenario="actual",
    basis="in_period",
    boundary="as_reported",
    value=Decimal(60425),
    lower_bound=Decimal(60425),
    upper_bound=Decimal(60425),
    is_lower_open=False,
    is_upper_open=False,
    is_approximate=False,
    is_estimated=False,
    blocked_reason_vi=None,
    blocked_reason=None,
    level_used="province",
    branches_expected=63,
    branches_reported=1,
    coverage_pct=Decimal("1.59"),
    coverage_members_pct=None,
    missing_estimate=None,
    missing_estimate_by=None,
    data_to_date=date(2024, 3, 31),
)


TURNS = Cell("TINCHAP", "LOAN_TURNS", "actual", "in_period", "VN")


def point(value: int | None, period_code: str, start: date, end: date, **fields: Any) -> Point:
    """A figure of one period, exact unless `fields` say otherwise."""
    number = None if value is None else Decimal(value)
    said: dict[str, Any] = {
        "region_key": 1, "boundary": "as_now", "unit_code": "TURN", "lower_bound": number, "upper_bound": number,
        "is_lower_open": False, "is_upper_open": False, "blocked_reason": None, "coverage_pct": Decimal("1.59"),
    }  # fmt: skip
    return Point(
        **(TURNS._asdict() | said | fields), value=number, period_code=period_code, start_date=start, end_date=end
    )


@pytest.fixture
def figure() -> Callable[..., Figure]:
    """Makes a figure like the sample one, with other values in the fields that are named."""
    from dataclasses import replace

    def make(**fields: Any) -> Figure:
        return replace(FIGURE, **fields)

    return make


@pytest.fixture
def rollup(figure: Callable[..., Figure]) -> Rollup:
    province = {"level": "province", "region_code": "19", "region_name": "Tỉnh Thái Nguyên"}
    trained = {
        "programme_code": "NQ_TN_XIV", "programme_name_vi": "Nghị quyết", "programme_name_en": "Resolution",
        "indicator_code": "FEMALE_WORKERS_TRAINED", "name_vi": "Lao động nữ được đào tạo nghề <b>",
        "name_en": "Women trained", "value": Decimal(18000), "lower_bound": Decimal(18000), "upper_bound": None,
        "is_lower_open": True, "is_approximate": True, "unit_code": "PERSON",
    }  # fmt: skip
    held_out = {
        "indicator_code": "CREDIT_GUARANTEED_AMOUNT", "name_vi": "Số tiền tín chấp", "name_en": "Amount",
        "unit_code": "VND", "value": None, "lower_bound": None, "upper_bound": None,
        "blocked_reason_vi": "Chưa rõ doanh số hay dư nợ", "blocked_reason": "Turnover or balance is not stated",
    }  # fmt: skip
    plan = {
        "indicator_code": "TRAINING_CLASSES", "name_vi": "Lớp tập huấn", "name_en": "Classes", "scenario": "plan",
        "unit_code": "CLASS", "value": Decimal(6), "lower_bound": Decimal(6), "upper_bound": Decimal(6),
    }  # fmt: skip
    figures = [figure(**each, **place) for each in (trained, {}, held_out, plan) for place in ({}, province)]
    return Rollup(
        release=Release(7, datetime(2026, 11, 21, 9, tzinfo=UTC), "publish", Decimal(2), 12, 5, "0.1.0"),
        period=Period(
            "union", "T2021-2026-H1", "half_term", date(2021, 10, 1), date(2024, 3, 31), date(2024, 4, 30)
        ),
        figures=tuple(figures),
        sources=(
            Source("TINCHAP", "LOAN_TURNS", "actual", "in_period", "P19", "Hội LHPN tỉnh Thái Nguyên", "19",
                   "60.425 lượt", "BaoCao!G70", "0123456789abcdef", 1),
        ),
        targets=(
            Target("DA939", "WOMEN_STARTUP_SUPPORTED", "Phụ nữ khởi nghiệp", "Women supported", "PERSON", "Việt Nam",
                   date(2017, 6, 30), date(2025, 12, 31), "QĐ 939/QĐ-TTg", Decimal(20000), Decimal(2238), Decimal(2238),
                   Decimal(2238), Decimal("11.19"), "not_assessable", "2024-01", Decimal("1.59")),
        ),
        credit=tuple(
            Credit("VBSP", "Ngân hàng Chính sách xã hội", "VBSP", code, name, name, province_code, province_name, "PN",
                   120, 118, 100, Decimal(300_000_000), Decimal(50_000_000), Decimal(balance), Decimal(85_000_000),
                   Decimal(0), Decimal(42_500_000))
            for code, name, balance in (("HN", "Cho vay hộ nghèo", 9_000_000_000), ("HCN", "Cận nghèo", 5_000_000_000))
            for province_code, province_name in (("19", "Tỉnh Thái Nguyên"), ("22", "Tỉnh Quảng Ninh"))
        ),
        credit_month_ends=(date(2024, 2, 29), date(2024, 3, 31)),
        submissions=(
            Submission("P19", "Hội LHPN tỉnh Thái Nguyên", "province", "19", "BM01", "landed", False,
                       date(2024, 4, 30), datetime(2024, 5, 28, 8, tzinfo=UTC), 28, "0123456789abcdef"),
            Submission("P06", "Hội LHPN tỉnh Bắc Kạn", "province", "19", "BM01", "missing", True, date(2024, 4, 30),
                       None, None, None),
            Submission("P22", "Hội LHPN tỉnh Quảng Ninh", "province", "22", "BM01", "landed", True,
                       date(2024, 4, 30), datetime(2024, 4, 28, 8, tzinfo=UTC), 0, "fedcba9876543210"),
            Submission("P01", "Hội LHPN thành phố Hà Nội", "province", "01", "BM01", "missing", True,
                       date(2024, 4, 30), None, None, None),
        ),
        findings=(
            OpenFinding(True, "CLAIM_NOT_COVERED", "reconciliation", "warning", "Thái Nguyên.xlsx", "BaoCao!G61",
                        "hơn 2000 hộ", "số công bố không khớp", "the claim is not met"),
        ),
        beside=Beside(
            series={TURNS: tuple(
                point(value, f"T{end.year}", start, end, boundary=boundary)
                for value, start, end in (
                    (50_000, date(2020, 10, 1), date(2021, 3, 31)), (60_425, date(2021, 10, 1), date(2024, 3, 31)),
                )
                for boundary in ("as_reported", "as_now")
            )},
            former=Former(
                3, datetime(2026, 11, 1, tzinfo=UTC),
                {TURNS: point(59_999, "T2021-2026-H1", date(2021, 10, 1), date(2024, 3, 31))},
                ("Hội LHPN tỉnh Thái Nguyên",),
            ),
            bank=(
                AgainstBank("loan_turns", "19", "Tỉnh Thái Nguyên", "province", Decimal(60_425), Decimal(60_400),
                            Decimal(25), Decimal("0.04"), "differs"),
                AgainstBank("group_balance", "VN", "Việt Nam", "nation", Decimal(5), Decimal(5), Decimal(0),
                            Decimal(0), "agrees"),
            ),
        ),
    )  # fmt: skip
