"""Each rule on one file is seen firing, alone, on its line; a clean feed has no finding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vwu.catalogue import Catalogue
from vwu.intake.feed import table
from vwu.intake.feed.check import check_feed
from vwu.intake.feed.columns import LAYOUTS
from vwu.intake.feed.rules import FEED_RULES

# Rules that need the database are seen firing in tests/integration/test_feeds.py.
NEEDS_DATABASE = {
    "LOAN_OPENING_DIFFERS", "LOAN_VANISHED", "FEED_OPENING_SUM", "FEED_PREVIOUS_SUM", "FEED_PREVIOUS_SUM_UNSTATED",
    "FEED_NEXT_MONTH_DIFFERS", "LOAN_GROUP_TOTALS_DIFFER", "LOAN_GROUP_PLACE_DIFFERS", "LOAN_SUMMARY_TOTALS_DIFFER",
    "GROUP_SUMMARY_TOTALS_DIFFER", "LOAN_CUSTOMER_CITIZEN_CHANGED", "LOAN_CITIZEN_CUSTOMER_CHANGED",
}  # fmt: skip


@dataclass(frozen=True)
class Plant:
    """One fault: which rule must find it, in which column, on which line (0: the file), and how it is planted."""

    rule_id: str
    kind: str
    plant: Callable[[Any], Any]
    line: int = 0
    column: str = ""
    value: str | None = None
    proposed: str | None = None


def cell(row: int, **values: str) -> Callable[[Any], None]:
    """Set cells of a row; row 0 is line 2."""
    return lambda feed: feed.rows[row].update(values)


def stated(**values: Any) -> Callable[[Any], None]:
    return lambda feed: feed.stated.update(values)


def text(change: Callable[[bytes], bytes]) -> Callable[[Any], bytes]:
    return lambda feed: change(feed.text())


def nothing(_feed: Any) -> bytes:
    return b""


def repeat(row: int) -> Callable[[Any], None]:
    """The row once more at the end of the file, line 12."""
    return lambda feed: feed.rows.append(dict(feed.rows[row]))


def lines(*changes: tuple[int, bytes]) -> Callable[[Any], bytes]:
    """Replace physical lines."""

    def change(content: bytes) -> bytes:
        all_lines = content.split(b"\n")
        for number, line in changes:
            all_lines[number - 1] = line
        return b"\n".join(all_lines)

    return text(change)


PLANTS = [
    Plant("FEED_FILE_NAME", "loan", stated(file_name="other.csv"), column="file_name"),
    Plant("FEED_SHA256", "loan", stated(sha256="0" * 64), column="sha256"),
    Plant("FEED_ROW_COUNT", "loan", stated(row_count=11), column="row_count", value="11", proposed="10"),
    *(Plant("FEED_SUM", "loan", stated(**{f"sum_{name}": 1}), column=f"sum_{name}", value="1")
      for name in ("lent", "collected", "closing_balance", "overdue", "frozen")),
    Plant("FEED_SUM", "summary", stated(sum_lent=50_000_001), column="sum_lent", proposed="50000000"),
    Plant("FEED_DISTINCT", "loan", stated(distinct_customers=9), column="distinct_customers", proposed="10"),
    Plant("FEED_DISTINCT", "loan", stated(distinct_groups=3), column="distinct_groups", proposed="2"),
    Plant("FEED_DISTINCT", "group", stated(distinct_groups=9), column="distinct_groups", proposed="10"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(row_count=-1), column="row_count"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(row_count=True), column="row_count"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(sum_lent=1.5), column="sum_lent"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(as_of_date="31/01/2024"), column="as_of_date"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(as_of_date="2024-02-30"), column="as_of_date"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(kind="loans"), column="kind"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(sha256="abc"), column="sha256"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(created_at="yesterday"), column="created_at"),
    Plant("FEED_CONTROL_INVALID", "loan", stated(distinct_customers=None), column="distinct_customers"),
    Plant("FEED_CONTROL_INVALID", "group", stated(distinct_groups=None), column="distinct_groups"),
    Plant("FEED_COLUMN_MISSING", "loan", text(lambda b: b.replace(b"citizen_id,", b"", 1)), 1, "citizen_id"),
    Plant("FEED_COLUMN_UNKNOWN", "loan", text(lambda b: b.replace(b",status\n", b",status,phone\n", 1)), 1, "phone"),
    Plant("FEED_COLUMN_REPEATED", "loan", text(lambda b: b.replace(b",status\n", b",status,sex\n", 1)), 1, "sex"),
    Plant("FEED_LINE_WIDTH", "loan", lines((4, b"VBSP,1,2")), 4, value="3", proposed="31"),
    # The last cell of a group's line is empty: the engine would take the line with its cells shifted.
    Plant("FEED_LINE_WIDTH", "group", text(lambda b: b.replace("Trần Thị Bích 3".encode(), b"Tran, Thi Bich 3")),
          5, value="19", proposed="18"),
    Plant("FEED_LINE_EMPTY", "group", lines((5, b"")), 5),
    Plant("FEED_LINE_BROKEN", "group", text(lambda b: b.replace("Trần Thị Bích 3".encode(), b'"Tr\nan"')), 5),
    Plant("FEED_LINE_BROKEN", "group", text(lambda b: b.replace("Trần Thị Bích 3".encode(), b'"Tran')), 5),
    Plant("FEED_ENCODING", "group", text(lambda b: b.replace("Trần Thị Bích 3".encode(), b"Tr\xc7n")), 5),
    Plant("FILE_EMPTY", "group", nothing),
    Plant("FEED_CELL_MISSING", "loan", cell(2, loan_id=""), 4, "loan_id"),
    Plant("FEED_CELL_MISSING", "loan", cell(2, lent=""), 4, "lent"),
    Plant("FEED_CELL_MISSING", "loan", cell(2, citizen_id=""), 4, "citizen_id"),
    *(Plant("FEED_CELL_AMOUNT", "loan", cell(3, savings_balance=bad), 5, "savings_balance")
      for bad in ("1.5", "1e3", "1.000.000", "1,000", "abc", " 5", "+5", "007", "-0", "5đ", "9223372036854775808")),
    Plant("FEED_CELL_AMOUNT", "loan", cell(3, transferred="-1.5"), 5, "transferred", value="-1.5"),
    Plant("FEED_CELL_NEGATIVE", "loan", cell(3, interest_due="-1"), 5, "interest_due", value="-1"),
    Plant("FEED_CELL_COUNT", "loan", cell(3, overdue_days="-1"), 5, "overdue_days"),
    Plant("FEED_CELL_COUNT", "group", cell(3, borrowers="2.5"), 5, "borrowers"),
    *(Plant("FEED_CELL_DATE", "loan", cell(9, maturity_on=bad), 11, "maturity_on")
      for bad in ("31/12/2027", "2027-13-01", "2027-02-29", "2027-2-1", "infinity", "20270-01-01", "2027-01-01 00:00")),
    *(Plant("FEED_CELL_RATE", "loan", cell(4, annual_rate_pct=bad), 6, "annual_rate_pct")
      for bad in ("6,6", "6.6%", "-6.6", "101", "6.66666", "1e1", "NaN")),
    Plant("FEED_CELL_CODE", "loan", cell(4, sex="Nữ"), 6, "sex", value="Nữ", proposed="F, M"),
    Plant("FEED_CELL_CODE", "loan", cell(4, status="Active"), 6, "status"),
    Plant("FEED_CELL_CODE", "loan", cell(4, organisation="HPN", group_id="TO9"), 6, "organisation"),
    Plant("FEED_CELL_CODE", "summary", cell(4, commune_code_system="GSO"), 6, "commune_code_system"),
    Plant("FEED_LINE_BANK", "group", cell(1, bank_code="TYM"), 3, "bank_code", value="TYM", proposed="VBSP"),
    Plant("FEED_LINE_AS_OF", "loan", cell(1, as_of_date="2023-12-31"), 3, "as_of_date", proposed="2024-01-31"),
    Plant("FEED_PROGRAMME_UNKNOWN", "loan", cell(5, credit_programme="HNX"), 7, "credit_programme", value="HNX"),
    Plant("FEED_PROGRAMME_UNKNOWN", "summary", cell(5, credit_programme="HNX"), 7, "credit_programme"),
    Plant("FEED_COMMUNE_UNKNOWN", "group", cell(5, commune_code="6895"), 7, "commune_code", value="6895"),
    Plant("FEED_COMMUNE_UNKNOWN", "group", cell(5, commune_code="0221.8765.4389"), 7, "commune_code",
          value="0221••••••••89"),
    Plant("FEED_COMMUNE_UNKNOWN", "group", cell(5, commune_code="Nguyễn Thị Hoa"), 7, "commune_code",
          value="Nguy••••••••oa"),
    Plant("FEED_CELL_AMOUNT", "loan", cell(3, savings_balance="022187654389"), 5, "savings_balance",
          value="0221••••••89"),
    Plant("FEED_COMMUNE_UNKNOWN", "summary", cell(5, commune_code="99999"), 7, "commune_code"),
    Plant("FEED_COMMUNE_UNKNOWN", "loan", cell(5, commune_code="99999", group_id=""), 7, "commune_code"),
    Plant("LOAN_ID_REPEATED", "loan", repeat(3), 5, "loan_id", value="L000003"),
    Plant("LOAN_BALANCE_ARITHMETIC", "loan", cell(6, closing_balance="24000007"), 8, "closing_balance",
          value="24000007", proposed="24000006"),
    Plant("LOAN_BALANCE_ARITHMETIC", "loan", cell(6, transferred="-1"), 8, "closing_balance"),
    Plant("LOAN_BALANCE_ARITHMETIC", "loan", cell(6, written_off="1"), 8, "closing_balance"),
    Plant("LOAN_OVERDUE_FROZEN_OVER_BALANCE", "loan", cell(6, overdue="23998007"), 8, "overdue",
          value="24000007", proposed="24000006"),
    Plant("LOAN_BALANCE_OVER_APPROVED", "loan", cell(6, approved_amount="24000005"), 8, "closing_balance"),
    Plant("LOAN_APPROVED_OVER_CEILING", "loan", cell(6, approved_amount="100000001"), 8, "approved_amount",
          proposed="100000000"),
    Plant("LOAN_RATE_NOT_IN_TABLE", "loan", cell(6, annual_rate_pct="6.24"), 8, "annual_rate_pct", value="6.24",
          proposed="6.6"),
    Plant("LOAN_CITIZEN_ID_LOST_ZERO", "loan", cell(7, citizen_id="22187650007"), 9, "citizen_id",
          value="2218•••••07"),
    Plant("LOAN_CITIZEN_ID_FORM", "loan", cell(7, citizen_id="123456789"), 9, "citizen_id", value="1234•••89"),
    Plant("LOAN_CITIZEN_ID_FORM", "loan", cell(7, citizen_id="02218765000x"), 9, "citizen_id"),
    Plant("LOAN_CITIZEN_ID_FORM", "loan", cell(7, citizen_id="0221876500071"), 9, "citizen_id"),
    Plant("LOAN_CITIZEN_ID_PREFIX", "loan", cell(7, citizen_id="003187650007"), 9, "citizen_id",
          value="0031••••••07"),
    Plant("LOAN_CITIZEN_ID_CENTURY", "loan", cell(7, citizen_id="022487650007"), 9, "citizen_id",
          value="0224••••••07"),
    Plant("LOAN_FINAL_STATUS_BALANCE", "loan", cell(6, status="paid"), 8, "closing_balance", value="24000006"),
    Plant("LOAN_FINAL_STATUS_BALANCE", "loan", cell(6, status="written_off"), 8, "closing_balance"),
    Plant("LOAN_OVERDUE_DAYS", "loan", cell(6, overdue_days="0"), 8, "overdue_days", value="0"),
    Plant("LOAN_OVERDUE_DAYS", "loan", cell(6, overdue="0", frozen="0"), 8, "overdue_days", value="12"),
    Plant("LOAN_CUSTOMER_CITIZEN_IDS", "loan", cell(7, customer_id="KH000002"), 4, "customer_id"),
    Plant("LOAN_CITIZEN_CUSTOMERS", "loan", cell(7, citizen_id="022187650002"), 4, "citizen_id",
          value="0221••••••02"),
    Plant("LOAN_CODE_IS_IDENTITY", "loan", cell(7, loan_id="KU 0221 8765 0007"), 9, "loan_id", value="•" * 17),
    Plant("LOAN_CODE_IS_IDENTITY", "loan", cell(7, bank_branch_code="Nguyễn Hoa", full_name="Nguyễn Hoa"), 9,
          "bank_branch_code", value="•" * 10),
    Plant("GROUP_CODE_IS_IDENTITY", "group", cell(3, rating="Trần Thị Bích 3"), 5, "group_id", value="•" * 15),
    Plant("LOAN_GROUP_ORGANISATIONS", "loan", cell(7, organisation="ND"), 3, "organisation"),
    Plant("LOAN_GROUP_COMMUNES", "loan", cell(7, commune_code="06895"), 3, "commune_code"),
    Plant("LOAN_BORROWER_MALE", "loan", cell(7, sex="M"), 0, "sex", value="1"),
    Plant("GROUP_ID_REPEATED", "group", repeat(3), 5, "group_id", value="TO3"),
    Plant("GROUP_SIZE", "group", cell(3, members="61"), 5, "members", value="61"),
    Plant("GROUP_SIZE", "group", cell(3, members="4", borrowers="4"), 5, "members", value="4"),
    Plant("GROUP_BORROWERS_OVER_MEMBERS", "group", cell(3, borrowers="31"), 5, "borrowers", proposed="30"),
    Plant("GROUP_OVERDUE_FROZEN_OVER_BALANCE", "group", cell(3, frozen="900000000"), 5, "overdue"),
    Plant("SUMMARY_LINE_REPEATED", "summary", repeat(3), 5, "commune_code"),
    Plant("SUMMARY_HOUSEHOLDS_OVER_LOANS", "summary", cell(3, households="41"), 5, "households", proposed="40"),
    Plant("SUMMARY_OVERDUE_FROZEN_OVER_BALANCE", "summary", cell(3, overdue="900000000"), 5, "overdue"),
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.rule_id}-{plant.column}")
def test_planted_fault_is_found_by_its_rule_alone(
    plant: Plant, make_feed: Callable[..., Any], findings_of: Callable[..., Any]
) -> None:
    feed = make_feed(plant.kind)
    content = plant.plant(feed)
    (found,) = findings_of(feed, content)
    assert (found.rule_id, found.column) == (plant.rule_id, plant.column)
    if plant.line:
        assert found.position == f"{feed.name}:{plant.line}"
        assert f"dòng {plant.line}" in found.message_vi or plant.line == 1
    assert plant.value in {None, found.value}
    assert plant.proposed in {None, found.proposed}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst"])
@pytest.mark.parametrize("kind", ["loan", "group", "summary"])
def test_clean_feed_has_no_finding(kind: str, suffix: str, make_feed: Any, open_feed: Any) -> None:
    feed = make_feed(kind)
    feed.name = f"sao kê [01] 'tháng' 2024{suffix}"
    with open_feed(feed) as checked:
        assert checked.findings == ()
        assert (checked.row_count, checked.scope.key) == (10, f"{kind}|VBSP|2024-01-31")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
        lambda content: content + b"\n\n",
    ],
    ids=["byte-order mark", "CRLF", "no last line end", "empty lines at the end"],
)
def test_harmless_forms_of_a_file_are_read(change: Any, make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("loan")
    assert findings_of(feed, change(feed.text())) == ()


def test_order_of_columns_is_free(make_feed: Any, open_feed: Any) -> None:
    feed = make_feed("summary")
    turned = "\n".join(",".join(reversed(line.split(","))) for line in feed.text().decode().splitlines())
    with open_feed(feed, turned.encode()) as checked:
        assert (checked.findings, checked.row_count) == ((), 10)


def test_feed_without_lines_lands_when_its_control_says_so(make_feed: Any, open_feed: Any) -> None:
    feed = make_feed("group")
    feed.rows.clear()
    with open_feed(feed) as checked:
        assert (checked.findings, checked.row_count) == ((), 0)


@pytest.mark.parametrize(
    ("as_of", "rule_id"), [("2024-01-30", "FEED_AS_OF_NOT_MONTH_END"), ("2024-02-29", "FEED_AS_OF_FUTURE")]
)
def test_as_of_is_a_month_end_and_not_in_the_future(as_of: str, rule_id: str, make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("loan")
    feed.stated["as_of_date"] = as_of
    for row in feed.rows:
        row["as_of_date"] = as_of
    assert [each.rule_id for each in findings_of(feed)] == [rule_id]


def test_unknown_bank(make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("group")
    feed.stated["bank_code"] = "NHX"
    for row in feed.rows:
        row["bank_code"] = "NHX"
    assert [each.rule_id for each in findings_of(feed)] == ["FEED_BANK_UNKNOWN"]


@pytest.mark.parametrize(
    ("as_of", "system", "rate", "expected"),
    [
        ("2025-06-30", "GSO-2024", "6.6", []),
        ("2025-06-30", "GSO-2025", "6.6", ["FEED_CODE_SYSTEM_EARLY"]),
        ("2025-07-31", "GSO-2025", "6.6", []),
        ("2025-07-31", "GSO-2024", "6.6", ["FEED_CODE_SYSTEM_OLD"]),
        ("2025-11-30", "GSO-2025", "6.6", []),
        ("2025-12-31", "GSO-2025", "6.6", ["LOAN_RATE_NOT_IN_TABLE"]),
        ("2025-12-31", "GSO-2025", "6.24", []),
    ],
)
def test_code_system_and_rate_follow_the_date(
    as_of: str, system: str, rate: str, expected: list[str], catalogue: Catalogue, make_feed: Any, findings_of: Any
) -> None:
    """QĐ 19/2025/QĐ-TTg from 1 July 2025; QĐ 2553/QĐ-TTg cut the rates of running loans on 1 December 2025."""
    feed = make_feed("loan")
    feed.stated["as_of_date"] = as_of
    commune = sorted(catalogue.commune_codes(system))[0]
    for row in feed.rows:
        row |= {"as_of_date": as_of, "commune_code_system": system, "commune_code": commune, "annual_rate_pct": rate}
    found = findings_of(feed, today=date(2026, 1, 5))
    assert [each.rule_id for each in found] == expected
    assert all(each.line_count == 10 for each in found)


def test_merged_group_may_be_empty(make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("group")
    feed.rows[3] |= {"members": "0", "borrowers": "0", "merged_into": "TO4"}
    assert findings_of(feed) == ()


def test_a_finding_names_the_first_hundred_lines_and_the_count(make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("group")
    feed.rows = [feed.rows[0] | {"group_id": f"TO{number}", "members": "61"} for number in range(250)]
    (found,) = findings_of(feed)
    assert (found.position, found.line_count) == (f"{feed.name}:2", 250)
    assert "100, 101 (250 lines in all)" in found.message_en
    assert "102" not in found.message_en


def test_several_faults_are_all_found(make_feed: Any, findings_of: Any) -> None:
    feed = make_feed("loan")
    feed.rows[0]["sex"] = "x"
    feed.rows[1]["savings_balance"] = "1.0"
    feed.rows[2]["citizen_id"] = "22187650002"
    feed.stated["row_count"] = 99
    found = {each.rule_id for each in findings_of(feed)}
    assert found == {"FEED_CELL_CODE", "FEED_CELL_AMOUNT", "LOAN_CITIZEN_ID_LOST_ZERO", "FEED_ROW_COUNT"}


@pytest.mark.parametrize(
    ("kind", "column", "key"),
    [("loan", "sex", "loan_id"), ("group", "organisation", "group_id"), ("summary", "organisation", "commune_code")],
)
def test_line_numbers_hold_in_a_large_file(kind: str, column: str, key: str, make_feed: Any, tmp_path: Path) -> None:
    """Files beyond one buffer are read by several threads at once; lines must stay in the order of the file."""
    feed = make_feed(kind)
    feed.rows = [feed.rows[0] | {key: f"N{number}"} for number in range(400_000)]
    feed.rows[123_456][column] = feed.rows[387_654][column] = "?"
    path, _ = feed.write(tmp_path)
    layout = LAYOUTS[feed.kind]
    header = [each.name for each in layout]
    with table.open_engine() as engine:
        table.load_lines(engine, path, header, layout)
        assert engine.execute(f"select count(*) from line where {key} <> 'N' || rowid").fetchone() == (0,)
        (found,) = table.find_cell_faults(engine, path, header, layout)
    assert (found.position, found.line_count) == (f"{feed.name}:123458", 2)
    assert "123458, 387656 " in found.message_en


def test_missing_control_record(make_feed: Any, tmp_path: Path, catalogue: Catalogue) -> None:
    path, _ = make_feed("loan").write(tmp_path)
    with check_feed(path, None, catalogue, date(2024, 2, 5)) as checked:
        (found,) = checked.findings
    assert (found.rule_id, found.proposed) == ("FEED_CONTROL_MISSING", f"{path.name}.control.json")
    assert checked.scope is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"sequence": 1, "sequence": 2}', b"[" * 100_000]
)
def test_unreadable_control_record(content: bytes, make_feed: Any, tmp_path: Path, catalogue: Catalogue) -> None:
    path, _ = make_feed("loan").write(tmp_path)
    with check_feed(path, content, catalogue, date(2024, 2, 5)) as checked:
        assert [each.rule_id for each in checked.findings] == ["FEED_CONTROL_UNREADABLE"]


@pytest.mark.parametrize("odd", ["\0", "\ud800", "\uffff"])
def test_a_control_record_has_no_text_that_cannot_be_shown(
    odd: str, make_feed: Any, tmp_path: Path, catalogue: Catalogue
) -> None:
    path, control = make_feed("loan").write(tmp_path)
    record = json.loads(control) | {"bank_code": f"VBSP{odd}"}
    with check_feed(path, json.dumps(record).encode(), catalogue, date(2024, 2, 5)) as checked:
        assert [(each.rule_id, each.column) for each in checked.findings] == [("FEED_CONTROL_INVALID", "bank_code")]
        checked.findings[0].message_vi.encode()


def test_every_key_of_the_control_record_is_required_but_for_nulls(
    make_feed: Any, tmp_path: Path, catalogue: Catalogue
) -> None:
    feed = make_feed("loan")
    path, control = feed.write(tmp_path)
    record = json.loads(control)
    for key in record:
        if key == "previous_sum_closing_balance":
            continue
        without = {name: value for name, value in record.items() if name != key}
        with check_feed(path, json.dumps(without).encode(), catalogue, date(2024, 2, 5)) as checked:
            assert [(each.rule_id, each.column) for each in checked.findings] == [("FEED_CONTROL_INVALID", key)]


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst"])
def test_damaged_compression(suffix: str, make_feed: Any, tmp_path: Path, catalogue: Catalogue) -> None:
    feed = make_feed("loan")
    feed.name = f"feed{suffix}"
    path, control = feed.write(tmp_path)
    path.write_bytes(b"this is not compressed at all, " * 10)
    with check_feed(path, control, catalogue, date(2024, 2, 5)) as checked:
        assert [each.rule_id for each in checked.findings] == ["FEED_COMPRESSION"]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst"])
def test_truncated_file_is_refused(suffix: str, make_feed: Any, tmp_path: Path, catalogue: Catalogue) -> None:
    feed = make_feed("loan")
    feed.name = f"feed{suffix}"
    path, control = feed.write(tmp_path)
    content = path.read_bytes()
    for size in range(0, len(content), max(len(content) // 40, 1)):
        path.write_bytes(content[:size])
        with check_feed(path, control, catalogue, date(2024, 2, 5)) as checked:
            assert any(each.severity == "error" for each in checked.findings), size


def test_a_faulty_feed_can_be_neither_compared_nor_landed(make_feed: Any, open_feed: Any) -> None:
    feed = make_feed("loan")
    feed.stated["row_count"] = 11
    with open_feed(feed) as checked, pytest.raises(ValueError, match="has errors"):
        checked.land(None, "0" * 16, "loan|VBSP|2024-01-31", b"k" * 32)


def test_every_rule_of_one_file_is_seen_firing() -> None:
    elsewhere = {
        "FEED_BANK_UNKNOWN", "FEED_AS_OF_NOT_MONTH_END", "FEED_AS_OF_FUTURE", "FEED_CODE_SYSTEM_EARLY",
        "FEED_CODE_SYSTEM_OLD", "FEED_CONTROL_MISSING", "FEED_CONTROL_UNREADABLE", "FEED_COMPRESSION",
        "FEED_UNREADABLE",
    }  # fmt: skip
    seen = {plant.rule_id for plant in PLANTS} | elsewhere | NEEDS_DATABASE
    assert {rule.rule_id for rule in FEED_RULES} - seen == set()


def test_the_documented_rules_are_those_that_are_checked() -> None:
    page = (Path(__file__).parents[4] / "docs" / "bank-feeds.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (\w+) \|", page, re.MULTILINE))
    assert documented == {rule.rule_id: str(rule.severity) for rule in FEED_RULES}
