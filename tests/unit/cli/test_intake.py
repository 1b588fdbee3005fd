"""`vwu check` from the command line: what it says, and what it did not compare."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from vwu.cli.main import main
from vwu.intake.submission.rules import HISTORY_RULES

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
LINE = "BM01,1,P22,2024-02,DA939,WOMEN_STARTUP_SUPPORTED,actual,programme_to_date,99,PERSON,"
PAST = {
    "period_code": "2024-01", "programme_code": "DA939", "indicator_code": "WOMEN_STARTUP_SUPPORTED",
    "scenario": "actual", "basis": "programme_to_date", "value": "100", "lower_bound": "100", "upper_bound": "100",
    "qualifier": "exact", "value_state": "reported", "receipt_id": "0" * 16, "position": "BaoCao!I13",
}  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "P22.csv"
    path.write_text(f"{HEADER}\n{LINE}\n", "utf-8")
    return path


def history(folder: Path, branch_code: str) -> str:
    scope = {"branch_code": branch_code, "period_code": "2024-02", "form": "BM01"}
    path = folder / "history.json"
    path.write_text(json.dumps({"scope": scope, "past": [PAST], "peers": []}), "utf-8")
    return str(path)


def test_what_was_not_compared_is_said(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(report)]) == 0
    assert json.loads(capsys.readouterr().out)["rules_not_run"] == [rule.rule_id for rule in HISTORY_RULES]
    assert main(["check", str(report)]) == 0
    assert "--history FILE" in capsys.readouterr().out


def test_json_is_the_same_in_every_language(
    report: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {}
    for tongue in ("vi", "en"):
        monkeypatch.setenv("VWU_LANG", tongue)
        for option in ((), ("--json",)):
            assert main(["check", *option, str(report)]) == 0
            told[tongue, option] = capsys.readouterr().out
    assert told["vi", ()] != told["en", ()]
    assert told["vi", ("--json",)] == told["en", ("--json",)]


def test_what_went_wrong_is_english_for_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VWU_LANG", "vi")
    for option, said in (((), "không có tệp "), (("--json",), "there is no file ")):
        assert main(["check", *option, str(tmp_path / "nothing.csv")]) == 2
        assert said in capsys.readouterr().err


def test_with_its_history_a_report_is_compared(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", "--history", history(tmp_path, "P22"), str(report)]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["rules_not_run"] == []
    assert [each["rule_id"] for each in printed["files"][0]["findings"]] == ["CUMULATIVE_FELL"]


def test_another_branchs_history_is_refused(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--history", history(tmp_path, "P19"), str(report)]) == 2
    assert "submission|P19|2024-02|BM01" in capsys.readouterr().err


def test_a_report_of_nobody_keeps_its_findings_beside_a_history(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.write_text(f"{HEADER}\n{LINE.replace('P22', 'P98')}\n", "utf-8")
    assert main(["check", "--json", "--history", history(tmp_path, "P22"), str(report)]) == 1
    assert [each["severity"] for each in json.loads(capsys.readouterr().out)["files"][0]["findings"]] == ["error"]


@pytest.mark.parametrize("written", ["{", "{}", '{"scope": {"branch": "P22"}}'])
def test_what_is_no_history_is_refused(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    path = tmp_path / "history.json"
    path.write_text(written, "utf-8")
    assert main(["check", "--history", str(path), str(report)]) == 2
    assert "vwu history" in capsys.readouterr().err


def test_findings_as_csv_run_nothing_in_a_spreadsheet(tmp_path: Path, report: Path) -> None:
    report.write_text(f"{HEADER}\n{LINE.replace(',99,', ',=1+1,')}\n", "utf-8")
    target = tmp_path / "findings.csv"
    assert main(["check", "--csv", str(target), str(report)]) == 1
    with target.open(encoding="utf-8-sig", newline="") as lines:
        (found,) = csv.DictReader(lines)
    assert (found["severity"], found["value"]) == ("error", "'=1+1")
    assert found["message_vi"]
