"""Small, consistent feeds of each kind, written as real files, in which a test plants one fault."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import zstandard

from vwu.catalogue import Catalogue, load_catalogue
from vwu.intake.feed.check import CheckedFeed, check_feed
from vwu.intake.feed.columns import LAYOUTS
from vwu.intake.model import Finding, Kind

SEEDS = Path(__file__).parents[4] / "seeds"
TODAY = date(2024, 2, 5)
SUMS = ("lent", "collected", "closing_balance", "overdue", "frozen")
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".csv": bytes,
    ".csv.gz": gzip.compress,
    ".csv.zst": lambda content: zstandard.ZstdCompressor().compress(content),
}


@dataclass
class Feed:
    """A feed before it is a file: rows by column, and what the control record should say against the truth."""

    kind: Kind
    rows: list[dict[str, str]]
    stated: dict[str, Any] = field(default_factory=dict)
    name: str = "vbsp_2024_01.csv"

    def text(self) -> bytes:
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, [column.name for column in LAYOUTS[self.kind]], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return buffer.getvalue().encode()

    def control(self, content: bytes) -> dict[str, Any]:
        record: dict[str, Any] = {
            "bank_code": "VBSP",
            "kind": str(self.kind),
            "as_of_date": "2024-01-31",
            "sequence": 1,
            "file_name": self.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "row_count": len(self.rows),
            **{f"sum_{name}": sum(_number(row[name]) for row in self.rows) for name in SUMS},
            "distinct_customers": self._distinct("customer_id") if self.kind == Kind.LOAN else None,
            "distinct_groups": self._distinct("group_id") if self.kind != Kind.SUMMARY else None,
            "previous_sum_closing_balance": None,
            "created_at": "2024-02-01T08:00:00+07:00",
        }
        return record | self.stated

    def _distinct(self, column: str) -> int:
        return len({row[column] for row in self.rows if row[column]})

    def write(self, folder: Path, text: bytes | None = None) -> tuple[Path, bytes]:
        """The data file, and the bytes of its control record (written beside it too)."""
        suffix = next(each for each in sorted(COMPRESS, key=len, reverse=True) if self.name.endswith(each))
        content = COMPRESS[suffix](self.text() if text is None else text)
        path = folder / self.name
        path.write_bytes(content)
        control = json.dumps(self.control(content)).encode()
        path.with_name(path.name + ".control.json").write_bytes(control)
        return path, control


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else 0


def loan_row(number: int) -> dict[str, str]:
    """Loan `number` of customer `number`, in one of two groups of one commune each; nothing wrong with it."""
    group = number % 2
    opening, lent, collected = 20_000_000 + number, 5_000_000, 1_000_000
    return {
        "bank_code": "VBSP",
        "bank_branch_code": "VBSP-22-01",
        "as_of_date": "2024-01-31",
        "loan_id": f"L{number:06}",
        "customer_id": f"KH{number:06}",
        "citizen_id": f"02218765{number:04}",
        "full_name": f"Nguyễn Thị “Hoa”, {number}",
        "birth_date": f"1987-03-{number % 27 + 1:02}",
        "sex": "F",
        "commune_code": ("06895", "06898")[group],
        "commune_code_system": "GSO-2024",
        "group_id": f"TO{group}",
        "organisation": "PN",
        "credit_programme": "HN",
        "approved_amount": "50000000",
        "disbursed_on": "2022-05-04",
        "maturity_on": "2027-05-04",
        "annual_rate_pct": "6.6",
        "opening_balance": str(opening),
        "lent": str(lent),
        "collected": str(collected),
        "written_off": "0",
        "transferred": "0",
        "closing_balance": str(opening + lent - collected),
        "overdue": "1000",
        "frozen": "2000",
        "overdue_days": "12",
        "interest_due": "110000",
        "interest_collected": "110000",
        "savings_balance": "300000",
        "status": "active",
    }


def group_row(number: int) -> dict[str, str]:
    return {
        "bank_code": "VBSP",
        "as_of_date": "2024-01-31",
        "group_id": f"TO{number}",
        "leader_name": f"Trần Thị Bích {number}",
        "commune_code": "06895",
        "commune_code_system": "GSO-2024",
        "organisation": "PN",
        "members": "30",
        "borrowers": "28",
        "lent": "5000000",
        "collected": "1000000",
        "closing_balance": "900000000",
        "overdue": "1000",
        "frozen": "2000",
        "savings_balance": "12000000",
        "rating": "tốt",
        "established_on": "2013-04-01",
        "merged_into": "",
    }


def summary_row(number: int) -> dict[str, str]:
    return {
        "bank_code": "VBSP",
        "as_of_date": "2024-01-31",
        "commune_code": ("06895", "06898")[number % 2],
        "commune_code_system": "GSO-2024",
        "organisation": ("PN", "ND", "CCB", "DTN", "TT")[number // 2],
        "credit_programme": "HN",
        "loans": "40",
        "households": "38",
        "lent": "5000000",
        "collected": "1000000",
        "closing_balance": "900000000",
        "overdue": "1000",
        "frozen": "2000",
    }


_ROWS = {Kind.LOAN: loan_row, Kind.GROUP: group_row, Kind.SUMMARY: summary_row}
Check = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def make_feed() -> Callable[[str], Feed]:
    """A clean feed of ten lines of a kind."""
    return lambda kind: Feed(Kind(kind), [_ROWS[Kind(kind)](number) for number in range(10)])


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(SEEDS)


@pytest.fixture
def open_feed(tmp_path: Path, catalogue: Catalogue) -> Callable[..., CheckedFeed]:
    """Write a feed (or other text under its name) and check it; the caller closes it."""

    def check(feed: Feed, text: bytes | None = None, today: date = TODAY) -> CheckedFeed:
        path, control = feed.write(tmp_path, text)
        return check_feed(path, control, catalogue, today)

    return check


@pytest.fixture
def findings_of(open_feed: Callable[..., CheckedFeed]) -> Check:
    """The findings of a feed, or of other text under its name."""

    def check(feed: Feed, text: bytes | None = None, today: date = TODAY) -> tuple[Finding, ...]:
        with open_feed(feed, text, today) as checked:
            return checked.findings

    return check
