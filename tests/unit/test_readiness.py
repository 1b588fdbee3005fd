"""When a roll-up may go out: complete, or past its due date; never before the period has ended."""

from __future__ import annotations

from datetime import date

import pytest

from vwu.readiness import Readiness

END, DUE = date(2026, 11, 14), date(2026, 11, 19)


@pytest.mark.parametrize(
    ("owed", "awaited", "today", "ready"),
    [
        (34, [], date(2026, 11, 15), True),
        (34, [], date(2026, 11, 14), False),
        (34, ["P22"], date(2026, 11, 19), False),
        (34, ["P22"], date(2026, 11, 20), True),
        (0, [], date(2026, 11, 15), False),
        (0, [], date(2026, 11, 20), True),
    ],
)
def test_ready(owed: int, awaited: list[str], today: date, ready: bool) -> None:
    assert Readiness("2026-11", DUE, END, owed, owed - len(awaited), awaited).is_ready(today) is ready
