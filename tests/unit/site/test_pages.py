"""Pages on the pipeline: what is wrong is told first, names from files are escaped, nothing is empty without a word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from vwu.readiness import Readiness
from vwu.settings import load_settings
from vwu.site.pages import rules_page, start_page, status_page
from vwu.site.status import Arrivals, Build, Freshness, Gate, Node, PastRelease, Pipeline, Receipt

WHEN = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)
EMPTY = Pipeline((), (), (), (), (), (), (), (), ())
HELD = Receipt(
    "0123456789abcdef", "loan", "sao kê <b>.csv", "held", "Tổng không khớp", "Totals differ", 1_000_000, WHEN
)
FULL = Pipeline(
    (Arrivals("loan", "held", 1, WHEN),),
    (HELD,),
    (HELD,),
    (Build(2, "failed", False, WHEN, 8.0, 31, 200, 1), Build(1, "success", True, WHEN, 4.0, 31, 200, 0)),
    (Node("model.vwu.fct_credit_month", "model", "success", 1.5, 12),),
    (Gate(1, "refuse", 150, 149, WHEN, 20.0, ["a suite is missing"], ["GATE_BANK_ROWS"]),),
    (PastRelease(1, WHEN, "publish", None, 9, 27, "0.1.0", True),),
    (Freshness("VBSP", "VBSP", date(2026, 10, 31)),),
    (Readiness("2026-11", date(2026, 11, 30), date(2026, 11, 14), 34, 33, ["Hội LHPN tỉnh X"]),),
)


def test_what_is_wrong_is_told_with_its_reason() -> None:
    page = status_page(FULL)
    for told in (
        "Tổng không khớp", "Totals differ", "0123456789abcdef", "1.000.000", "149 / 150", "a suite is missing",
        "rules.html#GATE_BANK_ROWS", "fct_credit_month", "31/10/2026", "27/11/2026 00:30",
        "Hội LHPN tỉnh X", "33 / 34",
    ):  # fmt: skip
        assert told in page, told
    assert "sao kê &lt;b&gt;.csv" in page
    assert 'style="height:50.0%"' in page


def test_before_the_first_run_every_section_says_so(tmp_path: Path) -> None:
    page = status_page(EMPTY)
    assert "Nothing is held" in page
    assert "No period waits" in page
    assert page.count("None yet") == 3
    settings = load_settings({"VWU_HOME": str(tmp_path)})
    assert "nothing is published yet" in start_page(settings, EMPTY)


def test_rules_of_intake_and_gate_are_told_in_both_languages() -> None:
    page = rules_page(load_settings(), ["dim_bank"])
    assert 'id="GATE_BANK_ROWS"' in page
    assert "gate: dim_bank" in page
    assert page.count('<tr role="row" id="') > 60
