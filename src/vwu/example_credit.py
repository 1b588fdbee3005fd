"""Invented bank feeds for the example: loans and savings-and-credit groups of VBSP in provinces 19 and 22.

Ten real communes, some thirty groups, a few hundred loans, three month ends that reconcile with each other and with
their control records, and a fourth month that is broken. Nothing is random: each choice is a checksum of its place,
so the same bytes come out everywhere. Amounts are whole đồng.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from zlib import crc32

from vwu.intake.feed.columns import CONTROL_SUFFIX, GROUP_COLUMNS, LOAN_COLUMNS

BANK = "VBSP"
MONTH_ENDS = (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31))
BROKEN_MONTH_END = date(2024, 4, 30)
# GSO-2024 codes; 06853 and 05467 were split in 2025, 06895 and 06913 are the communes of Đầm Hà.
_COMMUNES = ("06895", "06913", "06901", "06841", "06853", "05776", "05797", "05845", "05680", "05467")
_GROUPS_PER_COMMUNE = 3
# (programme, yearly rate to 30/11/2025, usual loan in millions, months); ceilings 100, 100, 100 and 10 million.
_PROGRAMMES = (
    ("HN", Decimal("6.6"), (30, 40, 50, 80, 100), 60),
    ("HN", Decimal("6.6"), (30, 40, 50, 70), 120),
    ("HCN", Decimal("7.92"), (40, 50, 60, 100), 60),
    ("GQVL", Decimal("7.92"), (50, 70, 100), 60),
    ("NSVSMT", Decimal("9.0"), (8, 10), 60),
)
_FAMILY = ("Nguyễn", "Trần", "Lê", "Hoàng", "Phạm", "Nông", "Lý", "Triệu", "Lương", "Hà", "Chíu", "Tằng")
_GIVEN = (
    "An", "Bình", "Chi", "Duyên", "Gấm", "Hạnh", "Hoa", "Hương", "Khuyên", "Lan", "Liên", "Mai", "Nga", "Nguyệt",
    "Oanh", "Phương", "Quyên", "Sen", "Thảo", "Thủy", "Tuyết", "Uyên", "Vân", "Xuân", "Yến",
)  # fmt: skip
_MILLION = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Group:
    group_id: str
    commune: str
    organisation: str
    leader: str
    members: int
    established_on: date


@dataclass(frozen=True, slots=True)
class _Loan:
    """One loan and its balance at the latest month end; `lent` and `collected` are of that month."""

    loan_id: str
    customer_id: str
    citizen_id: str
    full_name: str
    birth_date: date
    sex: str
    commune: str
    group_id: str
    organisation: str
    programme: str
    rate: Decimal
    approved: int
    disbursed_on: date
    maturity_on: date
    opening: int
    lent: int
    collected: int
    overdue: int = 0
    frozen: int = 0
    overdue_days: int = 0
    status: str = "active"

    @property
    def closing(self) -> int:
        return self.opening + self.lent - self.collected


def feed_files() -> dict[str, bytes]:
    """Data files and their control records: file name -> bytes; the files of the fourth month are broken."""
    groups = _groups()
    loans = _first_month(groups)
    found: dict[str, bytes] = {}
    previous: tuple[int, int] | None = None
    for number, as_of in enumerate((*MONTH_ENDS, BROKEN_MONTH_END)):
        loans = loans if number == 0 else _next_month(loans, groups, as_of)
        loan_rows = [_loan_row(loan, as_of) for loan in loans]
        group_rows = _group_rows(groups, loans, as_of)
        month = f"tháng {as_of:%m-%Y}"
        broken = as_of == BROKEN_MONTH_END
        found |= _files(
            f"Sao kê khoản vay NHCSXH {month}{' (lỗi)' if broken else ''}.csv", "loan", as_of, LOAN_COLUMNS,
            _break_loans(loan_rows) if broken else loan_rows, previous[0] if previous else None, off_by=int(broken),
        )  # fmt: skip
        found |= _files(
            f"Sao kê tổ TK&VV NHCSXH {month}{' (lỗi)' if broken else ''}.csv", "group", as_of, GROUP_COLUMNS,
            _break_groups(group_rows) if broken else group_rows, previous[1] if previous else None,
        )  # fmt: skip
        previous = _total(loan_rows, "closing_balance"), _total(group_rows, "closing_balance")
    return found


def _pick(options: Sequence[T], *place: object) -> T:
    """One of the options, always the same for the same place."""
    return options[crc32("|".join(map(str, place)).encode()) % len(options)]


def _groups() -> tuple[_Group, ...]:
    """Groups of 12 to 30 members; most belong to the Women's Union (PN), a few to the Farmers' Union (ND)."""
    return tuple(
        _Group(
            group_id=f"TK{commune}{number:02d}",
            commune=commune,
            organisation="ND" if number == 3 and commune in ("06841", "05776", "05680") else "PN",
            leader=_name(True, "leader", commune, number),
            members=_pick(range(18, 31), "members", commune, number),
            established_on=date(2012 + _pick(range(10), "year", commune, number), 6, 15),
        )
        for commune in _COMMUNES
        for number in range(1, _GROUPS_PER_COMMUNE + 1)
    )


def _first_month(groups: Iterable[_Group]) -> list[_Loan]:
    """The portfolio at the first month end, as it stands after that month's business."""
    loans = [
        _old_loan(group.commune, group.group_id, group.organisation, number)
        for group in groups
        for number in range(1, _pick(range(10, 15), "loans", group.group_id) + 1)
    ]
    # Direct lending (TT) has no group.
    loans += [_old_loan(commune, "", "TT", number) for commune in ("06895", "05467") for number in (1, 2, 3)]
    return [_business(loan, MONTH_ENDS[0]) for loan in loans] + _new_loans(groups, MONTH_ENDS[0])


def _old_loan(commune: str, group_id: str, organisation: str, number: int) -> _Loan:
    """A loan paid out before the first month, some of it repaid already."""
    place = (commune, group_id, number)
    disbursed = date(_pick((2021, 2022, 2023), "disbursed", *place), _pick(range(1, 13), "month", *place), 15)
    loan = _loan(commune, group_id, organisation, number, disbursed)
    repaid = loan.approved * _pick((0, 0, 10, 20, 25, 40), "repaid", *place) // 100
    return replace(loan, opening=loan.approved - repaid)


def _new_loans(groups: Iterable[_Group], as_of: date) -> list[_Loan]:
    """What is paid out in a month: one loan in about every third group."""
    found = []
    for group in groups:
        if _pick((True, False, False), "new", group.group_id, as_of):
            loan = _loan(group.commune, group.group_id, group.organisation, 20 + as_of.month, as_of.replace(day=12))
            found.append(replace(loan, lent=loan.approved))
    return found


def _loan(commune: str, group_id: str, organisation: str, number: int, disbursed_on: date) -> _Loan:
    place = (commune, group_id, number)
    programme, rate, millions, months = _pick(_PROGRAMMES, "programme", *place)
    is_woman = _pick(range(9), "sex", *place) > 0
    birth = date(_pick(range(1962, 2000), "birth", *place), _pick(range(1, 13), "birth month", *place), 1 + number % 28)
    serial = crc32("|".join(map(str, ("person", *place))).encode()) % 1_000_000
    return _Loan(
        loan_id=f"KU{group_id or 'TT' + commune}{number:03d}",
        customer_id=f"KH{commune}{serial:06d}",
        citizen_id=f"0{_province(commune)}{'1' if is_woman else '0'}{birth:%y}{serial:06d}",
        full_name=_name(is_woman, *place),
        birth_date=birth,
        sex="F" if is_woman else "M",
        commune=commune,
        group_id=group_id,
        organisation=organisation,
        programme=programme,
        rate=rate,
        approved=_pick(millions, "approved", *place) * _MILLION,
        disbursed_on=disbursed_on,
        maturity_on=disbursed_on.replace(year=disbursed_on.year + months // 12),
        opening=0,
        lent=0,
        collected=0,
    )


def _next_month(loans: Iterable[_Loan], groups: Iterable[_Group], as_of: date) -> list[_Loan]:
    """One month on: openings are the closings before, paid-off loans are gone, new loans are paid out."""
    standing = (replace(loan, opening=loan.closing, lent=0, collected=0) for loan in loans if loan.status != "paid")
    return [_business(loan, as_of) for loan in standing] + _new_loans(groups, as_of)


def _business(loan: _Loan, as_of: date) -> _Loan:
    """A month of one loan: a repayment, an overdue part, a freeze, or the last instalment."""
    place = (loan.loan_id, as_of)
    if loan.loan_id == "KUTK0691301003" and as_of == MONTH_ENDS[1]:
        return replace(loan, collected=loan.opening, overdue=0, overdue_days=0, status="paid")
    if loan.loan_id == "KUTK0579702004":
        return replace(loan, frozen=loan.opening, status="frozen")
    if loan.overdue or _pick(range(90), "overdue", *place) == 0:
        return replace(loan, overdue=loan.opening // 2, overdue_days=loan.overdue_days + as_of.day)
    instalment = loan.approved * _pick((5, 10), "instalment", *place) // 100
    pays = _pick(range(6), "pays", *place) == 0 and loan.opening > instalment
    return replace(loan, collected=instalment if pays else 0)


def _province(commune: str) -> str:
    return "22" if commune.startswith("06") else "19"


def _name(is_woman: bool, *place: object) -> str:
    return f"{_pick(_FAMILY, 'family', *place)} {'Thị' if is_woman else 'Văn'} {_pick(_GIVEN, 'given', *place)}"


def _loan_row(loan: _Loan, as_of: date) -> dict[str, str]:
    interest = int(loan.opening * loan.rate / 1200)
    row: dict[str, Any] = {
        "bank_code": BANK,
        "bank_branch_code": f"{BANK}-{_province(loan.commune)}-01",
        "as_of_date": as_of,
        "loan_id": loan.loan_id,
        "customer_id": loan.customer_id,
        "citizen_id": loan.citizen_id,
        "full_name": loan.full_name,
        "birth_date": loan.birth_date,
        "sex": loan.sex,
        "commune_code": loan.commune,
        "commune_code_system": "GSO-2024",
        "group_id": loan.group_id,
        "organisation": loan.organisation,
        "credit_programme": loan.programme,
        "approved_amount": loan.approved,
        "disbursed_on": loan.disbursed_on,
        "maturity_on": loan.maturity_on,
        "annual_rate_pct": loan.rate,
        "opening_balance": loan.opening,
        "lent": loan.lent,
        "collected": loan.collected,
        "written_off": 0,
        "transferred": 0,
        "closing_balance": loan.closing,
        "overdue": loan.overdue,
        "frozen": loan.frozen,
        "overdue_days": loan.overdue_days,
        "interest_due": interest,
        "interest_collected": 0 if loan.overdue or loan.frozen else interest,
        "savings_balance": 50_000 * _pick(range(1, 40), "savings", loan.loan_id),
        "status": loan.status,
    }
    return {name: str(row[name]) for name in LOAN_COLUMNS}


def _group_rows(groups: Iterable[_Group], loans: Sequence[_Loan], as_of: date) -> list[dict[str, str]]:
    by_group: dict[str, list[_Loan]] = {}
    for loan in loans:
        by_group.setdefault(loan.group_id, []).append(loan)
    return [_group_row(group, by_group.get(group.group_id, []), as_of) for group in groups]


def _group_row(group: _Group, loans: Sequence[_Loan], as_of: date) -> dict[str, str]:
    """A group's line; its sums are those of its loans."""
    row: dict[str, Any] = {
        "bank_code": BANK,
        "as_of_date": as_of,
        "group_id": group.group_id,
        "leader_name": group.leader,
        "commune_code": group.commune,
        "commune_code_system": "GSO-2024",
        "organisation": group.organisation,
        "members": group.members,
        "borrowers": len({loan.customer_id for loan in loans if loan.closing > 0}),
        "lent": sum(loan.lent for loan in loans),
        "collected": sum(loan.collected for loan in loans),
        "closing_balance": sum(loan.closing for loan in loans),
        "overdue": sum(loan.overdue for loan in loans),
        "frozen": sum(loan.frozen for loan in loans),
        "savings_balance": sum(50_000 * _pick(range(1, 40), "savings", loan.loan_id) for loan in loans),
        "rating": _pick(("tốt", "tốt", "tốt", "khá", "trung bình"), "rating", group.group_id),
        "established_on": group.established_on,
        "merged_into": "",
    }
    return {name: str(row[name]) for name in GROUP_COLUMNS}


def _break_loans(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The seventh line loses the leading zero of its citizen id, as in a file that went through Excel."""
    broken = {**rows[6], "citizen_id": rows[6]["citizen_id"].lstrip("0")}
    return [*rows[:6], broken, *rows[7:]]


def _break_groups(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """More borrowers than members, a group of four, more overdue than is owed."""
    faults = (
        {"borrowers": str(int(rows[1]["members"]) + 3)},
        {"members": "4", "borrowers": "4"},
        {"overdue": str(int(rows[3]["closing_balance"]) + 1)},
    )
    broken = [{**row, **fault} for row, fault in zip(rows[1:4], faults, strict=True)]
    return [rows[0], *broken, *rows[4:]]


def _files(
    name: str, kind: str, as_of: date, columns: Sequence[str], rows: Sequence[Mapping[str, str]],
    previous: int | None, *, off_by: int = 0,
) -> dict[str, bytes]:  # fmt: skip
    """A data file and its control record. `off_by` đồng falsify the control record's closing balance."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    control = {
        "bank_code": BANK,
        "kind": kind,
        "as_of_date": as_of.isoformat(),
        "sequence": 1,
        "file_name": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "row_count": len(rows),
        "sum_lent": _total(rows, "lent"),
        "sum_collected": _total(rows, "collected"),
        "sum_closing_balance": _total(rows, "closing_balance") + off_by,
        "sum_overdue": _total(rows, "overdue"),
        "sum_frozen": _total(rows, "frozen"),
        **({"distinct_customers": len({row["customer_id"] for row in rows})} if kind == "loan" else {}),
        "distinct_groups": len({row["group_id"] for row in rows} - {""}),
        "previous_sum_closing_balance": previous,
        "created_at": f"{_third_of_next_month(as_of).isoformat()}T08:00:00+07:00",
    }
    return {name: data, f"{name}{CONTROL_SUFFIX}": f"{json.dumps(control, ensure_ascii=False, indent=2)}\n".encode()}


def _third_of_next_month(as_of: date) -> date:
    first = as_of.replace(day=monthrange(as_of.year, as_of.month)[1]).toordinal() + 1
    return date.fromordinal(first).replace(day=3)


def _total(rows: Iterable[Mapping[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)
