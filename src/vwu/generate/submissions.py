"""Writes what the branches of a nation report: form BM01 as workbook or long CSV, by month, half-year and year."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from vwu.generate.figures import (
    MONTH_COLUMNS,
    SERIES,
    UNDETERMINED_SERIES,
    YEAR_COLUMNS,
    Series,
    make_figures,
)
from vwu.generate.nation import Place
from vwu.generate.request import Request
from vwu.intake.model import Quantity
from vwu.intake.submission.longcsv import COLUMNS
from vwu.intake.submission.template import FORM, FORM_VERSION, FormValue, write_template
from vwu.intake.submission.values import format_value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue, Period, Programme

PREPARED_BY = "Ban Kinh tế (số liệu giả định)"


@dataclass(frozen=True, slots=True)
class Report:
    """One submission: a branch, a period, and what stands in its cells."""

    branch_code: str
    period: Period
    values: tuple[FormValue, ...]
    is_workbook: bool

    @property
    def name(self) -> str:
        """Path below the zone of submissions."""
        ending = "xlsx" if self.is_workbook else "csv"
        return f"{self.period.period_code}/{FORM}_{self.branch_code}_{self.period.period_code}.{ending}"


def reports_of(
    engine: DuckDBPyConnection, request: Request, catalogue: Catalogue, places: Sequence[Place], month_end: date
) -> Iterator[Report]:
    """The reports that are due for a month: those on the month itself, and on the half-year or year that it ends.

    Needs `place_credit` of this month and of the year's months before it.
    """
    for period, columns in _periods(catalogue, month_end):
        make_figures(engine, request.seed, month_end, _programme_start(catalogue, period))
        levels = {"province": request.provincial_form == "workbook"}
        if request.with_lower_level and period.period_kind == "month":
            levels["lower"] = False
        for level, is_workbook in levels.items():
            for branch_code, figures in _figures_by_branch(engine, places, period.end_date, level):
                writer = _Writer(catalogue, request, branch_code, period, columns, is_province=level == "province")
                yield Report(branch_code, period, tuple(writer.values(figures)), is_workbook)


def write_report(directory: Path, report: Report, catalogue: Catalogue) -> Path:
    """Write a report below the zone of submissions and return its path."""
    path = directory / report.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content_of(report, catalogue))
    return path


def content_of(report: Report, catalogue: Catalogue) -> bytes:
    """The bytes of a report."""
    if not report.is_workbook:
        return long_csv(report, catalogue)
    return write_template(
        catalogue,
        report.branch_code,
        report.period.period_code,
        report.values,
        prepared_by=PREPARED_BY,
        prepared_on=report.period.end_date + timedelta(days=2),
    )


def csv_rows(report: Report, catalogue: Catalogue) -> list[dict[str, str]]:
    """The lines of a report in the long form (INTERFACES 2.2)."""
    return [
        {
            "form": FORM,
            "form_version": FORM_VERSION,
            "branch_code": report.branch_code,
            "period_code": report.period.period_code,
            "programme_code": value.programme_code,
            "indicator_code": value.indicator_code,
            "scenario": value.scenario,
            "basis": value.basis,
            "value": str(value.content),
            "unit": catalogue.units[catalogue.indicators[value.indicator_code].unit_code].name_vi,
            "note": value.note,
        }
        for value in report.values
    ]


def long_csv(report: Report, catalogue: Catalogue) -> bytes:
    """A report as a long CSV."""
    return csv_bytes(csv_rows(report, catalogue))


def csv_bytes(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _periods(catalogue: Catalogue, month_end: date) -> list[tuple[Period, Mapping[str, str]]]:
    codes = [(f"{month_end:%Y-%m}", MONTH_COLUMNS)]
    if month_end.month == 6:
        codes.append((f"{month_end.year}-6M", YEAR_COLUMNS))
    if month_end.month == 12:
        codes.append((f"{month_end.year}", YEAR_COLUMNS))
    found = [(catalogue.period(code), columns) for code, columns in codes]
    return [(period, columns) for period, columns in found if period is not None]


def _programme_start(catalogue: Catalogue, period: Period) -> date:
    """Since when results of the start-up programme that runs in a period accumulate."""
    programme = _in_force(catalogue, SERIES[0], period)
    return period.start_date if programme is None else programme.valid_from


def _in_force(catalogue: Catalogue, series: Series, period: Period) -> Programme | None:
    for code in series.programmes:
        programme = catalogue.programmes[code]
        if programme.valid_from <= period.end_date and (
            programme.valid_to is None or period.end_date <= programme.valid_to
        ):
            return programme
    return None


def _figures_by_branch(
    engine: DuckDBPyConnection, places: Sequence[Place], day: date, level: str
) -> Iterator[tuple[str, dict[str, int]]]:
    """Each branch of a level with the sums over its communes; a branch without a commune has nothing to say."""
    branches = [p.province_branch_at(day) if level == "province" else p.lower_branch_at(day) for p in places]
    engine.execute(
        """create or replace table branch_place as
           select unnest($1::bigint[]) as place, unnest($2::varchar[]) as branch_code""",
        [[place.number for place in places], branches],
    )
    cursor = engine.execute(
        """select branch_code, sum(columns(* exclude (place, branch_code)))
           from place_figure inner join branch_place using (place) group by branch_code order by branch_code"""
    )
    rows = cursor.fetchall()
    names = [column[0] for column in engine.execute("describe place_figure").fetchall() if column[0] != "place"]
    for branch_code, *amounts in rows:
        yield branch_code, dict(zip(names, map(int, amounts), strict=True))


@dataclass(frozen=True)
class _Writer:
    """Puts the figures of one branch and period into words."""

    catalogue: Catalogue
    request: Request
    branch_code: str
    period: Period
    columns: Mapping[str, str]
    is_province: bool

    def values(self, figures: Mapping[str, int]) -> Iterator[FormValue]:
        undetermined = UNDETERMINED_SERIES if self.request.with_undetermined else ()
        for series in (*SERIES, *undetermined):
            programme = _in_force(self.catalogue, series, self.period)
            if programme is None or not self._is_known(series):
                continue
            for basis in series.bases:
                prefix = self.columns.get(basis)
                if prefix is not None and f"{prefix}_{series.figure}" in figures:
                    content = self._content(series, basis, prefix, figures)
                    yield FormValue(programme.programme_code, series.indicator_code, "actual", basis, content)
            yield from self._plan(series, programme, figures)

    def _is_known(self, series: Series) -> bool:
        return self.catalogue.indicators[series.indicator_code].valid_from <= self.period.start_date

    def _plan(self, series: Series, programme: Programme, figures: Mapping[str, int]) -> Iterator[FormValue]:
        """A year's report says what was planned for the year, of flows."""
        indicator = self.catalogue.indicators[series.indicator_code]
        if self.period.period_kind == "year" and indicator.measure == "flow":
            parts = ("poor_escaped", "nearpoor_escaped") if series.figure == "out_of_poverty" else (series.figure,)
            planned = sum((figures[f"year_{part}"] // 10 + 1) * 10 for part in parts)
            yield FormValue(programme.programme_code, series.indicator_code, "plan", "in_period", planned)

    def _content(self, series: Series, basis: str, prefix: str, figures: Mapping[str, int]) -> str | int:
        amount = figures[f"{prefix}_{series.figure}"]
        if series.base:
            base = figures[f"{prefix}_{series.base}"]
            return f"{Decimal(amount * 100) / base:.2f}".replace(".", ",") + "%" if base else "x"
        chance = self._chance(series.indicator_code, basis)
        if amount == 0:
            return "-" if chance % 3 == 0 else 0
        if not self.is_province or basis == "programme_to_date":
            return amount
        return self._in_words(series, basis, amount, chance)

    def _in_words(self, series: Series, basis: str, amount: int, chance: int) -> str | int:
        """Of a hundred provincial figures ten are text; of the large ones five are known to three digits only."""
        unit = self.catalogue.units[self.catalogue.indicators[series.indicator_code].unit_code]
        step = 10 ** (len(str(amount)) - 3)
        if basis == "in_period" and step >= 10 and chance < 5:
            below, above = (amount - 1) // step * step, (amount // step + 1) * step
            qualifier, bound = ("more_than", below) if chance < 3 else ("less_than", above)
            return format_value(Quantity(Decimal(bound), qualifier, None, None, "reported"), unit)
        if chance < 15:
            return format_value(Quantity(Decimal(amount), "exact", None, None, "reported"), unit)
        return amount

    def _chance(self, *place: str) -> int:
        """A number from 0 to 99, always the same for the same place."""
        return (
            crc32("|".join((str(self.request.seed), self.branch_code, self.period.period_code, *place)).encode()) % 100
        )
