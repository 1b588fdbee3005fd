"""What a run ends by saying."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from vwu.cli.run import _as_json, _as_text
from vwu.headline import Credit, Figure, Headline, Refusal, Refused
from vwu.rollup import Release
from vwu.run import Failure
from vwu.settings import Settings

RELEASE = Release(2, datetime(2024, 2, 1, 7, 0, tzinfo=UTC), "publish_with_warnings", Decimal("3.50"), 9, 4, "0.1.0")
NATION = Figure(
    "2024-01", "nation", "Việt Nam", "DA939", "WOMEN_STARTUP_SUPPORTED", "Phụ nữ khởi sự", "Women starting up",
    "PERSON", "programme_to_date", Decimal(2238), Decimal(2238), Decimal(2238), False, False, None,
)  # fmt: skip
REFUSED = Refused("00ff", "hỏng.xlsx", "rejected", "Ô G14 sai", "Cell G14 is wrong", "BaoCao!G14", 3)
NOTHING = Headline(None, (), (), (), 0, None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path, home=tmp_path, landing="", store="")


def say(
    settings: Settings, headline: Headline, before: Release | None = None, failures: tuple[Failure, ...] = ()
) -> str:
    return "\n".join(_as_text(settings, before, headline, failures))


def test_a_new_release_is_told_from_one_that_stays(settings: Settings) -> None:
    headline = replace(NOTHING, release=RELEASE)
    assert "new release: 2 (publish_with_warnings)" in say(settings, headline)
    assert "new release: 2" in say(settings, headline, before=replace(RELEASE, release_id=1))
    assert "nothing new: release 2 stays in force" in say(settings, headline, before=RELEASE)
    assert "nothing is published yet" in say(settings, NOTHING)


def test_figures_are_said_with_their_bounds(settings: Settings) -> None:
    more = replace(
        NATION, period_code="T2021-2026-H1", indicator_code="X", unit_code="VND", value=Decimal(3_500_000_000_000),
        lower_bound=Decimal(3_500_000_000_000), upper_bound=None,
    )  # fmt: skip
    province = replace(NATION, level="province", region_name="Quảng Ninh")
    text = say(settings, replace(NOTHING, release=RELEASE, figures=(NATION, province, more)))
    assert "[programme_to_date]: nation 2,238; Quảng Ninh 2,238" in text
    assert "3,500 billion đồng" in text


def test_what_is_held_out_says_why_and_shows_no_number(settings: Settings) -> None:
    blocked = replace(NATION, blocked_code="turnover_or_balance")
    text = say(settings, replace(NOTHING, release=RELEASE, figures=(blocked,)))
    assert "held out: turnover_or_balance" in text
    assert "2,238" not in text


def test_credit_is_in_dong(settings: Settings) -> None:
    credit = Credit("VBSP", "2024-03", 1200, Decimal(45_600_000_000), Decimal(120_000_000))
    text = say(settings, replace(NOTHING, release=RELEASE, credit=(credit,)))
    assert "VBSP 2024-03: 1,200 loans, balance 45.6 billion đồng, overdue 120 million đồng" in text


def test_the_outcome_is_vietnamese_where_the_locale_is(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    credit = Credit("VBSP", "2024-03", 1200, Decimal(45_600_000_000), Decimal(120_000_000))
    headline = Headline(RELEASE, (NATION,), (credit,), (REFUSED,), 25, Refusal(7, ("X",) * 12))
    text = say(settings, headline, failures=(Failure("build_marts", "build 3"),))
    for part in (
        "Bản phát hành mới: 2", "biên nhận", "độ phủ", "Cửa kiểm định đang đóng (lần 7):", "và 2 lý do nữa",
        "Số liệu chính", "cả nước 2.238", "1.200 khoản vay, dư nợ 45,6 tỷ đồng, quá hạn 120 triệu đồng",
        "3 lỗi", "Ô G14 sai", "và 24 tệp nữa", "Không làm được", "Xem ở đâu",
    ):  # fmt: skip
        assert part in text
    for word in ("release", "receipt ", "more", "nation", "loans", "Cell G14 is wrong"):
        assert word not in text


def test_a_refused_file_is_named_with_place_and_reason_in_both_languages(settings: Settings) -> None:
    text = say(settings, replace(NOTHING, refused=(REFUSED,), refused_count=25))
    for part in ("hỏng.xlsx", "receipt 00ff", "3 faults", "Ô G14 sai", "Cell G14 is wrong", "and 24 more"):
        assert part in text


def test_a_shut_gate_names_its_reasons(settings: Settings) -> None:
    text = say(settings, replace(NOTHING, refusal=Refusal(7, ("BALANCE_ADDS_UP: lệch · off",))))
    assert "the gate is shut (gate run 7)" in text
    assert "BALANCE_ADDS_UP: lệch · off" in text


def test_what_could_not_be_done_says_where_to_read(settings: Settings) -> None:
    text = say(settings, NOTHING, failures=(Failure("receive_files [a.xlsx]", "its log: http://127.0.0.1"),))
    assert "Could not be done" in text
    assert "receive_files [a.xlsx]: its log: http://127.0.0.1" in text


def test_json_has_the_same(settings: Settings) -> None:
    failure = Failure("build_marts", "build 3")
    printed = _as_json(settings, RELEASE, replace(NOTHING, release=RELEASE, refused=(REFUSED,)), (failure,))
    assert printed["is_new"] is False
    assert printed["previous_release_id"] == 2
    assert printed["release"]["release_id"] == 2
    assert printed["refused"][0]["file_name"] == "hỏng.xlsx"
    assert printed["failures"] == [{"step": "build_marts", "reason": "build 3"}]
    assert "SQL" in printed["where"]
