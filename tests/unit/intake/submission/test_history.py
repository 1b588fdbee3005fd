"""Figures against earlier periods and peers: every rule of history is seen firing and not firing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vwu.catalogue import Catalogue, load_catalogue
from vwu.intake.model import Quantity, Submission, SubmissionScope, SubmissionValue
from vwu.intake.submission.history import (
    MOST_PEERS,
    BelowValue,
    History,
    PastValue,
    PeerValue,
    check_history,
    history_from_json,
    size_of,
    with_others,
)
from vwu.intake.submission.rules import HISTORY_RULES

STARTUP, HELPED, MEMBERS = "WOMEN_STARTUP_SUPPORTED", "POOR_NEARPOOR_HOUSEHOLDS_HELPED", "MEMBERS_TOTAL"
BASES = {"in": "in_period", "year": "year_to_date", "programme": "programme_to_date", "as_of": "as_of"}
Said = tuple[Any, ...]  # indicator, basis, value[, upper bound]


def quantity(value: int, upper: int | None) -> Quantity:
    return Quantity(Decimal(value), "exact", Decimal(value), Decimal(value if upper is None else upper), "reported")


def now(period: str, *said: Said, branch: str = "P22", note: str = "") -> Submission:
    """A submission of these figures."""
    values = tuple(
        SubmissionValue(
            "DA939", code, "actual", BASES[basis], quantity(value, *(upper or [None])), "PERSON",
            f"BaoCao!G{row}", str(value), note,
        )
        for row, (code, basis, value, *upper) in enumerate(said, start=13)
    )  # fmt: skip
    return Submission(SubmissionScope(branch, period, "BM01"), "1", values)


def past(period: str, *said: Said) -> tuple[PastValue, ...]:
    return tuple(
        PastValue(
            period, "DA939", code, "actual", BASES[basis], Decimal(value), Decimal(value), Decimal(value), "exact",
            "reported", "0" * 16, "BaoCao!G13",
        )
        for code, basis, value in said
    )  # fmt: skip


def months(code: str, values: Sequence[int], basis: str = "in", year: int = 2023) -> tuple[PastValue, ...]:
    """One figure a month from January of a year on."""
    return tuple(
        each
        for number, value in enumerate(values)
        for each in past(f"{year + number // 12}-{number % 12 + 1:02d}", (code, basis, value))
    )


def peers(code: str, values: Sequence[int], size: int = 1000) -> tuple[PeerValue, ...]:
    return tuple(
        PeerValue(f"P{number:02d}", "DA939", code, "in_period", Decimal(value), Decimal(size))
        for number, value in enumerate(values, start=30)
    )


def below(code: str, *values: int) -> tuple[BelowValue, ...]:
    """What some communes of Cao Bằng said."""
    return tuple(
        BelowValue(branch, "DA939", code, "in_period", Decimal(value), Decimal(value), Decimal(value), "reported")
        for branch, value in zip(COMMUNES, values, strict=False)
    )


COMMUNES = sorted(load_catalogue(Path(__file__).parents[4] / "seeds").branches_below("P04", date(2025, 8, 14)))
FIVE = (STARTUP, HELPED, "TRAINING_CLASSES", "GIFTS_GIVEN", "LOAN_TURNS")
STEADY = months(STARTUP, [100, 110, 95, 105, 100, 98])


@dataclass(frozen=True)
class Case:
    """A submission and its history; what the rule finds when it fires, and a near miss on which it is silent."""

    fires: tuple[Submission, History]
    silent: tuple[Submission, History]


def case(fires: Submission, silent: Submission, *known: PastValue, near: Sequence[PeerValue] = ()) -> Case:
    history = History(known, tuple(near))
    return Case((fires, history), (silent, history))


CASES: Mapping[str, Case] = {
    "CUMULATIVE_FELL": case(
        now("2024-02", (STARTUP, "programme", 99)), now("2024-02", (STARTUP, "programme", 100)),
        *past("2024-01", (STARTUP, "programme", 100)),
    ),
    "YEAR_TO_DATE_FELL": case(
        now("2024-9M", (STARTUP, "year", 99)), now("2025-01", (STARTUP, "year", 5)),
        *past("2024-6M", (STARTUP, "in", 100)),
    ),
    "CUMULATIVE_CORRECTED": case(
        now("2024-02", (STARTUP, "programme", 99), note="Đính chính số tháng 1"),
        now("2024-02", (STARTUP, "programme", 100), note="Đính chính số tháng 1"),
        *past("2024-01", (STARTUP, "programme", 100)),
    ),
    "CUMULATIVE_DIFFERS": case(
        now("2024-02", (STARTUP, "in", 7), (STARTUP, "programme", 108)),
        now("2024-02", (STARTUP, "in", 7), (STARTUP, "programme", 107)),
        *past("2024-01", (STARTUP, "programme", 100)),
    ),
    "PERIODS_NOT_THE_SUM": case(
        now("2024-Q1", (STARTUP, "in", 7)), now("2024-Q1", (STARTUP, "in", 6)), *months(STARTUP, [1, 2, 3], year=2024)
    ),
    "BRANCHES_NOT_THE_SUM": Case(
        (now("2025-08", (STARTUP, "in", 6), branch="P04"), History(below=below(STARTUP, 7))),
        (now("2025-08", (STARTUP, "in", 8), branch="P04"), History(below=below(STARTUP, 7))),
    ),
    "COPY_OF_LAST_PERIOD": case(
        now("2024-02", *((code, "in", 7) for code in FIVE)), now("2024-02", *((code, "in", 7) for code in FIVE[:4])),
        *past("2024-01", *((code, "in", 7) for code in FIVE)),
    ),
    "UNIT_SLIP": case(now("2024-01", (STARTUP, "in", 100_000)), now("2024-01", (STARTUP, "in", 250)), *STEADY),
    "FAR_FROM_HISTORY": case(now("2024-01", (STARTUP, "in", 900)), now("2024-01", (STARTUP, "in", 250)), *STEADY),
    "FAR_FROM_PEERS": case(
        now("2024-01", (STARTUP, "in", 900), (MEMBERS, "as_of", 1500)),
        now("2024-01", (STARTUP, "in", 900), (MEMBERS, "as_of", 9000)),
        near=peers(STARTUP, [90, 100, 110, 120, 95, 105, 100, 98]),
    ),
}  # fmt: skip


def rule_ids(catalogue: Catalogue, submission: Submission, history: History) -> list[str]:
    return [each.rule_id for each in check_history(submission, catalogue, history)]


@pytest.mark.parametrize("rule_id", [rule.rule_id for rule in HISTORY_RULES])
def test_each_rule_fires_and_does_not(catalogue: Catalogue, rule_id: str) -> None:
    found = check_history(CASES[rule_id].fires[0], catalogue, CASES[rule_id].fires[1])
    assert [each.rule_id for each in found] == [rule_id]
    assert all(each.position and each.message_vi != each.message_en for each in found)
    assert rule_ids(catalogue, *CASES[rule_id].silent) == []


def test_every_case_belongs_to_a_rule() -> None:
    assert CASES.keys() == {rule.rule_id for rule in HISTORY_RULES}


@pytest.mark.parametrize("rule_id", CASES)
def test_no_history_no_finding(catalogue: Catalogue, rule_id: str) -> None:
    assert rule_ids(catalogue, CASES[rule_id].fires[0], History()) == []


@pytest.mark.parametrize("rule_id", CASES)
def test_a_history_reads_back_equal(rule_id: str) -> None:
    history = CASES[rule_id].fires[1]
    assert history_from_json(json.loads(json.dumps(history.as_json()))) == history


def test_a_late_earlier_period_is_compared_with_the_one_after_it(catalogue: Catalogue) -> None:
    known = History(past("2024-02", (STARTUP, "programme", 100)))
    assert rule_ids(catalogue, now("2024-01", (STARTUP, "programme", 101)), known) == ["CUMULATIVE_FELL"]
    assert rule_ids(catalogue, now("2024-01", (STARTUP, "programme", 100)), known) == []


def test_bounds_are_respected(catalogue: Catalogue) -> None:
    """`about 99, at most 105` may be 100 after all."""
    known = History(past("2024-01", (STARTUP, "programme", 100)))
    assert rule_ids(catalogue, now("2024-02", (STARTUP, "programme", 99, 105)), known) == []


def test_another_version_of_the_branch_is_another_branch(catalogue: Catalogue) -> None:
    """P19 was merged with Bắc Kạn on 1 July 2025."""
    known = History(past("2025-05", (STARTUP, "programme", 100)))
    falling = (STARTUP, "programme", 5)
    assert rule_ids(catalogue, now("2025-06", falling, branch="P19"), known) == ["CUMULATIVE_FELL"]
    assert rule_ids(catalogue, now("2025-07", falling, branch="P19"), known) == []


def test_people_counted_once_may_be_fewer_than_the_sum(catalogue: Catalogue) -> None:
    known = History(past("2024-01", (HELPED, "year", 100)))
    assert rule_ids(catalogue, now("2024-02", (HELPED, "in", 7), (HELPED, "year", 103)), known) == []
    assert rule_ids(catalogue, now("2024-02", (HELPED, "in", 7), (HELPED, "year", 108)), known) == [
        "CUMULATIVE_DIFFERS"
    ]


def test_the_first_month_of_a_year_is_the_year_so_far(catalogue: Catalogue) -> None:
    assert rule_ids(catalogue, now("2024-01", (STARTUP, "in", 7), (STARTUP, "year", 9)), History()) == [
        "CUMULATIVE_DIFFERS"
    ]


def test_what_comes_every_year_in_that_month_is_no_question(catalogue: Catalogue) -> None:
    """Gifts at Tết: January of the year before was as high."""
    known = History(months("GIFTS_GIVEN", [900, 10, 11, 9, 10, 12, 10, 9, 11, 10, 10, 9]))
    assert rule_ids(catalogue, now("2024-01", ("GIFTS_GIVEN", "in", 950)), known) == []
    assert rule_ids(catalogue, now("2024-02", ("GIFTS_GIVEN", "in", 950)), known) == ["FAR_FROM_HISTORY"]


def test_few_points_prove_nothing(catalogue: Catalogue) -> None:
    few = History(STEADY[:5], peers(STARTUP, [100] * 7))
    assert rule_ids(catalogue, now("2024-01", (STARTUP, "in", 900), (MEMBERS, "as_of", 1000)), few) == []


def test_only_the_peers_nearest_in_size_are_compared_with(catalogue: Catalogue) -> None:
    """Twenty branches of its own size report some 100; more of twice the size report 900 and are not asked."""
    submission = now("2024-01", (STARTUP, "in", 900), (MEMBERS, "as_of", 1000))
    larger = tuple(replace(each, branch_code=f"{each.branch_code}L") for each in peers(STARTUP, [900] * 60, 1900))
    (found,) = check_history(submission, catalogue, History(peers=(*larger, *peers(STARTUP, [100] * MOST_PEERS))))
    assert (found.rule_id, f"{MOST_PEERS} branches" in found.message_en) == ("FAR_FROM_PEERS", True)
    assert rule_ids(catalogue, submission, History(peers=larger)) == []
    assert size_of(submission, catalogue, ()) == 1000


def test_a_slip_names_what_was_meant(catalogue: Catalogue) -> None:
    (found,) = check_history(CASES["UNIT_SLIP"].fires[0], catalogue, CASES["UNIT_SLIP"].fires[1])
    assert found.proposed == "100"
    assert "1.000 lần" in found.message_vi


def test_a_total_is_the_sum_of_the_branches_below_when_all_have_said(catalogue: Catalogue) -> None:
    all_of_them = History(below=below(STARTUP, *[2] * len(COMMUNES)))
    total = 2 * len(COMMUNES)
    for value, found in ((total, []), (total + 1, ["BRANCHES_NOT_THE_SUM"]), (total - 1, ["BRANCHES_NOT_THE_SUM"])):
        assert rule_ids(catalogue, now("2025-08", (STARTUP, "in", value), branch="P04"), all_of_them) == found
    # People helped may be the same ones in two communes: their counts do not add up (DOMAIN D.3 no. 13).
    distinct = History(below=below(HELPED, *[2] * len(COMMUNES)))
    assert rule_ids(catalogue, now("2025-08", (HELPED, "in", total - 1), branch="P04"), distinct) == []


def test_a_file_of_the_province_is_compared_with_the_communes_in_it(catalogue: Catalogue) -> None:
    reports = [now("2025-08", (STARTUP, "in", 2), branch=code) for code in COMMUNES]
    scope = SubmissionScope("P04", "2025-08", "BM01")
    history = with_others(History(below=below(STARTUP, 9)), scope, reports, "0" * 16, catalogue)
    assert len(history.below) == len(COMMUNES)
    assert rule_ids(catalogue, now("2025-08", (STARTUP, "in", 2 * len(COMMUNES)), branch="P04"), history) == []
