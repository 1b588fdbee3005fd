"""Numbers, bounds, dates and codes as people read them, in Vietnamese and English. Pure functions over values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    vi: str
    en: str


# Thousands of billions stay billions (3.500 tỷ), as reports and the press write them.
_SCALES = ((Decimal(10) ** 9, Words("tỷ", "billion")), (Decimal(10) ** 6, Words("triệu", "million")))
BASES: Mapping[str, Words] = MappingProxyType(
    {
        "in_period": Words("trong kỳ", "in the period"),
        "year_to_date": Words("lũy kế năm", "year to date"),
        "programme_to_date": Words("lũy kế chương trình", "programme to date"),
        "as_of": Words("tại thời điểm", "as of the last day"),
    }
)
BOUNDARIES: Mapping[str, Words] = MappingProxyType(
    {
        "as_reported": Words("địa giới khi báo cáo", "boundaries of the time"),
        "as_now": Words("địa giới hiện nay", "today's boundaries"),
        "as_before": Words("các tỉnh trước 1/7/2025", "provinces until 30 June 2025"),
    }
)
SCENARIOS: Mapping[str, Words] = MappingProxyType(
    {"actual": Words("Thực hiện", "Actual"), "plan": Words("Kế hoạch", "Plan")}
)
OUTCOMES: Mapping[str, Words] = MappingProxyType(
    {
        "exceeded": Words("vượt", "exceeded"),
        "met": Words("đạt", "met"),
        "missed": Words("không đạt", "missed"),
        "on_track": Words("đúng tiến độ", "on track"),
        "behind": Words("chậm tiến độ", "behind"),
        "not_assessable": Words("chưa đánh giá được", "not assessable"),
    }
)
ESTIMATED_BY: Mapping[str, Words] = MappingProxyType(
    {
        "members": Words("theo số hội viên", "by members"),
        "branches": Words("theo số đơn vị", "by number of branches"),
    }
)
STATUSES: Mapping[str, Words] = MappingProxyType(
    {
        "provisional": Words("sơ bộ", "provisional"),
        "official": Words("chính thức", "official"),
        "revised": Words("đã điều chỉnh", "revised"),
    }
)
AGREEMENTS: Mapping[str, Words] = MappingProxyType(
    {
        "agrees": Words("khớp", "agrees"),
        "differs": Words("lệch", "differs"),
        "not_comparable": Words("không so được", "not comparable"),
    }
)
_MATTERS: Mapping[str, Words] = MappingProxyType(
    {
        "loan_turns": Words("Lượt vay", "Loan turns"),
        "credit_guaranteed": Words("Doanh số tín chấp", "Vouched lending"),
        "credit_balance": Words("Dư nợ tín chấp", "Vouched balance"),
        "credit_borrowers": Words("Số người vay qua Hội", "Borrowers through the Union"),
        "credit_groups": Words("Số tổ TK&VV của Hội", "Savings-and-credit groups of the Union"),
        "group_balance": Words("Dư nợ các tổ so với khoản vay", "Balance of groups against loans"),
    }
)
# What the figures of one indicator are held against.
_AGAINST: Mapping[str, Words] = MappingProxyType(
    {
        "claim": Words("so với các cấu phần", "against its components"),
        "children": Words("so với tổng cấp dưới", "against the branches below"),
    }
)
STATES: Mapping[str, Words] = MappingProxyType(
    {
        "landed": Words("đã nộp", "received"),
        "held": Words("đang giữ lại", "held"),
        "missing": Words("chưa nộp", "not received"),
        "rejected": Words("bị trả lại", "rejected"),
    }
)
LEVELS: Mapping[str, Words] = MappingProxyType(
    {
        "central": Words("trung ương", "central"),
        "province": Words("tỉnh, thành phố", "province"),
        "district": Words("huyện", "district"),
        "commune": Words("xã, phường", "commune"),
        "unit": Words("đơn vị trực thuộc", "direct unit"),
    }
)
SEVERITIES: Mapping[str, Words] = MappingProxyType(
    {"error": Words("lỗi", "error"), "warning": Words("cảnh báo", "warning"), "info": Words("lưu ý", "note")}
)
ORGANISATIONS: Mapping[str, Words] = MappingProxyType(
    {
        "PN": Words("Hội Phụ nữ", "Women's Union"),
        "ND": Words("Hội Nông dân", "Farmers' Union"),
        "CCB": Words("Hội Cựu chiến binh", "Veterans' Association"),
        "DTN": Words("Đoàn Thanh niên", "Youth Union"),
        "TT": Words("cho vay trực tiếp", "direct lending"),
        "KHAC": Words("nhiều tổ chức gộp lại", "several organisations together"),
    }
)
# Money and per cent say their unit in the number.
_SAID_IN_NUMBER = ("VND", "PERCENT")
UNKNOWN = Words("không rõ", "unknown")


def words(table: Mapping[str, Words], code: str | None) -> Words:
    """The words of a code; the code itself where a newer release has one that this version does not know."""
    return table.get(code or "", Words(code, code) if code else UNKNOWN)


def matter(code: str, names: Mapping[tuple[str, str], Words]) -> Words:
    """What a reconciliation is about, and of which indicator where it is of one.

    `names` are those of indicators by programme and code; the code stands where there is none.
    """
    kind, *rest = code.split(":")
    if kind in _AGAINST and len(rest) > 1:
        programme, indicator, *_ = rest
        name, against = names.get((programme, indicator), Words(indicator, indicator)), _AGAINST[kind]
        return Words(f"{programme}: {name.vi}, {against.vi}", f"{programme}: {name.en}, {against.en}")
    return words(_MATTERS, code)


def unit_names(catalogue: Catalogue) -> dict[str, Words]:
    """What stands behind a number of each unit: `người`, `hộ`; nothing where the number says it."""
    return {
        code: Words("", "") if code in _SAID_IN_NUMBER else Words(unit.name_vi, unit.name_en.partition(" (")[0])
        for code, unit in catalogue.units.items()
    }


def number(value: Decimal | int, *, vietnamese: bool = True, decimals: int = 2) -> str:
    """A number with groups of three: 2.238,5 in Vietnamese, 2,238.5 in English; needless zeros are left out."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,")) if vietnamese else text


def amount(value: Decimal, unit_code: str) -> Words:
    """A value with what its unit adds: `3.500 tỷ đồng`, `85,5%`, `2.238`."""
    if unit_code == "PERCENT":
        return Words(f"{number(value)}%", f"{number(value, vietnamese=False)}%")
    if unit_code != "VND":
        return Words(number(value), number(value, vietnamese=False))
    for size, name in _SCALES:
        if abs(value) >= size:
            scaled = value / size
            return Words(f"{number(scaled)} {name.vi} đồng", f"{number(scaled, vietnamese=False)} {name.en} đồng")
    return Words(f"{number(value)} đồng", f"{number(value, vietnamese=False)} đồng")


def bounded(
    value: Decimal | None,
    lower: Decimal | None,
    upper: Decimal | None,
    unit_code: str,
    *,
    is_lower_open: bool = True,
    is_upper_open: bool = True,
) -> Words | None:
    """A figure as it may be said given its bounds: `trên 3.500 tỷ đồng`, `từ 10 đến 12`; None when there is none.

    A bound that is open excludes the number itself: `trên 18.000` against `từ 18.000 trở lên`.
    """
    if lower is not None and upper is not None and lower != upper:
        low, high = amount(lower, unit_code), amount(upper, unit_code)
        return Words(f"từ {low.vi} đến {high.vi}", f"{low.en} to {high.en}")
    if value is None:
        return None
    if lower is None and upper is None:
        said = amount(value, unit_code)
        return Words(f"khoảng {said.vi}", f"about {said.en}")
    if upper is None and lower is not None:
        said = amount(lower, unit_code)
        least = Words(f"từ {said.vi} trở lên", f"at least {said.en}")
        return Words(f"trên {said.vi}", f"more than {said.en}") if is_lower_open else least
    if lower is None and upper is not None:
        said = amount(upper, unit_code)
        most = Words(f"không quá {said.vi}", f"at most {said.en}")
        return Words(f"dưới {said.vi}", f"less than {said.en}") if is_upper_open else most
    return amount(value, unit_code)


class Rolled(Protocol):
    """A rolled-up figure: what `fct_indicator_rollup` says of one."""

    @property
    def value(self) -> Decimal | None: ...
    @property
    def lower_bound(self) -> Decimal | None: ...
    @property
    def upper_bound(self) -> Decimal | None: ...
    @property
    def is_lower_open(self) -> bool: ...
    @property
    def is_upper_open(self) -> bool: ...
    @property
    def unit_code(self) -> str: ...
    @property
    def blocked_reason(self) -> str | None: ...


def said(figure: Rolled) -> Words | None:
    """A rolled-up figure in words of both languages; None when it is held out of the roll-up."""
    if figure.blocked_reason:
        return None
    return bounded(
        figure.value,
        figure.lower_bound,
        figure.upper_bound,
        figure.unit_code,
        is_lower_open=figure.is_lower_open,
        is_upper_open=figure.is_upper_open,
    )


def day(value: date) -> str:
    """15/12/2023, as both languages read it here."""
    return f"{value:%d/%m/%Y}"


def period_name(period_code: str, period_kind: str) -> Words:
    """`Tháng 1/2024`, `Nửa đầu nhiệm kỳ 2021–2026`; the code itself for a kind that has no name here."""
    year = period_code[:4]
    match period_kind:
        case "month":
            return Words(f"Tháng {int(period_code[5:7])}/{year}", f"{_MONTHS[int(period_code[5:7]) - 1]} {year}")
        case "quarter":
            return Words(f"Quý {_ROMAN[int(period_code[-1]) - 1]}/{year}", f"{year}, quarter {period_code[-1]}")
        case "half_year":
            return Words(f"6 tháng đầu năm {year}", f"First six months of {year}")
        case "nine_months":
            return Words(f"9 tháng năm {year}", f"First nine months of {year}")
        case "year":
            return Words(f"Năm {year}", f"Year {year}")
        case "span":
            return _span_name(period_code)
        case "term" | "half_term":
            return _term_name(period_code)
    return Words(period_code, period_code)


_ROMAN = ("I", "II", "III", "IV")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _span_name(period_code: str) -> Words:
    first, last = (part.split("-") for part in period_code.split("/"))
    return Words(
        f"Từ tháng {int(first[1])}/{first[0]} đến tháng {int(last[1])}/{last[0]}",
        f"{_MONTHS[int(first[1]) - 1]} {first[0]} to {_MONTHS[int(last[1]) - 1]} {last[0]}",
    )


def _term_name(period_code: str) -> Words:
    found = re.match(r"T(\d{4})-(\d{4})(?:-H([12]))?", period_code)
    if found is None:
        return Words(period_code, period_code)
    years = f"{found[1]}–{found[2]}"
    if found[3]:
        half = Words("Nửa đầu", "First") if found[3] == "1" else Words("Nửa cuối", "Second")
        return Words(f"{half.vi} nhiệm kỳ {years}", f"{half.en} half of the term {years}")
    return Words(f"Nhiệm kỳ {years}", f"Term {years}")
