"""The feeds of a clean nation: nothing for intake to find, and loans that live from month to month."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from vwu.catalogue import Catalogue
from vwu.generate.landing_zone import generate
from vwu.generate.request import Request
from vwu.intake.check import check
from vwu.intake.feed.columns import CONTROL_SUFFIX, FINAL_STATUSES
from vwu.intake.model import Severity

Lines = list[dict[str, str]]
MONTH_ENDS = ("2025-05-31", "2025-06-30", "2025-07-31")
TODAY = date(2026, 11, 21)


def lines_of(nation: Path, name: str) -> Lines:
    with (nation / "bank_feeds" / f"{name}.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def control_of(nation: Path, name: str) -> dict[str, object]:
    record = json.loads((nation / "bank_feeds" / f"{name}.csv{CONTROL_SUFFIX}").read_text("utf-8"))
    assert isinstance(record, dict)
    return record


@pytest.fixture(scope="module")
def months(nation: Path) -> list[Lines]:
    return [lines_of(nation, f"VBSP_loan_{month_end}") for month_end in MONTH_ENDS]


def data_files(nation: Path) -> Iterator[Path]:
    yield from sorted(path for path in (nation / "bank_feeds").iterdir() if not path.name.endswith(CONTROL_SUFFIX))


def test_intake_finds_nothing_but_counted_men(nation: Path, small: Request, catalogue: Catalogue) -> None:
    outcomes = [check(path, catalogue, TODAY) for path in data_files(nation)]
    assert Counter(str(outcome.kind) for outcome in outcomes) == {"loan": 3, "group": 3, "summary": 6}
    assert {(each.rule_id, each.severity) for outcome in outcomes for each in outcome.findings} == {
        ("LOAN_BORROWER_MALE", Severity.INFO)
    }
    assert [outcome.row_count for outcome in outcomes if outcome.kind == "loan"] == [small.loans] * 3


def test_each_month_opens_with_what_the_one_before_closed_with(nation: Path, months: list[Lines]) -> None:
    for before, after in pairwise(months):
        closing = {line["loan_id"]: int(line["closing_balance"]) for line in before}
        assert all(int(line["opening_balance"]) == closing.get(line["loan_id"], 0) for line in after)
        gone = {line["status"] for line in before if line["loan_id"] not in {each["loan_id"] for each in after}}
        assert gone
        assert gone <= set(FINAL_STATUSES)
    for name in ("VBSP_loan", "VBSP_group", "TYM_summary", "AGRIBANK_summary"):
        controls = [control_of(nation, f"{name}_{month_end}") for month_end in MONTH_ENDS]
        stated = [control["previous_sum_closing_balance"] for control in controls]
        assert stated == [None, *(control["sum_closing_balance"] for control in controls[:-1])]


def test_loans_live_every_kind_of_life(months: list[Lines]) -> None:
    lines = [line for month in months for line in month]
    assert {line["status"] for line in lines} == {"active", "paid", "rescheduled", "frozen", "written_off"}
    for column in ("lent", "collected", "written_off", "transferred", "overdue", "frozen", "overdue_days"):
        assert any(int(line[column]) for line in lines), column
    assert any(int(line["transferred"]) > 0 for line in lines)
    assert any(int(line["transferred"]) < 0 for line in lines)
    assert {line["sex"] for line in lines} == {"F", "M"}


def test_loans_add_up_to_their_groups(nation: Path, months: list[Lines]) -> None:
    for month_end, lines in zip(MONTH_ENDS, months, strict=True):
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        borrowers: dict[str, set[str]] = defaultdict(set)
        for line in lines:
            if line["group_id"]:
                for column in ("lent", "collected", "closing_balance", "overdue", "frozen", "savings_balance"):
                    sums[line["group_id"]][column] += int(line[column])
                if int(line["closing_balance"]):
                    borrowers[line["group_id"]].add(line["customer_id"])
        groups = lines_of(nation, f"VBSP_group_{month_end}")
        assert {group["group_id"] for group in groups} == set(sums)
        for group in groups:
            assert all(int(group[column]) == amount for column, amount in sums[group["group_id"]].items())
            assert int(group["borrowers"]) == len(borrowers[group["group_id"]]) <= int(group["members"])
            assert 5 <= int(group["members"]) <= 60


def test_the_reform_renames_the_communes_of_the_same_groups(months: list[Lines]) -> None:
    may, june, july = ({line["group_id"]: line["commune_code"] for line in month} for month in months)
    assert may == june
    assert june.keys() == july.keys()
    assert sum(june[group] != july[group] for group in june) > len(june) // 2
    assert [{line["commune_code_system"] for line in month} for month in months] == [
        {"GSO-2024"}, {"GSO-2024"}, {"GSO-2025"},
    ]  # fmt: skip


def test_one_person_has_one_number_and_some_have_two_loans(months: list[Lines]) -> None:
    lines = [line for month in months for line in month]
    assert len({line["customer_id"] for line in lines}) == len({line["citizen_id"] for line in lines})
    assert len({(line["customer_id"], line["citizen_id"], line["full_name"]) for line in lines}) == len(
        {line["customer_id"] for line in lines}
    )
    assert len({line["customer_id"] for line in months[0]}) < len(months[0])
    for line in lines:
        assert line["citizen_id"][3] == ("1" if line["sex"] == "F" else "0")
        assert line["citizen_id"][4:6] == line["birth_date"][2:4]


def test_rates_follow_the_decision_of_december_2025(catalogue: Catalogue, tmp_path: Path) -> None:
    request = Request(provinces=1, months=2, loans=500, first_month=date(2025, 11, 1))
    list(generate(tmp_path, request, catalogue))
    rates = {
        (line["as_of_date"], line["annual_rate_pct"])
        for month_end in ("2025-11-30", "2025-12-31")
        for line in lines_of(tmp_path, f"VBSP_loan_{month_end}")
        if line["credit_programme"] == "HN"
    }
    assert rates == {("2025-11-30", "6.6"), ("2025-12-31", "6.24")}


def test_the_same_request_gives_the_same_bytes(
    nation: Path, small: Request, catalogue: Catalogue, tmp_path: Path
) -> None:
    list(generate(tmp_path / "again", small, catalogue))
    assert contents(tmp_path / "again") == contents(nation)
    list(generate(tmp_path / "other", replace(small, seed=12), catalogue))
    assert contents(tmp_path / "other") != contents(nation)


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_compressed_feeds_hold_the_same_lines(
    compression: str, nation: Path, small: Request, catalogue: Catalogue, tmp_path: Path
) -> None:
    list(generate(tmp_path, replace(small, months=1, compression=compression), catalogue))
    for name in ("VBSP_loan_2025-05-31.csv", "VBSP_group_2025-05-31.csv"):
        packed = (tmp_path / "bank_feeds" / f"{name}.{compression}").read_bytes()
        unpack = gzip.decompress if compression == "gz" else _unpack_zst
        assert unpack(packed) == (nation / "bank_feeds" / name).read_bytes()
        assert check(tmp_path / "bank_feeds" / f"{name}.{compression}", catalogue, TODAY).state == "checked"


def test_chunks_leave_no_seam(
    nation: Path, small: Request, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwu.generate.portfolio.CHUNK", 300)
    list(generate(tmp_path, small, catalogue))
    assert contents(tmp_path) == contents(nation)


@pytest.mark.parametrize(
    "wrong",
    [{"provinces": 35}, {"provinces": 0}, {"months": 0}, {"loans": 0}, {"faults": 0.5}, {"seed": -1}],
)
def test_a_request_beyond_what_there_is_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="--"):
        Request(**wrong)  # type: ignore[arg-type]


def contents(directory: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert len(found) > 20
    return found


def _unpack_zst(packed: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        return reader.read()
