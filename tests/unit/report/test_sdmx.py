"""Periods as SDMX writes them: the first day and the length."""

from __future__ import annotations

from datetime import date

import pytest

from vwu.report.sdmx import time_period


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (date(2023, 12, 15), date(2024, 1, 14), "2023-12-15/P1M"),
        (date(2024, 1, 1), date(2024, 12, 31), "2024-01-01/P12M"),
        (date(2021, 10, 1), date(2024, 3, 31), "2021-10-01/P30M"),
        (date(2024, 2, 1), date(2024, 2, 29), "2024-02-01/P1M"),
        (date(2024, 1, 1), date(2024, 1, 10), "2024-01-01/P10D"),
        (date(2024, 1, 31), date(2024, 2, 29), "2024-01-31/P30D"),
    ],
)
def test_time_period(start: date, end: date, said: str) -> None:
    assert time_period(start, end) == said
