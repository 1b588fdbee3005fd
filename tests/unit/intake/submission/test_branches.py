"""A branch by its name, a former name or a former code: one reading is taken with a warning, several are refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.catalogue import Catalogue
from vwu.intake.submission.branches import branches_named, branches_once_named, successors

from .conftest import Build, Check

BEFORE, AFTER = date(2024, 3, 31), date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Hội LHPN tỉnh Quảng Ninh", ["P22"], ["P22"]),
        ("HỘI LIÊN HIỆP PHỤ NỮ TỈNH QUẢNG NINH", ["P22"], ["P22"]),
        ("T. Quang Ninh", ["P22"], ["P22"]),
        ("Quảng Ninh", ["P22", "P38-16465", "P44-D456"], ["P22", "P38-16540", "P44-19207"]),
        ("H. Đầm Hà", ["P22-D200"], []),
        ("TX Đông Triều", ["P22-D205"], []),  # a town then, a city when the table was made
        ("xã Quảng Tân", ["P22-06913", "P44-19084", "P67-24748"], ["P22-06913", "P68-24748"]),
        ("xã Quảng Tân, huyện Đầm Hà, tỉnh Quảng Ninh", ["P22-06913"], []),
        ("xã Quảng Tân - Quảng Ninh", ["P22-06913"], ["P22-06913"]),
        ("xã Quảng Tân, tỉnh Cà Mau", [], []),
        ("Hội LHPN xã Hoà Bình, tỉnh Thái Nguyên", ["P19-05671"], []),
        ("Thừa Thiên Huế", ["P46"], []),
        ("Bà Rịa - Vũng Tàu", ["P77"], []),
        ("P. Hồng Hải - TP Hạ Long", ["P22-06688"], []),
        ("TP.HCM", ["P79"], ["P79"]),
        ("Kontum", ["P62"], []),
        ("Hội Phụ nữ Công an tỉnh Thái Nguyên", ["P19-X01"], ["P19-X01"]),
        ("22", [], []),
        ("", [], []),
        ("Atlantis", [], []),
    ],
)  # fmt: skip
def test_a_name_means_the_branches_of_its_day(
    catalogue: Catalogue, text: str, before: list[str], after: list[str]
) -> None:
    assert [branch.branch_code for branch in branches_named(text, catalogue, BEFORE)] == before
    assert [branch.branch_code for branch in branches_named(text, catalogue, AFTER)] == after


def test_every_branch_is_found_by_its_own_name(catalogue: Catalogue) -> None:
    for on in (BEFORE, AFTER):
        for level in ("province", "district", "unit"):
            for branch in catalogue.branches_of(level, on):
                assert branch in branches_named(branch.name_vi, catalogue, on)


@pytest.mark.parametrize(
    ("text", "now", "is_same"),
    [
        ("huyện Lý Sơn", ["P51-21548"], True),  # the district became the one commune of the island
        ("Thừa Thiên Huế", ["P46"], True),
        ("tỉnh Kon Tum", ["P51"], False),  # united with Quảng Ngãi
        ("huyện Đầm Hà", [], False),  # districts ended
    ],
)
def test_only_a_unit_that_lives_on_alone_has_one_successor(
    catalogue: Catalogue, text: str, now: list[str], is_same: bool
) -> None:
    (ended,) = branches_once_named(text, catalogue, AFTER)
    after, alone = successors(ended, catalogue, AFTER)
    assert ([branch.branch_code for branch in after], alone) == (now, is_same)


@given(st.text(max_size=60))
def test_no_text_stops_the_search(catalogue: Catalogue, text: str) -> None:
    branches_named(text, catalogue, AFTER)
    branches_once_named(text, catalogue, AFTER)


LINE = (1, "ALL", "MEMBERS_ADMITTED", "", "", None, 5)


def sent(
    check: Check, build: Build, code: object, name: str | None = None, period: str = "2026-01"
) -> tuple[object, ...]:
    head = {"Mã đơn vị": code, "Tên đơn vị": name, "Kỳ báo cáo": period, "Từ ngày": None, "Đến ngày": None}
    submission = check(build(LINE, head=head))
    scope = submission.scope.branch_code if submission.scope else None
    return scope, [(f.rule_id, f.proposed) for f in submission.findings]


def test_a_head_without_a_code_is_read_by_its_name(check: Check, build: Build) -> None:
    assert sent(check, build, None, "Hội LHPN tỉnh Quảng Ninh") == ("P22", [("BRANCH_BY_NAME", "P22")])
    assert sent(check, build, "tỉnh Quảng Ninh", "Hội LHPN Quảng Ninh") == ("P22", [("BRANCH_BY_NAME", "P22")])
    assert sent(check, build, None, None) == (None, [("HEAD_FIELD_MISSING", None)])


def test_a_name_of_several_is_refused_with_all_of_them(check: Check, build: Build) -> None:
    assert sent(check, build, "xã Quảng Tân", period="2024-01") == (None, [("BRANCH_AMBIGUOUS", None)])
    submission = check(build(LINE, head={"Mã đơn vị": "xã Quảng Tân", "Tên đơn vị": None}))
    message = submission.findings[0].message_vi
    assert all(code in message for code in ("P22-06913", "P44-19084", "P67-24748"))
    # A ward of today bears the name of a province of yesterday.
    assert sent(check, build, "Kon Tum") == (None, [("BRANCH_AMBIGUOUS", None)])


def test_a_former_name_or_code_gives_its_successor_only_if_that_is_the_same_unit(check: Check, build: Build) -> None:
    assert sent(check, build, "P51-D536") == ("P51-21548", [("BRANCH_SUCCEEDED", "P51-21548")])
    assert sent(check, build, None, "huyện Lý Sơn") == ("P51-21548", [("BRANCH_SUCCEEDED", "P51-21548")])
    assert sent(check, build, "Thừa Thiên Huế") == ("P46", [("BRANCH_SUCCEEDED", "P46")])
    assert sent(check, build, "P62") == ("P62", [("BRANCH_NOT_VALID", "P51")])
    assert sent(check, build, "H. Đầm Hà") == ("P22-D200", [("BRANCH_NOT_VALID", "P22")])


def test_a_code_with_the_same_name_and_another_territory_is_said_on_both_sides_of_the_change(
    check: Check, build: Build, catalogue: Catalogue
) -> None:
    """Xã Quảng Tân was one of the four communes that xã Quảng Tân is made of; the island of Lý Sơn changed nothing."""
    before, now = catalogue.branch_versions("P22-06913")
    assert (before.name_vi, now.name_vi) == ("Hội LHPN xã Quảng Tân",) * 2
    assert before.region_valid_from != now.region_valid_from
    said = ("P22-06913", [("BRANCH_CODE_REUSED", None)])
    for period in ("2025-05", "2025-06", "2025-07", "2025-9M", "2025-Q3"):
        assert sent(check, build, "P22-06913", "xã Quảng Tân", period) == said
    for period in ("2024-01", "2025", "2026-08"):  # long before and long after nobody mixes them up
        assert sent(check, build, "P22-06913", "xã Quảng Tân", period) == ("P22-06913", [])
    assert sent(check, build, "P22-06895", None, "2025-09") == ("P22-06895", [])  # a town then: another name


def test_a_commune_that_was_divided_names_every_part(check: Check, build: Build, catalogue: Catalogue) -> None:
    divided = next(
        branch for branch in catalogue.branches_of("commune", BEFORE)
        if len(successors(branch, catalogue, AFTER)[0]) > 1 and catalogue.branch(branch.branch_code, AFTER) is None
    )  # fmt: skip
    parts = [branch.branch_code for branch in successors(divided, catalogue, AFTER)[0]]
    assert sent(check, build, divided.branch_code) == (
        divided.branch_code, [("BRANCH_NOT_VALID", " | ".join(parts))],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [(22, "P22"), ("1", "P01"), ("P22-6895", "P22-06895"), ("P1-4", "P01-00004"), ("P22-D20", None), ("P99", None)],
)
def test_a_code_that_lost_its_zeros_is_refused_and_proposed(
    check: Check, build: Build, typed: object, proposed: str | None
) -> None:
    assert sent(check, build, typed, period="2024-01") == (None, [("BRANCH_UNKNOWN", proposed)])
