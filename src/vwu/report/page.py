"""`index.html`: one file that opens from disk, on a phone and on paper, in two languages, without JavaScript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from vwu.report import wording
from vwu.report.tilemap import Tile, TileState, draw, read_grid
from vwu.report.wording import Words, said
from vwu.rollup import Credit, Figure, OpenFinding, Rollup, Source, Submission

MAX_FINDINGS = 200
_NAMED_LEVELS = ("central", "province", "unit")
_NO_UNIT = Words("", "")
_NO_TILE = TileState("none", "", Words("chưa có báo cáo", "no report"))


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A province's part of a figure, with the cells that it came from."""

    name: str
    said: Words | None
    share_pct: float | None
    is_estimated: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One national figure as the page shows it."""

    figure: Figure
    said: Words | None
    basis: Words
    scenario: Words
    provinces: tuple[PlaceRow, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeBlock:
    """A programme and its figures."""

    code: str
    name: Words
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class CreditRow:
    """Credit of one bank, programme, organisation or province, added up."""

    name: Words
    loans: int | None
    borrowers: int | None
    female_borrowers: int | None
    lent: Decimal
    collected: Decimal
    closing_balance: Decimal
    overdue: Decimal
    par30_balance: Decimal | None

    @property
    def overdue_pct(self) -> Words:
        if not self.closing_balance:
            return Words("–", "–")
        return wording.amount(100 * self.overdue / self.closing_balance, "PERCENT")


def render_page(rollup: Rollup, units: Mapping[str, Words], tile_grid: Path) -> str:
    """The page of one period as text. `units` are the names of units by code, `tile_grid` the layout of the map."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("vwu.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = wording.day
    environment.filters["number"] = lambda value: Words(wording.number(value), wording.number(value, vietnamese=False))
    environment.filters["money"] = lambda value: wording.amount(value, "VND")
    return environment.get_template("index.html").render(page_values(rollup, units, read_grid(tile_grid)))


def page_values(rollup: Rollup, units: Mapping[str, Words], tiles: Sequence[Tile]) -> dict[str, Any]:
    """Everything the template names."""
    severities = Counter(finding.severity for finding in rollup.findings)
    states = province_states(rollup.submissions)
    return {
        "rollup": rollup,
        "release": rollup.release,
        "period": rollup.period,
        "period_name": wording.period_name(rollup.period.period_code, rollup.period.period_kind),
        "programmes": programme_blocks(rollup),
        "targets": rollup.targets,
        "credit_total": _credit_row(Words("Tổng cộng", "Total"), rollup.credit) if rollup.credit else None,
        "credit_tables": credit_tables(rollup.credit),
        "map": draw(tiles, states, _NO_TILE, _map_title(states)),
        "provinces_reported": sum(state.css_class == "all" for state in states.values()),
        "province_rows": _province_rows(tiles, states),
        "unit": lambda code: units.get(code, _NO_UNIT),
        "missing": missing_branches(rollup.submissions),
        "findings": _finding_groups(rollup.findings),
        "severities": [
            (wording.words(wording.SEVERITIES, code), severities[code]) for code in ("error", "warning", "info")
        ],
        "reported": [each for each in rollup.submissions if each.receipt_id],
        "expected_count": sum(each.is_expected for each in rollup.submissions),
        "expected_reported": sum(each.is_expected and each.receipt_id is not None for each in rollup.submissions),
        "words": wording.words,
        "wording": wording,
        "bounded": wording.bounded,
        "amount": wording.amount,
    }


def programme_blocks(rollup: Rollup) -> tuple[ProgrammeBlock, ...]:
    """The national figures by programme, each with its provinces and their sources."""
    provinces: dict[tuple[str, ...], list[Figure]] = {}
    for figure in rollup.figures:
        if figure.level == "province" and figure.boundary == "as_reported":
            provinces.setdefault(_cell(figure), []).append(figure)
    sources: dict[tuple[str | None, ...], list[Source]] = {}
    for source in rollup.sources:
        sources.setdefault((*_cell(source), source.region_code), []).append(source)
    blocks = []
    for code, group in groupby(rollup.national, key=lambda figure: figure.programme_code):
        figures = list(group)
        rows = tuple(_figure_row(figure, provinces.get(_cell(figure), []), sources) for figure in figures)
        blocks.append(ProgrammeBlock(code, Words(figures[0].programme_name_vi, figures[0].programme_name_en), rows))
    return tuple(blocks)


def _cell(each: Figure | Source) -> tuple[str, ...]:
    return each.programme_code, each.indicator_code, each.scenario, each.basis


def _figure_row(
    figure: Figure, provinces: Sequence[Figure], sources: Mapping[tuple[str | None, ...], list[Source]]
) -> FigureRow:
    largest = max((abs(each.value) for each in provinces if each.value is not None), default=Decimal(0))
    return FigureRow(
        figure=figure,
        said=said(figure),
        basis=wording.words(wording.BASES, figure.basis),
        scenario=wording.words(wording.SCENARIOS, figure.scenario),
        provinces=tuple(
            PlaceRow(
                name=each.region_name,
                said=said(each),
                share_pct=float(100 * abs(each.value) / largest) if each.value is not None and largest else None,
                is_estimated=each.is_estimated,
                sources=tuple(sources.get((*_cell(each), each.region_code), ())),
            )
            for each in provinces
        ),
    )


def province_states(submissions: Iterable[Submission]) -> dict[str, TileState]:
    """Today's provinces -> how much of what their provincial branches owe has come (old provinces count in the new)."""
    found: dict[str, list[Submission]] = {}
    for each in submissions:
        if each.level == "province" and each.province_now:
            found.setdefault(each.province_now, []).append(each)
    return {code: _tile_state(owed) for code, owed in found.items()}


def _tile_state(owed: Sequence[Submission]) -> TileState:
    came = sum(each.receipt_id is not None for each in owed)
    held = any(each.state == "held" for each in owed)
    part = Words(f"{came}/{len(owed)} đơn vị cấp tỉnh đã nộp", f"{came} of {len(owed)} provincial branches reported")
    mark = f"{came}/{len(owed)}"
    if held:
        return TileState("held", mark, Words(f"{part.vi}, có báo cáo bị giữ lại", f"{part.en}, some held"))
    if not came:
        return TileState("none", mark, part)
    return TileState("all" if came == len(owed) else "some", mark, part)


def _map_title(states: Mapping[str, TileState]) -> Words:
    complete = sum(state.css_class == "all" for state in states.values())
    return Words(
        f"Bản đồ ô 34 tỉnh, thành phố và hai quần đảo Hoàng Sa, Trường Sa: {complete} tỉnh đã nộp đủ",
        f"Tile map of the 34 provinces with Hoàng Sa and Trường Sa: {complete} provinces reported in full",
    )


def _province_rows(tiles: Sequence[Tile], states: Mapping[str, TileState]) -> list[tuple[str, TileState]]:
    return [(tile.name_vi, states.get(tile.region_code, _NO_TILE)) for tile in tiles if not tile.is_archipelago]


def missing_branches(submissions: Iterable[Submission]) -> list[tuple[Words, int, list[Submission]]]:
    """Who owes a report that has not come, by level: all of them by name above the commune, below it only counted."""
    owed = [each for each in submissions if each.is_expected and each.receipt_id is None]
    levels = ((level, [each for each in owed if each.level == level]) for level in wording.LEVELS)
    return [
        (wording.LEVELS[level], len(branches), branches if level in _NAMED_LEVELS else [])
        for level, branches in levels
        if branches
    ]


def _finding_groups(findings: Iterable[OpenFinding]) -> list[tuple[bool, list[OpenFinding], int]]:
    """Findings of the period first, then those of files that never got one; each with how many are left out."""
    groups = []
    for is_of_period in (True, False):
        group = [each for each in findings if each.is_of_period == is_of_period]
        groups.append((is_of_period, group[:MAX_FINDINGS], max(len(group) - MAX_FINDINGS, 0)))
    return groups


def credit_tables(credit: Sequence[Credit]) -> list[tuple[Words, tuple[CreditRow, ...]]]:
    """The same credit by bank, by programme, by province and by organisation."""
    return [
        (Words("Theo ngân hàng", "By bank"), _by(credit, lambda each: Words(each.bank_name_vi, each.bank_name_en))),
        (
            Words("Theo chương trình tín dụng", "By credit programme"),
            _by(credit, lambda each: Words(each.programme_name_vi, each.programme_name_en)),
        ),
        (Words("Theo tỉnh", "By province"), _by(credit, lambda each: Words(each.province_name, each.province_name))),
        (
            Words("Theo tổ chức nhận ủy thác", "By entrusted organisation"),
            _by(credit, lambda each: wording.words(wording.ORGANISATIONS, each.organisation)),
        ),
    ]


def _by(credit: Iterable[Credit], name: Any) -> tuple[CreditRow, ...]:
    groups: dict[Words, list[Credit]] = {}
    for each in credit:
        groups.setdefault(name(each), []).append(each)
    rows = (_credit_row(label, group) for label, group in groups.items())
    return tuple(sorted(rows, key=lambda row: -row.closing_balance))


def _credit_row(name: Words, credit: Sequence[Credit]) -> CreditRow:
    return CreditRow(
        name=name,
        loans=_count(each.loans for each in credit),
        borrowers=_count(each.borrowers for each in credit),
        female_borrowers=_count(each.female_borrowers for each in credit),
        lent=_sum(each.lent for each in credit),
        collected=_sum(each.collected for each in credit),
        closing_balance=_sum(each.closing_balance for each in credit),
        overdue=_sum(each.overdue for each in credit),
        par30_balance=_sum(each.par30_balance for each in credit),
    )


def _count(values: Iterable[int | None]) -> int | None:
    """The sum of the parts that are known; None when none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), Decimal(0))
