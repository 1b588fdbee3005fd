"""Who owes what: from the dated hierarchy and the form assignments, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from vwu.catalogue import Catalogue, load_catalogue
from vwu.intake.calendar import LateException, Missing, missing
from vwu.intake.model import SubmissionScope

BEGUN = {("BM01", level): date(2025, 1, 14) for level in ("province", "district", "commune")}
MAY, JULY = "2025-05", "2025-07"  # due on 19 May and 19 July


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parents[3] / "seeds")


def owed(
    catalogue: Catalogue,
    on: date,
    period: str,
    received: frozenset[SubmissionScope] = frozenset(),
    exceptions: Mapping[SubmissionScope, LateException] | None = None,
    begun: Mapping[tuple[str, str], date] = BEGUN,
) -> dict[str, Missing]:
    """What is missing of one period, by branch."""
    found = missing(catalogue, begun, received, exceptions or {}, on)
    return {each.scope.branch_code: each for each in found if each.scope.period_code == period}


def test_a_branch_that_ended_in_june_2025_is_never_missing_later(catalogue: Catalogue) -> None:
    before, after = owed(catalogue, date(2025, 5, 20), MAY), owed(catalogue, date(2025, 7, 20), JULY)
    assert "P22-D200" in before
    assert len([code for code in before if "-" not in code]) == 63
    assert not [code for code in after if "-D" in code]
    assert len([code for code in after if "-" not in code]) == 34
    assert len([code for code in after if "-" in code]) == 3321
    assert {each.level for each in before.values()} == {"province", "district"}


def test_nothing_is_missing_on_its_due_day_or_before_collecting_began(catalogue: Catalogue) -> None:
    assert owed(catalogue, date(2025, 7, 19), JULY) == {}
    assert owed(catalogue, date(2025, 7, 20), JULY, begun={}) == {}
    later = {("BM01", "province"): date(2025, 8, 14)}
    assert owed(catalogue, date(2025, 7, 20), JULY, begun=later) == {}


def test_what_came_is_not_missing_and_what_is_old_is_not_repeated_for_ever(catalogue: Catalogue) -> None:
    came = SubmissionScope("P22", JULY, "BM01")
    assert "P22" not in owed(catalogue, date(2025, 7, 20), JULY, frozenset({came}))
    assert "P19" in owed(catalogue, date(2025, 7, 20), JULY, frozenset({came}))
    assert owed(catalogue, date(2025, 12, 1), JULY) == {}


def test_an_exception_counts_until_it_expires(catalogue: Catalogue) -> None:
    allowed = {SubmissionScope("P22", JULY, "BM01"): LateException(date(2025, 7, 25), "Ban Thường vụ", "bão")}
    assert "P22" not in owed(catalogue, date(2025, 7, 25), JULY, exceptions=allowed)
    assert "P22" in owed(catalogue, date(2025, 7, 26), JULY, exceptions=allowed)


def test_who_owes_a_report_hears_of_it_before_it_is_late(catalogue: Catalogue) -> None:
    received = frozenset({SubmissionScope("P19", JULY, "BM01")})
    allowed = {SubmissionScope("P22", JULY, "BM01"): LateException(date(2025, 7, 25), "Ban Thường vụ", "bão")}

    def soon(on: date) -> dict[str, Missing]:
        found = missing(catalogue, BEGUN, received, allowed, on, days_before=4)
        return {each.scope.branch_code: each for each in found if not each.is_late}

    assert soon(date(2025, 7, 15)) == {}
    found = soon(date(2025, 7, 16))
    assert len([code for code in found if "-" in code]) == 3321
    assert len([code for code in found if "-" not in code]) == 34 - 2  # one has come, one may come later
    assert (found["P22-06895"].days_late, found["P22-06895"].addressees) == (-3, ("P22-06895",))
    assert soon(date(2025, 7, 19)).keys() == found.keys()
    assert soon(date(2025, 7, 20)) == {}
    excused = soon(date(2025, 7, 22))
    assert [(code, each.due_date) for code, each in excused.items()] == [("P22", date(2025, 7, 25))]


@pytest.mark.parametrize(
    ("day", "of_commune", "of_province"),
    [
        (20, ("P22-06895",), ("P22",)), (21, ("P22-06895",), ("P22",)),
        (22, ("P22-06895", "P22"), ("P22", "TW")), (25, ("P22-06895", "P22"), ("P22", "TW")),
        (26, ("P22-06895", "P22", "TW"), ("P22", "TW")),
    ],
)  # fmt: skip
def test_it_goes_up_commune_province_centre(
    catalogue: Catalogue, day: int, of_commune: tuple[str, ...], of_province: tuple[str, ...]
) -> None:
    found = owed(catalogue, date(2025, 7, day), JULY)
    assert (found["P22-06895"].days_late, found["P22-06895"].addressees) == (day - 19, of_commune)
    assert found["P22"].addressees == of_province
