"""The long CSV of INTERFACES 2.2: the same meaning as the workbook, with lines as positions."""

from __future__ import annotations

import pytest

from vwu.catalogue import Catalogue
from vwu.intake.model import Submission
from vwu.intake.submission.check import check_submission

from .conftest import TODAY, Check

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
LINE = "BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,programme_to_date,2.238,người,sơ bộ"


def file(*lines: str) -> bytes:
    return ("\n".join((HEADER, *lines)) + "\n").encode()


def read(check: Check, content: bytes) -> Submission:
    return check(content, "P22.csv")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_is_a_value(check: Check, mark: bytes, end: bytes) -> None:
    submission = read(check, mark + file(LINE).replace(b"\n", end))
    assert submission.findings == ()
    assert submission.scope is not None
    assert submission.scope.key == "submission|P22|2024-01|BM01"
    (value,) = submission.values
    assert value.as_json() == {
        "programme_code": "DA939", "indicator_code": "WOMEN_STARTUP_SUPPORTED", "scenario": "actual",
        "basis": "programme_to_date", "value": "2238", "unit_code": "PERSON", "qualifier": "exact",
        "lower_bound": "2238", "upper_bound": "2238", "value_state": "reported", "position": "P22.csv:2",
        "raw": "2.238",
    }  # fmt: skip
    assert value.note == "sơ bộ"


def test_positions_count_lines_of_the_file_even_after_a_quoted_line_end(check: Check) -> None:
    noted = LINE.replace("sơ bộ", '"sơ bộ,\nchưa chốt"')
    bad = "BM01,1,P22,2024-01,DA939,TRAINING_CLASSES,actual,in_period,6/8,lớp,"
    submission = read(check, file(noted, "", bad))
    (finding,) = submission.findings
    assert (finding.rule_id, finding.position, finding.column) == ("VALUE_COMPOSITE", "P22.csv:5", "value")
    assert submission.values[0].note == "sơ bộ, chưa chốt"


def test_columns_may_stand_in_any_order_and_some_may_be_left_out(check: Check) -> None:
    content = (
        b"value,basis,scenario,indicator_code,programme_code,period_code,branch_code,form,source\n"
        b'"2,3 t\xe1\xbb\xb7",in_period,actual,SHELTER_FUND,MAIAM,2024-01,P22,BM01,bank\n'
    )
    submission = read(check, content)
    assert [finding.rule_id for finding in submission.findings] == ["COLUMN_UNKNOWN"]
    assert submission.values[0].quantity.value == 2_300_000_000
    assert submission.form_version == "1"


def test_an_empty_value_is_missing_and_a_dash_is_nil(check: Check) -> None:
    lines = [LINE.replace("2.238", content).replace("programme_to_date", basis)
             for content, basis in (("", "in_period"), ("-", "year_to_date"), ("0", "programme_to_date"))]  # fmt: skip
    submission = read(check, file(*lines))
    assert [v.quantity.value_state for v in submission.values] == ["missing", "nil", "reported"]
    assert submission.findings == ()


def test_another_unit_is_refused_with_its_column(check: Check) -> None:
    (finding,) = read(check, file(LINE.replace("người", "TURN"))).findings
    assert (finding.rule_id, finding.position, finding.column) == ("UNIT_DIFFERS", "P22.csv:2", "unit")


def test_a_fault_of_the_head_names_its_column(check: Check) -> None:
    (finding,) = read(check, file(LINE.replace("P22", "P99"))).findings
    assert (finding.rule_id, finding.position, finding.column) == ("BRANCH_UNKNOWN", "P22.csv:2", "branch_code")


def test_lines_of_several_reports_are_a_report_each(catalogue: Catalogue) -> None:
    line = "BM01,1,{},2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,{},5,PERSON,"
    lines = (("P22", "in_period"), ("P19", "in_period"), ("p22", "programme_to_date"))
    reports, findings = check_submission("all.csv", file(*(line.format(*each) for each in lines)), catalogue, TODAY)
    assert findings == ()
    assert [(each.scope.branch_code, [value.position for value in each.values]) for each in reports if each.scope] == [
        ("P22", ["all.csv:2", "all.csv:4"]), ("P19", ["all.csv:3"]),
    ]  # fmt: skip


def test_a_line_without_a_branch_is_a_report_of_nobody(catalogue: Catalogue) -> None:
    line = "BM01,1,{},2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,5,PERSON,"
    reports, _ = check_submission("all.csv", file(line.format("P22"), line.format("")), catalogue, TODAY)
    assert [[(each.rule_id, each.position) for each in report.findings] for report in reports] == [
        [], [("HEAD_FIELD_MISSING", "all.csv:3")],
    ]  # fmt: skip
