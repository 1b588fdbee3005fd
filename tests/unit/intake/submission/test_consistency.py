"""What figures say about each other, with the bounds that their qualifiers give (DOMAIN A.3, ARCHITECTURE D3)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Check, Line, saved, workbook

POOR = ("GIAMNGHEO", "POOR_HOUSEHOLDS_ESCAPED")
NEAR_POOR = ("GIAMNGHEO", "NEARPOOR_HOUSEHOLDS_ESCAPED")
HELPED = ("GIAMNGHEO", "POOR_NEARPOOR_HOUSEHOLDS_HELPED")
CLAIM = ("GIAMNGHEO", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM")
CLAIM_OF_THE_TERM = ("NQ_TN_XIV", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM")
TRAINED, IN_JOB = ("NQ_TN_XIV", "FEMALE_WORKERS_TRAINED"), ("NQ_TN_XIV", "TRAINED_IN_JOB")
RATE, MEMBERS, WOMEN = ("ALL", "MEMBERSHIP_RATE_PCT"), ("ALL", "MEMBERS_TOTAL"), ("ALL", "WOMEN_18_PLUS")
P19 = {"Mã đơn vị": "P19", "Tên đơn vị": "Hội LHPN tỉnh Thái Nguyên"}


def line(subject: tuple[str, str], in_period: Any = None, as_of: Any = None, plan: Any = None) -> Line:
    return (1, *subject, "", "", plan, in_period, None, None, as_of)


def found(check: Check, *lines: Line) -> list[tuple[str, str]]:
    findings = check(saved(workbook(*lines, head=P19))).findings
    return [(finding.rule_id, finding.position) for finding in findings]


@pytest.mark.parametrize(
    ("child", "parent", "is_over"),
    [
        (10, 10, False), (11, 10, True), ("gần 10.000", "trên 18.000", False), ("trên 18.000", "18.000", True),
        ("từ 18.000 trở lên", "18.000", False), ("gần 20.000", "18.000", False), ("khoảng 20.000", "18.000", False),
        ("20.000", "gần 18.000", True), ("20.000", "khoảng 18.000", False), ("-", "0", False), (0, "-", False),
        (1, "-", True),
        ("trên 20.000", "không quá 18.000", True),
    ],
)  # fmt: skip
def test_a_part_is_at_most_its_whole_within_the_bounds(check: Check, child: Any, parent: Any, is_over: bool) -> None:
    expected = [("CHILD_OVER_PARENT", "BaoCao!G13")] if is_over else []
    assert found(check, line(IN_JOB, child), line(TRAINED, parent)) == expected


def test_a_part_is_compared_within_its_own_basis_only(check: Check) -> None:
    ytd = (2, *TRAINED, "", "", None, None, 5)
    assert found(check, line(IN_JOB, 10), ytd) == []


@pytest.mark.parametrize(
    ("claim", "poor", "near_poor", "difference"),
    [
        ("hơn 2.000", 1547, 448, "6"), ("2.000", 1547, 448, "5"), ("1.995", 1547, 448, None),
        ("gần 2.000", 1547, 448, None),
        ("dưới 1.995", 1547, 448, "1"), ("khoảng 2.000", 1547, 448, None), ("hơn 2.000", "hơn 1.500", 448, None),
        ("hơn 2.000", "gần 1.500", 448, "53"), ("từ 1.995 trở lên", 1547, 448, None), ("hơn 2.000", 1547, "-", "454"),
    ],
)  # fmt: skip
def test_a_claim_is_compared_with_its_components(
    check: Check, claim: str, poor: Any, near_poor: Any, difference: str | None
) -> None:
    submission = check(saved(workbook(line(CLAIM, claim), line(POOR, poor), line(NEAR_POOR, near_poor), head=P19)))
    (finding,) = submission.findings if difference else (None,)
    if finding is None:
        assert submission.findings == ()
        return
    assert (finding.rule_id, finding.family, finding.position) == ("CLAIM_NOT_COVERED", "reconciliation", "BaoCao!G13")
    assert f"lệch ít nhất {difference}." in finding.message_vi
    assert f"at least {difference}." in finding.message_en
    assert "BaoCao!G14" in finding.message_vi


def test_every_claim_is_compared_whatever_programme_states_it(check: Check) -> None:
    lines = (line(CLAIM_OF_THE_TERM, "hơn 2000"), line(CLAIM, "hơn 2.000"), line(POOR, 1547), line(NEAR_POOR, 448))
    assert found(check, *lines) == [("CLAIM_NOT_COVERED", "BaoCao!G13"), ("CLAIM_NOT_COVERED", "BaoCao!G14")]


def test_components_that_nobody_reported_prove_nothing(check: Check) -> None:
    assert found(check, line(CLAIM, "hơn 2.000"), line(POOR, 1547)) == []


@pytest.mark.parametrize(
    ("rate", "members", "women", "differs"),
    [
        ("62%", 620, 1000, False), ("62,1%", 620, 1000, True), ("23%", 236, 1000, False), ("24%", 236, 1000, False),
        ("23,6%", 236, 1000, False), ("22%", 236, 1000, True), ("khoảng 30%", 236, 1000, False),
        ("62%", "trên 1", 1000, False),
    ],
)  # fmt: skip
def test_a_ratio_is_recomputed_rounded_or_cut_off(
    check: Check, rate: str, members: Any, women: Any, differs: bool
) -> None:
    lines = (line(RATE, as_of=rate), line(MEMBERS, as_of=members), line(WOMEN, as_of=women))
    assert found(check, *lines) == ([("RATIO_DIFFERS", "BaoCao!J13")] if differs else [])


def test_a_ratio_alone_is_asked_for_its_base(check: Check) -> None:
    assert found(check, line(RATE, as_of="100%")) == [("RATIO_WITHOUT_BASE", "BaoCao!J13")]
    assert found(check, line(RATE, as_of="62%"), line(MEMBERS, as_of=620)) == [("RATIO_WITHOUT_BASE", "BaoCao!J13")]


def test_six_exceeded_and_two_met_are_all_eight(check: Check) -> None:
    total = line(("NQ_TN_XIV", "RESOLUTION_TARGETS_TOTAL_PROV"), plan=8)
    exceeded = line(("NQ_TN_XIV", "RESOLUTION_TARGETS_EXCEEDED"), as_of=6)
    for met, findings in ((2, []), (3, [("TARGETS_OVER_TOTAL", "BaoCao!J15")])):
        assert found(check, total, exceeded, line(("NQ_TN_XIV", "RESOLUTION_TARGETS_MET"), as_of=met)) == findings


def test_the_targets_of_the_national_resolution_are_another_set(check: Check) -> None:
    national = line(("NQ_TW_XIII", "RESOLUTION_TARGETS_TOTAL_NATL"), plan=1)
    assert found(check, national, line(("NQ_TN_XIV", "RESOLUTION_TARGETS_EXCEEDED"), as_of=6)) == []


def test_an_undetermined_measure_is_kept_with_the_question(check: Check) -> None:
    submission = check(saved(workbook(line(("TINCHAP", "CREDIT_GUARANTEED_AMOUNT"), "trên 3.500 tỉ đồng"), head=P19)))
    (finding,) = submission.findings
    assert finding.rule_id == "MEASURE_UNDETERMINED"
    assert "dư nợ" in finding.message_vi
    assert len(submission.values) == 1


def test_the_same_grain_twice_is_refused_even_with_the_same_figure(check: Check) -> None:
    assert found(check, line(POOR, 5), line(POOR, 5)) == [("VALUE_TWICE", "BaoCao!G14")]
    assert found(check, line(POOR, 5), line(POOR, as_of="x")) == []
