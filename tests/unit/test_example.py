"""The example: 23 figures where the documents put them, feeds that reconcile, faults that are faults."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from openpyxl import load_workbook

from vwu.catalogue import Catalogue, load_catalogue
from vwu.example import example_files, figures, write_example
from vwu.example_credit import feed_files
from vwu.intake.feed.check import check_feed
from vwu.intake.model import Severity, Submission, has_errors
from vwu.intake.submission.check import check_submission

ROOT = Path(__file__).parents[2]
BROKEN = "(lỗi)"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "seeds")


@pytest.fixture(scope="module")
def files(catalogue: Catalogue) -> Mapping[str, bytes]:
    return example_files(catalogue)


@pytest.fixture(scope="module")
def feeds() -> Mapping[str, list[dict[str, str]]]:
    """Rows of each data file, by its name, oldest month first."""
    data = {name: content.decode() for name, content in feed_files().items() if name.endswith(".csv")}
    assert len(data) == 8
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in data.items()}


def rows_of(feeds: Mapping[str, list[dict[str, str]]], kind: str) -> list[list[dict[str, str]]]:
    return [rows for name, rows in feeds.items() if kind in name and BROKEN not in name]


def total(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def test_all_23_figures_are_there_and_reportable(catalogue: Catalogue) -> None:
    found = figures()
    assert len(found) == 23
    assert len({figure.figure_id for figure in found}) == 23
    for figure in found:
        indicator = catalogue.indicators[figure.indicator_code]
        assert indicator.accepts(figure.scenario, figure.basis), figure.figure_id
        assert figure.programme_code in catalogue.programme_codes_of(figure.indicator_code)


def test_cells_say_what_the_documents_say(files: Mapping[str, bytes]) -> None:
    name = "branch_submissions/Thái Nguyên - Báo cáo nửa đầu nhiệm kỳ 2021-2026.xlsx"
    sheet = load_workbook(io.BytesIO(files[name]))["BaoCao"]
    cells = {
        (row[1], row[2]): [value for value in row[5:10] if value is not None]
        for row in sheet.iter_rows(min_row=14, values_only=True)
    }
    assert cells["TINCHAP", "CREDIT_GUARANTEED_AMOUNT"] == ["trên 3.500 tỉ đồng"]
    assert cells["NQ_TN_XIV", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM"] == ["hơn 2000 hộ"]
    assert cells["GIAMNGHEO", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM"] == ["hơn 2.000 hộ"]
    assert cells["NQ_TN_XIV", "RESOLUTION_TARGETS_EXCEEDED"] == ["6"]
    assert sum(len(found) for found in cells.values()) == 19


def test_a_second_call_leaves_every_file_untouched(tmp_path: Path, catalogue: Catalogue) -> None:
    first = write_example(tmp_path, catalogue)
    stamps = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in first}
    assert write_example(tmp_path, catalogue) == first
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in first} == stamps
    assert len(first) == 21


def test_control_records_are_true_except_one_by_one_dong(feeds: Mapping[str, list[dict[str, str]]]) -> None:
    content = feed_files()
    for name, rows in feeds.items():
        control = json.loads(content[f"{name}.control.json"])
        off_by = 1 if "khoản vay" in name and BROKEN in name else 0
        assert control["file_name"] == name
        assert control["sha256"] == sha256(content[name]).hexdigest()
        assert control["row_count"] == len(rows)
        assert control["sum_closing_balance"] == total(rows, "closing_balance") + off_by
        for column in ("lent", "collected", "overdue", "frozen"):
            assert control[f"sum_{column}"] == total(rows, column)


def test_loans_carry_on_from_month_to_month(feeds: Mapping[str, list[dict[str, str]]]) -> None:
    months = rows_of(feeds, "khoản vay")
    assert [rows[0]["as_of_date"] for rows in months] == ["2024-01-31", "2024-02-29", "2024-03-31"]
    for before, after in pairwise(months):
        closing = {row["loan_id"]: row["closing_balance"] for row in before}
        opening = {row["loan_id"]: row["opening_balance"] for row in after}
        assert all(closing[loan] == amount for loan, amount in opening.items() if loan in closing)
        assert all(opening[loan] == "0" for loan in opening.keys() - closing.keys())
        gone = [row for row in before if row["loan_id"] not in opening]
        assert all(row["status"] == "paid" for row in gone)
    assert [row["loan_id"] for row in months[1] if row["status"] == "paid"] == ["KUTK0691301003"]
    assert Counter(row["loan_id"] for row in months[2]).most_common(1)[0][1] == 1


def test_loans_obey_the_tables_of_their_programme(
    feeds: Mapping[str, list[dict[str, str]]], catalogue: Catalogue
) -> None:
    for rows in rows_of(feeds, "khoản vay"):
        for row in rows:
            opening, lent, collected, closing, approved = (
                int(row[name])
                for name in ("opening_balance", "lent", "collected", "closing_balance", "approved_amount")
            )
            on = catalogue.period(row["as_of_date"][:7], "bank")
            assert on is not None
            assert closing == opening + lent - collected
            assert int(row["overdue"]) + int(row["frozen"]) <= closing <= approved
            ceiling = catalogue.ceiling_at(row["credit_programme"], on.end_date)
            assert ceiling is None or approved <= ceiling
            assert Decimal(row["annual_rate_pct"]) in catalogue.rate_at(row["credit_programme"], on.end_date)
            assert len(row["citizen_id"]) == 12
            assert row["citizen_id"][:3] in ("019", "022")
            assert catalogue.commune(row["commune_code"], "GSO-2024", on.end_date) is not None


def test_group_sums_are_loan_sums(feeds: Mapping[str, list[dict[str, str]]]) -> None:
    for loans, groups in zip(rows_of(feeds, "khoản vay"), rows_of(feeds, "tổ TK&VV"), strict=True):
        for group in groups:
            own = [loan for loan in loans if loan["group_id"] == group["group_id"]]
            assert own
            assert {loan["commune_code"] for loan in own} == {group["commune_code"]}
            assert {loan["organisation"] for loan in own} == {group["organisation"]}
            for column in ("lent", "collected", "closing_balance", "overdue", "frozen", "savings_balance"):
                assert total(own, column) == int(group[column])
            assert 5 <= int(group["borrowers"]) <= int(group["members"]) <= 60


def test_the_portfolio_is_varied(feeds: Mapping[str, list[dict[str, str]]]) -> None:
    rows = rows_of(feeds, "khoản vay")[2]
    assert {row["organisation"] for row in rows} == {"PN", "ND", "TT"}
    assert {row["sex"] for row in rows} == {"F", "M"}
    assert {row["commune_code"][:2] for row in rows} == {"05", "06"}
    assert len({row["credit_programme"] for row in rows}) == 4
    assert len({row["citizen_id"] for row in rows}) == len(rows) > 300
    assert any(int(row["overdue"]) for row in rows)
    assert any(row["status"] == "frozen" for row in rows)


def test_the_broken_loan_feed_lost_a_leading_zero(feeds: Mapping[str, list[dict[str, str]]]) -> None:
    rows = next(rows for name, rows in feeds.items() if "khoản vay" in name and BROKEN in name)
    assert [len(row["citizen_id"]) for row in rows].count(11) == 1


EXPECTED_WARNINGS = {
    "Quảng Ninh - Báo cáo BM01 tháng 01-2024.xlsx": ["RATIO_WITHOUT_BASE"],
    "Quảng Ninh - Kế hoạch lớp tập huấn quý II và III-2024.xlsx": [],
    "Thái Nguyên - Báo cáo nửa đầu nhiệm kỳ 2021-2026.xlsx": [
        "CLAIM_NOT_COVERED", "CLAIM_NOT_COVERED", "MEASURE_UNDETERMINED", "MEASURE_UNDETERMINED",
        "MEASURE_UNDETERMINED",
    ],
}  # fmt: skip
EXPECTED_ERRORS = {
    "Quảng Ninh - Báo cáo BM01 tháng 02-2024 (lỗi).xlsx": {
        "VALUE_FRACTION": "BaoCao!I14", "VALUE_DATE": "BaoCao!G17", "VALUE_ERROR_CELL": "BaoCao!I16",
        "VALUE_AMBIGUOUS": "BaoCao!G20", "VALUE_FORMULA_EMPTY": "BaoCao!G48", "VALUE_NOT_A_NUMBER": "BaoCao!G49",
        "INDICATOR_UNKNOWN": "BaoCao!C78",
    },
    "Thái Nguyên - số liệu tháng 01-2024 (lỗi).csv": {
        "PROGRAMME_UNKNOWN": ":3", "VALUE_AMBIGUOUS": ":4", "VALUE_COMPOSITE": ":5", "UNIT_DIFFERS": ":6",
        "SCENARIO_UNKNOWN": ":7",
    },
}  # fmt: skip


def checked(files: Mapping[str, bytes], catalogue: Catalogue, name: str) -> Submission:
    reports, findings = check_submission(name, files[f"branch_submissions/{name}"], catalogue, TODAY)
    (report,) = reports
    return replace(report, findings=(*findings, *report.findings))


@pytest.mark.parametrize("name", EXPECTED_WARNINGS)
def test_good_workbooks_have_only_their_known_warnings(
    files: Mapping[str, bytes], catalogue: Catalogue, name: str
) -> None:
    found = checked(files, catalogue, name).findings
    assert not has_errors(found)
    assert sorted(finding.rule_id for finding in found) == EXPECTED_WARNINGS[name]


def test_each_figure_is_read_as_the_document_means_it(files: Mapping[str, bytes], catalogue: Catalogue) -> None:
    read = {
        (value.programme_code, value.indicator_code, value.scenario, value.basis): value.quantity
        for name in EXPECTED_WARNINGS
        for value in checked(files, catalogue, name).values
        if value.quantity.value_state == "reported"
    }
    assert set(read) == {(each.programme_code, each.indicator_code, each.scenario, each.basis) for each in figures()}
    credit = read["TINCHAP", "CREDIT_GUARANTEED_AMOUNT", "actual", "in_period"]
    assert (credit.qualifier, credit.lower_bound, credit.upper_bound) == ("more_than", Decimal(3_500_000_000_000), None)
    fund = read["MAIAM", "SHELTER_FUND", "actual", "in_period"]
    assert (fund.qualifier, fund.lower_bound, fund.upper_bound) == ("less_than", None, Decimal(2_300_000_000))
    assert read["DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date"].value == 2238
    assert read["NQ_TN_XIV", "RESOLUTION_TARGETS_EXCEEDED", "actual", "as_of"].value == 6


@pytest.mark.parametrize("name", EXPECTED_ERRORS)
def test_broken_submissions_are_refused_at_each_fault(
    files: Mapping[str, bytes], catalogue: Catalogue, name: str
) -> None:
    errors = [each for each in checked(files, catalogue, name).findings if each.severity is Severity.ERROR]
    assert {each.rule_id for each in errors} == EXPECTED_ERRORS[name].keys()
    for each in errors:
        assert each.position.endswith(EXPECTED_ERRORS[name][each.rule_id])


def test_feeds_are_checked_as_meant(tmp_path: Path, catalogue: Catalogue) -> None:
    write_example(tmp_path, catalogue)
    paths = sorted((tmp_path / "bank_feeds").glob("*.csv"))
    refused = {}
    for path in paths:
        control = path.with_name(f"{path.name}.control.json").read_bytes()
        with check_feed(path, control, catalogue, TODAY) as feed:
            errors = {each.rule_id for each in feed.findings if each.severity is Severity.ERROR}
            assert bool(errors) == (BROKEN in path.name), path.name
            if errors:
                refused[path.name.split(" NHCSXH")[0]] = errors
    assert len(paths) == 8
    assert refused == {
        "Sao kê khoản vay": {"FEED_SUM", "LOAN_CITIZEN_ID_LOST_ZERO"},
        "Sao kê tổ TK&VV": {"GROUP_OVERDUE_FROZEN_OVER_BALANCE", "GROUP_BORROWERS_OVER_MEMBERS"},
    }
