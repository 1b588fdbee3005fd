"""The columns of the three kinds of bank feed and the keys of the control record (INTERFACES 3), in file order.

`LOAN_COLUMNS`, `GROUP_COLUMNS` and `SUMMARY_COLUMNS` are the headers, word for word; `LAYOUTS` adds what each
column may hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from vwu.intake.model import Kind


class Form(StrEnum):
    """What a column may hold. Amounts are whole đồng."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    SIGNED_AMOUNT = "signed_amount"
    COUNT = "count"
    RATE = "rate"
    CITIZEN_ID = "citizen_id"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices` is the closed list of a code column; `is_identity` goes to the vault only (D9)."""

    name: str
    form: Form = Form.TEXT
    is_required: bool = True
    is_identity: bool = False
    choices: tuple[str, ...] = ()


COMMUNE_CODE_SYSTEMS = ("GSO-2024", "GSO-2025")
ORGANISATIONS = ("PN", "ND", "CCB", "DTN", "TT")
LOAN_STATUSES = ("active", "paid", "rescheduled", "frozen", "written_off")
FINAL_STATUSES = ("paid", "written_off")
SEXES = ("F", "M")


def _amounts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Form.AMOUNT) for name in names)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


_CODE_SYSTEM = Column("commune_code_system", choices=COMMUNE_CODE_SYSTEMS)
_ORGANISATION = Column("organisation", choices=ORGANISATIONS)
_AS_OF = Column("as_of_date", Form.DATE)

_LOAN: tuple[Column, ...] = (
    *_text("bank_code", "bank_branch_code"),
    _AS_OF,
    Column("loan_id"),
    Column("customer_id", is_identity=True),
    Column("citizen_id", Form.CITIZEN_ID, is_identity=True),
    Column("full_name", is_identity=True),
    Column("birth_date", Form.DATE, is_required=False, is_identity=True),
    Column("sex", choices=SEXES),
    Column("commune_code"),
    _CODE_SYSTEM,
    Column("group_id", is_required=False),
    _ORGANISATION,
    Column("credit_programme"),
    Column("approved_amount", Form.AMOUNT),
    Column("disbursed_on", Form.DATE),
    Column("maturity_on", Form.DATE),
    Column("annual_rate_pct", Form.RATE),
    *_amounts("opening_balance", "lent", "collected", "written_off"),
    Column("transferred", Form.SIGNED_AMOUNT),
    *_amounts("closing_balance", "overdue", "frozen"),
    Column("overdue_days", Form.COUNT),
    *_amounts("interest_due", "interest_collected", "savings_balance"),
    Column("status", choices=LOAN_STATUSES),
)

_GROUP: tuple[Column, ...] = (
    Column("bank_code"),
    _AS_OF,
    Column("group_id"),
    Column("leader_name", is_required=False, is_identity=True),
    Column("commune_code"),
    _CODE_SYSTEM,
    _ORGANISATION,
    Column("members", Form.COUNT),
    Column("borrowers", Form.COUNT),
    *_amounts("lent", "collected", "closing_balance", "overdue", "frozen", "savings_balance"),
    Column("rating", is_required=False),
    Column("established_on", Form.DATE, is_required=False),
    Column("merged_into", is_required=False),
)

_SUMMARY: tuple[Column, ...] = (
    Column("bank_code"),
    _AS_OF,
    Column("commune_code"),
    _CODE_SYSTEM,
    _ORGANISATION,
    Column("credit_programme"),
    Column("loans", Form.COUNT),
    Column("households", Form.COUNT),
    *_amounts("lent", "collected", "closing_balance", "overdue", "frozen"),
)

LAYOUTS: Mapping[Kind, tuple[Column, ...]] = MappingProxyType(
    {Kind.LOAN: _LOAN, Kind.GROUP: _GROUP, Kind.SUMMARY: _SUMMARY}
)

LOAN_COLUMNS: tuple[str, ...] = tuple(column.name for column in _LOAN)
GROUP_COLUMNS: tuple[str, ...] = tuple(column.name for column in _GROUP)
SUMMARY_COLUMNS: tuple[str, ...] = tuple(column.name for column in _SUMMARY)

# The control record is a JSON object in `<data file name>.control.json`; `distinct_customers` only for kind loan.
CONTROL_SUFFIX = ".control.json"
CONTROL_KEYS: tuple[str, ...] = (
    "bank_code",
    "kind",
    "as_of_date",
    "sequence",
    "file_name",
    "sha256",
    "row_count",
    "sum_lent",
    "sum_collected",
    "sum_closing_balance",
    "sum_overdue",
    "sum_frozen",
    "distinct_customers",
    "distinct_groups",
    "previous_sum_closing_balance",
    "created_at",
    "reason",
)
