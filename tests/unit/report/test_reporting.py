"""What `vwu rollup` and `vwu trace` print: bounds, reasons, coverage, credit, targets, and the way to the cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from vwu.cli.main import parser
from vwu.cli.reporting import _rollup_lines, _trace_lines
from vwu.rollup import Rollup
from vwu.trace import Cell, Contribution, Trace


@pytest.fixture
def vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")


@pytest.mark.usefixtures("vietnamese")
def test_the_roll_up_says_what_stands_beside_each_figure(rollup: Rollup) -> None:
    lines = _rollup_lines(rollup, "as_reported")
    text = "\n".join(lines)
    assert lines[0].startswith("Nửa đầu nhiệm kỳ 2021–2026  [T2021-2026-H1]")
    for said in ("trên 18.000", "1/63 (1,59%)", "kế hoạch, trong kỳ", "28 tỷ đồng", "11,19%", "chưa đánh giá được"):
        assert said in text, said
    nation = next(line for line in lines if "Số tiền tín chấp" in line)
    assert "không cộng (1)" in nation
    assert "  (1) Chưa rõ doanh số hay dư nợ" in lines


def test_the_roll_up_is_english_where_nobody_asked_for_vietnamese(rollup: Rollup) -> None:
    lines = _rollup_lines(rollup, "as_reported")
    text = "\n".join(lines)
    assert lines[0].startswith("First half of the term 2021–2026  [T2021-2026-H1]")
    for said in (
        "more than 18,000",
        "1/63 (1.59%)",
        "plan, in the period",
        "28 billion đồng",
        "11.19%",
        "not assessable",
    ):
        assert said in text, said
    assert "held out (1)" in text
    assert "  (1) Turnover or balance is not stated" in lines


@pytest.mark.usefixtures("vietnamese")
def test_provinces_stand_below_their_nation(rollup: Rollup) -> None:
    lines = _rollup_lines(rollup, "as_reported")
    turns = next(number for number, line in enumerate(lines) if "Lượt hội viên vay" in line)
    assert lines[turns + 1].startswith("    Tỉnh Thái Nguyên")


def test_another_boundary_has_other_provinces_or_none(rollup: Rollup) -> None:
    before = replace(rollup.figures[0], level="province", region_name="Tỉnh Bắc Kạn", boundary="as_before")
    lines = _rollup_lines(replace(rollup, figures=(before,)), "as_before")
    assert [line for line in lines if line.startswith("    Tỉnh Bắc Kạn")]
    assert "Bắc Kạn" not in "\n".join(_rollup_lines(replace(rollup, figures=(before,)), "as_reported"))


def traced(role: str) -> Trace:
    cell = Cell(
        "TINCHAP", "LOAN_TURNS", "province", "19", "Tỉnh Thái Nguyên", "T2021-2026-H1", "actual", "in_period",
        "as_reported", "TURN", Decimal(60425), Decimal(60425), Decimal(60425), False, False, False, None, None,
        "province", 1, 1,
    )  # fmt: skip
    value = Contribution(
        "P19", "Hội LHPN tỉnh Thái Nguyên", "province", "T2021-2026-H1", date(2021, 10, 1), date(2024, 3, 31),
        "actual", "in_period", Decimal(60425), Decimal(60425), Decimal(60425), "exact", "reported", "TURN",
        "60.425 lượt", "0123456789abcdef", "Thái Nguyên.xlsx", "BaoCao!G70", datetime(2024, 5, 28, tzinfo=UTC), None,
        True, True, role,
    )  # fmt: skip
    return Trace(3, (cell,), (value,))


@pytest.mark.parametrize(("role", "said"), [("counted", "được tính"), ("spoken_for", "cấp trên đã báo")])
def test_a_trace_leads_to_file_sheet_and_cell(role: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "TINCHAP / LOAN_TURNS / Tỉnh Thái Nguyên / T2021-2026-H1 · in the period · boundaries of the time: 60,425"
    assert told in "\n".join(_trace_lines(traced(role)))
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    text = "\n".join(_trace_lines(traced(role)))
    assert "TINCHAP / LOAN_TURNS / Tỉnh Thái Nguyên / T2021-2026-H1 · trong kỳ · địa giới khi báo cáo: 60.425" in text
    assert "Thái Nguyên.xlsx BaoCao!G70 [0123456789abcdef]" in text
    assert text.endswith(said)


def test_a_trace_as_json_has_the_names_of_its_columns() -> None:
    found = traced("counted").as_json()
    assert found["release_id"] == 3
    assert found["values"][0]["position"] == "BaoCao!G70"
    assert found["cells"][0]["value"] == Decimal(60425)


@pytest.mark.parametrize("verb", ["rollup", "report", "trace", "template", "example"])
def test_each_verb_helps_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args([verb, "--help"])
    assert stopped.value.code == 0
    assert f"example: vwu {verb}" in capsys.readouterr().out
