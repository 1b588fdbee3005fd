"""`index.html`: one file that opens from disk, on a phone and on paper, in two languages, without JavaScript."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.comparison import Cell, Point
from vwu.html import environment
from vwu.readiness import LEVELS
from vwu.report import wording
from vwu.report.beside import cautions, estimate_words, revised_words, stated, told, year_ago_words
from vwu.report.chart import series_title, sparkline
from vwu.report.tilemap import Tile, TileState, draw, read_grid
from vwu.report.wording import Words, said
from vwu.rollup import Credit, Figure, OpenFinding, Rollup, Source, Submission

if TYPE_CHECKING:
    from jinja2 import Template

MAX_FINDINGS = 200
MAX_REPORTED = 100  # of one level by name
NATION = "VN"
_NO_UNIT = Words("", "")
_NO_TILE = TileState("none", "", Words("chưa có báo cáo", "no report"))


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A province's part of a figure; its own page has the cells that it came from."""

    code: str
    name: str
    said: Words | None
    share_pct: float | None
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of the nation or of a province as a page shows it, with what stands beside it."""

    figure: Figure
    said: Words | None
    basis: Words
    scenario: Words
    year_ago: Words | None
    cautions: tuple[Words, ...]
    revised: Words | None
    estimate: Words | None
    drawing: str
    series: tuple[Point, ...]
    permanent_id: str
    provinces: tuple[PlaceRow, ...] = ()
    sources: tuple[Source, ...] = ()
    now: Words | None = None


@dataclass(frozen=True, slots=True)
class ProgrammeBlock:
    """A programme and its figures."""

    code: str
    name: Words
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class CreditRow:
    """Credit of one bank, programme, organisation or province, added up.

    `is_cut`: for too few people, figures of it stand in other rows or other rows' in it, each family by itself, so that
    no figure is a share of another.
    """

    name: Words
    loans: int | None
    borrowers: int | None
    female_borrowers: int | None
    lent: Decimal | None
    collected: Decimal | None
    closing_balance: Decimal | None
    overdue: Decimal | None
    par30_balance: Decimal | None
    is_cut: bool = False

    @property
    def overdue_pct(self) -> Words:
        if self.is_cut or not self.closing_balance or self.overdue is None:
            return Words("–", "–")
        return wording.amount(100 * self.overdue / self.closing_balance, "PERCENT")


def render_page(rollup: Rollup, units: Mapping[str, Words], tile_grid: Path) -> str:
    """The page of one period as text. `units` are the names of units by code, `tile_grid` the layout of the map."""
    return _template("index.html").render(page_values(rollup, units, read_grid(tile_grid)))


def render_provinces(rollup: Rollup, units: Mapping[str, Words]) -> dict[str, str]:
    """A page for each province that has a figure in the period, by its code."""
    template = _template("province.html")
    shared = _shared_values(rollup, units)
    return {
        region.code: template.render(shared | {"region": region, "credit": _credit_of(rollup, region.code)})
        for region in province_blocks(rollup)
    }


def _template(name: str) -> Template:
    templates = environment("vwu.report")
    templates.filters["day"] = wording.day
    templates.filters["number"] = lambda value: Words(wording.number(value), wording.number(value, vietnamese=False))
    templates.filters["money"] = lambda value: Words("–", "–") if value is None else wording.amount(value, "VND")
    return templates.get_template(name)


def _shared_values(rollup: Rollup, units: Mapping[str, Words]) -> dict[str, Any]:
    return {
        "rollup": rollup,
        "release": rollup.release,
        "period": rollup.period,
        "period_name": wording.period_name(rollup.period.period_code, rollup.period.period_kind),
        "unit": lambda code: units.get(code, _NO_UNIT),
        "told": told,
        "nation": Words("Toàn quốc", "Nation"),
        "in_province": Words("Toàn tỉnh", "Province"),
        "words": wording.words,
        "wording": wording,
        "bounded": wording.bounded,
        "amount": wording.amount,
    }


def page_values(rollup: Rollup, units: Mapping[str, Words], tiles: Sequence[Tile]) -> dict[str, Any]:
    """Everything the template names."""
    severities = Counter(finding.severity for finding in rollup.findings)
    states = province_states(rollup.submissions)
    return _shared_values(rollup, units) | {
        "programmes": programme_blocks(rollup),
        "revisions": revisions(rollup),
        "against_bank": rollup.beside.bank,
        "names": {
            (each.programme_code, each.indicator_code): Words(each.name_vi, each.name_en) for each in rollup.figures
        },
        "targets": rollup.targets,
        "credit_total": _credit_row(Words("Tổng cộng", "Total"), rollup.credit, is_whole=True)
        if rollup.credit
        else None,
        "credit_tables": credit_tables(rollup.credit),
        "map": draw(tiles, states, _NO_TILE, _map_title(states)),
        "provinces_reported": sum(state.css_class == "all" for state in states.values()),
        "province_rows": _province_rows(tiles, states),
        "missing": missing_branches(rollup.submissions),
        "findings": _finding_groups(rollup.findings),
        "severities": [
            (wording.words(wording.SEVERITIES, code), severities[code]) for code in ("error", "warning", "info")
        ],
        "reported_count": sum(each.receipt_id is not None for each in rollup.submissions),
        "reported": reported_branches(rollup.submissions),
        "expected_count": sum(each.is_expected for each in rollup.submissions),
        "expected_reported": sum(each.is_expected and each.receipt_id is not None for each in rollup.submissions),
    }


def programme_blocks(rollup: Rollup) -> tuple[ProgrammeBlock, ...]:
    """The national figures by programme, each with its provinces, the largest first."""
    provinces: dict[tuple[str, ...], list[Figure]] = {}
    for figure in _provincial(rollup):
        provinces.setdefault(figure.cell[:4], []).append(figure)
    return _blocks(
        (replace(_figure_row(rollup, each), provinces=_places(provinces.get(each.cell[:4], []))), each)
        for each in rollup.national
    )


@dataclass(frozen=True, slots=True)
class ProvinceBlock:
    """A province, in the boundaries of the period, and all its figures."""

    code: str
    name: str
    programmes: tuple[ProgrammeBlock, ...]


def province_blocks(rollup: Rollup) -> Iterator[ProvinceBlock]:
    """Each province with its figures, the cells they came from, and what it is in today's boundaries."""
    sources: dict[Cell, list[Source]] = {}
    for source in rollup.sources:
        sources.setdefault(source.cell, []).append(source)
    today = {each.cell: each for each in rollup.figures if each.level == "province" and each.boundary == "as_now"}
    by_region = sorted(_provincial(rollup), key=lambda figure: (figure.region_code, *figure.cell))
    for (code, name), group in groupby(by_region, key=lambda figure: (figure.region_code, figure.region_name)):
        rows = [
            (
                replace(
                    _figure_row(rollup, each),
                    sources=tuple(sources.get(each.cell, ())),
                    now=_now_words(each, today.get(each.cell)),
                ),
                each,
            )
            for each in group
        ]
        yield ProvinceBlock(code, name, _blocks(rows))


def _provincial(rollup: Rollup) -> list[Figure]:
    return [each for each in rollup.figures if each.level == "province" and each.boundary == "as_reported"]


def _blocks(rows: Iterable[tuple[FigureRow, Figure]]) -> tuple[ProgrammeBlock, ...]:
    blocks = []
    for code, group in groupby(rows, key=lambda pair: pair[1].programme_code):
        pairs = list(group)
        name = Words(pairs[0][1].programme_name_vi, pairs[0][1].programme_name_en)
        blocks.append(ProgrammeBlock(code, name, tuple(row for row, _ in pairs)))
    return tuple(blocks)


def _figure_row(rollup: Rollup, figure: Figure) -> FigureRow:
    year_ago = rollup.beside.year_ago(figure.cell, rollup.period.period_code)
    series = tuple(point for point in rollup.beside.series.get(figure.cell, ()) if not point.blocked_reason)
    return FigureRow(
        figure=figure,
        said=said(figure),
        basis=wording.words(wording.BASES, figure.basis),
        scenario=wording.words(wording.SCENARIOS, figure.scenario),
        year_ago=year_ago_words(year_ago) if year_ago else None,
        cautions=tuple(cautions(year_ago)) if year_ago else (),
        revised=revised_words(rollup, figure),
        estimate=estimate_words(figure),
        drawing=_drawing(figure, series),
        series=series,
        permanent_id=permanent_id(rollup, figure),
    )


def permanent_id(rollup: Rollup, figure: Figure) -> str:
    """What names this figure for good: its release, what it is of, and a checksum of what was said."""
    cell = "/".join((*figure.cell, rollup.period.period_code))
    stated = f"{cell}|{figure.value}|{figure.lower_bound}|{figure.upper_bound}|{figure.blocked_reason}"
    return f"r{rollup.release.release_id}/{cell}#{hashlib.sha256(stated.encode()).hexdigest()[:8]}"


def _drawing(figure: Figure, series: Sequence[Point]) -> str:
    points = [
        (point.end_date, point.value) for point in series if point.boundary == "as_now" and point.value is not None
    ]
    if len(points) < 2:
        return ""
    return sparkline(points, series_title(Words(figure.name_vi, figure.name_en), points, figure.unit_code))


def revisions(rollup: Rollup) -> list[tuple[Figure, Words, Words]]:
    """National figures that an earlier release told otherwise or not at all: the figure, what was said, what is."""
    former = rollup.beside.former
    if former is None:
        return []
    nothing = Words("chưa có", "none yet")
    return [
        (figure, told(then) if then else nothing, told(figure))
        for figure in rollup.national
        for then in (former.figures.get(figure.cell),)
        if then is None or stated(then) != stated(figure)
    ]


def _now_words(figure: Figure, today: Figure | None) -> Words | None:
    """The same province in today's boundaries, where that is another figure."""
    return told(today) if today and stated(today) != stated(figure) else None


def _places(provinces: Sequence[Figure]) -> tuple[PlaceRow, ...]:
    largest = max((abs(each.value) for each in provinces if each.value is not None), default=Decimal(0))
    rows = (
        PlaceRow(
            code=each.region_code,
            name=each.region_name,
            said=said(each),
            share_pct=float(100 * abs(each.value) / largest) if each.value is not None and largest else None,
            is_estimated=each.is_estimated,
        )
        for each in provinces
    )
    return tuple(sorted(rows, key=lambda row: (-(row.share_pct if row.share_pct is not None else -1), row.code)))


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


def reported_branches(submissions: Iterable[Submission]) -> list[tuple[Words, int, list[Submission]]]:
    """Whose report has come, by level: all by name, or only counted where they are very many, as communes are."""
    came = [each for each in submissions if each.receipt_id is not None]
    levels = ((level, [each for each in came if each.level == level]) for level in wording.LEVELS)
    return [
        (wording.LEVELS[level], len(branches), branches if len(branches) <= MAX_REPORTED else [])
        for level, branches in levels
        if branches
    ]


def missing_branches(submissions: Iterable[Submission]) -> list[tuple[Words, int, list[Submission]]]:
    """Who owes a report that has not come, by level: all of them by name above the commune, below it only counted."""
    owed = [each for each in submissions if each.is_expected and each.receipt_id is None]
    levels = ((level, [each for each in owed if each.level == level]) for level in wording.LEVELS)
    return [
        (wording.LEVELS[level], len(branches), branches if level in LEVELS else [])
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
        (
            Words("Theo ngân hàng", "By bank"),
            _by(credit, lambda each: Words(each.bank_name_vi, each.bank_name_en), is_whole=True),
        ),
        (
            Words("Theo chương trình tín dụng", "By credit programme"),
            _by(credit, lambda each: Words(each.programme_name_vi, each.programme_name_en)),
        ),
        (Words("Theo tỉnh", "By province"), _by(credit, _province_of)),
        (
            Words("Theo tổ chức nhận ủy thác", "By entrusted organisation"),
            _by(credit, lambda each: wording.words(wording.ORGANISATIONS, each.organisation)),
        ),
    ]


def _province_of(credit: Credit) -> Words:
    if credit.province_code == NATION:
        return Words("nhiều tỉnh gộp lại", "several provinces together")
    return Words(credit.province_name, credit.province_name)


def _credit_of(rollup: Rollup, province_code: str) -> tuple[CreditRow, ...]:
    """A province's credit by bank."""
    own = [each for each in rollup.credit if each.province_code == province_code]
    return _by(own, lambda each: Words(each.bank_name_vi, each.bank_name_en))


def _by(credit: Iterable[Credit], name: Any, *, is_whole: bool = False) -> tuple[CreditRow, ...]:
    """Credit by a name, the largest balance first. `is_whole`: a group has all that its banks report of the period."""
    groups: dict[Words, list[Credit]] = {}
    for each in credit:
        groups.setdefault(name(each), []).append(each)
    rows = (_credit_row(label, group, is_whole=is_whole) for label, group in groups.items())
    return tuple(sorted(rows, key=lambda row: -(row.closing_balance or 0)))


def _credit_row(name: Words, credit: Sequence[Credit], *, is_whole: bool) -> CreditRow:
    def total(figure: str, family: str) -> Any:
        """The sum of the parts that are known; None when none is, or when some of it is told nowhere."""
        known = [value for each in credit if (value := getattr(each, figure)) is not None]
        is_withheld = any(family in each.withheld for each in credit)
        return sum(known) if known and not is_withheld else None

    return CreditRow(
        name=name,
        loans=total("loans", "loans"),
        borrowers=total("borrowers", "people"),
        female_borrowers=total("female_borrowers", "women"),
        lent=total("lent", "flow"),
        collected=total("collected", "flow"),
        closing_balance=total("closing_balance", "people"),
        overdue=total("overdue", "overdue"),
        par30_balance=total("par30_balance", "par30"),
        is_cut=not is_whole and any(each.is_protected for each in credit),
    )
