"""What issue after issue may never break: the figures of the two source documents, from their cells to a release.

The steps are those of `vwu run --direct`; `test_end_to_end.py` sees the same through Airflow's scheduler. Expected
figures come from `fixtures/source_figures.csv`, made by hand from the two press articles, not from our code.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.rows import dict_row

from vwu.database import connect
from vwu.example import write_example
from vwu.publish import checksums, publish
from vwu.rights import allowed
from vwu.rollup import open_release
from vwu.run import run_direct
from vwu.settings import Settings
from vwu.stack.server import admin_url
from vwu.trace import trace

FIGURES = list(csv.DictReader((Path(__file__).parents[1] / "fixtures" / "source_figures.csv").open(encoding="utf-8")))
QUALIFIERS = {"=": "exact", ">": "more_than", "<": "less_than"}
BASES = {
    "CUMULATIVE_PROGRAMME": "programme_to_date",
    "AS_OF_RATIO": "as_of",
    "AS_OF_STOCK": "as_of",
    "PLANNED_IN_PERIOD": "in_period",
    "ATTRIBUTE": "in_period",
    "IN_PERIOD": "in_period",
    "IN_PERIOD_AMBIGUOUS": "in_period",
    "IN_PERIOD_OR_STOCK": "in_period",
    "IN_PERIOD_OR_COMMITTED": "in_period",
}
PERIODS = {"22": ("2024-01", "2024-04/2024-09"), "19": ("T2021-2026-H1",)}


@pytest.fixture(scope="module")
def released(module_database: Settings) -> Settings:
    """The example, published."""
    write_example(Path(module_database.landing))
    assert list(run_direct(module_database, lambda _: None)) == []
    return module_database


@pytest.fixture
def bi(released: Settings) -> Iterator[psycopg.Cursor[dict[str, Any]]]:
    """A cursor as a BI tool has it."""
    with connect(released, "bi_reader") as connection, connection.cursor(row_factory=dict_row) as cursor:
        yield cursor


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def reported(bi: psycopg.Cursor[dict[str, Any]], figure: dict[str, str]) -> list[dict[str, Any]]:
    return bi.execute(
        """select * from published.report_indicator
           where programme_code = %(programme_code)s and indicator_code = %(indicator_code)s
               and province_code = %(province_code_pre2025)s and value_state = 'reported'""",
        figure,
    ).fetchall()


def test_the_fixture_is_whole() -> None:
    assert len(FIGURES) == len({figure["fact_id"] for figure in FIGURES}) == 23


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["fact_id"])
def test_a_figure_of_the_documents_is_published_as_it_was_said(
    bi: psycopg.Cursor[dict[str, Any]], figure: dict[str, str]
) -> None:
    (row,) = reported(bi, figure)
    assert row["scenario"] == {"planned": "plan", "actual": "actual"}[figure["plan_or_actual"]]
    assert row["basis"] == BASES[figure["period_type"]]
    assert row["value"] == number(figure["value_base_unit"])
    assert row["unit_code"] == figure["unit_code"].replace("VND_BN", "VND")
    assert row["qualifier"] == QUALIFIERS[figure["qualifier_op"]]
    assert (row["lower_bound"], row["upper_bound"]) == (number(figure["lower_bound"]), number(figure["upper_bound"]))
    assert row["period_code"] in PERIODS[figure["province_code_pre2025"]]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["fact_id"])
def test_a_figure_is_traced_to_its_workbook_sheet_and_cell(
    released: Settings, bi: psycopg.Cursor[dict[str, Any]], figure: dict[str, str]
) -> None:
    (row,) = reported(bi, figure)
    with open_release(released) as (connection, release):
        found = trace(
            connection,
            release,
            programme_code=figure["programme_code"],
            indicator_code=figure["indicator_code"],
            region_code=figure["province_code_pre2025"],
            period_code=row["period_code"],
        )
    (value,) = [each for each in found.contributions if each.value_state == "reported"]
    sheet, _, cell = value.position.partition("!")
    path = next(Path(released.landing).rglob(value.file_name))
    assert path.suffix == ".xlsx"
    assert read_cell(path, sheet, cell) == value.raw_text


def read_cell(path: Path, sheet: str, cell: str) -> str:
    """The text of a cell by a reader that the product does not use for reading."""
    from openpyxl import load_workbook

    return str(load_workbook(path, read_only=False)[sheet][cell].value)


def rolled_up(bi: psycopg.Cursor[dict[str, Any]], indicator_code: str, **where: str) -> list[dict[str, Any]]:
    rows = bi.execute(
        "select * from published.report_rollup where indicator_code = %s order by region_level, region_code, boundary",
        [indicator_code],
    ).fetchall()
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


@pytest.mark.parametrize("indicator", ["CREDIT_GUARANTEED_AMOUNT", "ORPHANS_SPONSORED", "SPONSORSHIP_FUND"])
def test_what_the_source_does_not_determine_is_in_no_total(bi: psycopg.Cursor[dict[str, Any]], indicator: str) -> None:
    rows = [row for row in rolled_up(bi, indicator, scenario="actual") if row["region_level"] == "nation"]
    assert rows
    for row in rows:
        assert (row["value"], row["lower_bound"], row["upper_bound"]) == (None, None, None)
        assert row["blocked_reason"]
        assert row["blocked_reason_vi"]


def test_a_bounded_figure_stays_bounded_in_the_total(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    rows = rolled_up(bi, "FEMALE_WORKERS_TRAINED", scenario="actual", region_code="VN", period_code="T2021-2026-H1")
    assert rows
    for row in rows:
        assert (row["value"], row["lower_bound"], row["upper_bound"]) == (18000, 18000, None)
        assert row["is_approximate"]


def test_the_plan_is_in_no_actual(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    classes = rolled_up(bi, "TRAINING_CLASSES")
    assert {row["scenario"] for row in classes if row["value"] is not None} == {"plan"}


def test_the_claim_stands_beside_what_contradicts_it(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    rows = bi.execute("select * from published.finding where family = 'reconciliation'").fetchall()
    assert rows
    assert all("1.995" in row["message_vi"] and "1.995" in row["message_en"] for row in rows)
    assert {row["severity"] for row in rows} == {"warning"}


def test_a_hundred_per_cent_without_a_base_is_in_no_total(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    rows = rolled_up(bi, "MEMBERS_REACHED_STARTUP_AWARENESS_PCT")
    higher = [row for row in rows if row["region_level"] in {"nation", "economic_region"}]
    assert higher
    assert all(row["value"] is None and row["blocked_reason"] for row in higher)


def test_six_and_two_of_eight_belong_to_the_province_alone(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    for indicator, value in (("RESOLUTION_TARGETS_EXCEEDED", 6), ("RESOLUTION_TARGETS_MET", 2)):
        rows = rolled_up(bi, indicator)
        assert {row["programme_code"] for row in rows} == {"NQ_TN_XIV"}
        assert {row["value"] for row in rows if row["region_code"] == "19" and row["boundary"] == "as_reported"} == {
            value
        }
        assert {row["value"] for row in rows if row["region_level"] == "nation"} <= {None}


def test_missing_branches_are_counted_not_hidden(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    rows = rolled_up(bi, "WOMEN_STARTUP_SUPPORTED", region_code="VN", period_code="2024-01", scenario="actual")
    assert rows
    for row in rows:
        assert row["branches_reported"] == 1
        assert row["branches_expected"] == 63
        assert 0 < row["coverage_pct"] < 2


def test_credit_equals_what_the_bank_stated(released: Settings, bi: psycopg.Cursor[dict[str, Any]]) -> None:
    published = bi.execute(
        """select month.end_date, sum(credit.closing_balance) as balance, sum(credit.overdue) as overdue
           from published.fct_credit_month as credit
           inner join published.dim_period as month on month.period_key = credit.period_key
           group by month.end_date order by month.end_date"""
    ).fetchall()
    with connect(released, "loader") as connection:
        stated = connection.execute(
            """select as_of_date, sum_closing_balance, sum_overdue
               from raw.feed_control where kind = 'loan' order by as_of_date"""
        ).fetchall()
    assert [tuple(row.values()) for row in published] == stated
    assert len(stated) == 3


def test_what_few_people_have_is_put_together_or_withheld(bi: psycopg.Cursor[dict[str, Any]]) -> None:
    rows = bi.execute("select * from published.report_credit").fetchall()
    assert {row["value_state"] for row in rows} == {"suppressed", "remainder"}
    for row in rows:
        counts = [row["borrowers"], row["female_borrowers"], row["households"]]
        assert all(count is None or count == 0 or count >= 5 for count in counts), row
        assert row["value_state"] == "remainder" or row["region_level"] == "commune"
    # One person's frozen loan is too few even for the whole bank and month: the month's remainder says so.
    assert sum(row["frozen"] or 0 for row in rows) == 0
    assert [row["region_level"] for row in rows if row["value_state"] == "remainder" and row["suppressed_figures"]] == [
        "nation"
    ] * 3


def test_running_again_publishes_nothing_and_changes_no_byte(released: Settings) -> None:
    before = checksums(released)
    assert before
    assert list(run_direct(released, lambda _: None)) == []
    again = publish(released)
    assert not again.is_new
    assert checksums(released) == before


def administer(settings: Settings) -> psycopg.Connection[Any]:
    """A superuser's connection to this very database."""
    return psycopg.connect(admin_url(settings, urlsplit(settings.database_url("owner")).path.lstrip("/")))


def test_bi_reads_what_is_written_and_nothing_else(released: Settings) -> None:
    with administer(released) as admin:
        relations = admin.execute(
            """select format('%I.%I', namespace.nspname, relation.relname), namespace.nspname, relation.relname
               from pg_class as relation inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
               where relation.relkind in ('r', 'v', 'p', 'm')
                   and namespace.nspname not in ('pg_catalog', 'information_schema') and namespace.nspname !~ '^pg_'"""
        ).fetchall()
    assert {schema for _, schema, _ in relations} >= {"raw", "vault", "intake", "marts", "release", "published"}
    with connect(released, "bi_reader", autocommit=True) as bi:
        for relation, schema, name in relations:
            if allowed("bi_reader", schema, name):
                bi.execute(f"select * from {relation} limit 1")
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    bi.execute(f"select * from {relation} limit 1")


def test_identities_are_in_the_vault_and_nowhere_else(released: Settings) -> None:
    """Every citizen id and name of the feeds, in every text of every table, and in every file that was produced."""
    people = {
        text
        for path in Path(released.landing).rglob("Sao kê khoản vay*.csv")
        for line in csv.DictReader(path.open(encoding="utf-8"))
        for text in (line["citizen_id"], line["full_name"])
        if len(text) >= 9
    }
    assert len(people) > 100
    with administer(released) as admin:
        tables = admin.execute(
            """select namespace.nspname, relation.relname
               from pg_class as relation inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
               where relation.relkind = 'r' and namespace.nspname !~ '^(pg_|information_schema)'"""
        ).fetchall()
        assert ("vault", "person") in tables
        for schema, table in tables:
            content = "\n".join(row[0] for row in admin.execute(f'select t::text from "{schema}"."{table}" as t'))
            found = {each for each in people if each in content}
            assert (schema == "vault") or not found, f"{schema}.{table}: {len(found)} identities"
    produced = [path for path in released.home.rglob("*") if path.is_file() and "landing" not in path.parts]
    assert produced
    for path in produced:
        content = path.read_bytes().decode("utf-8", "ignore")
        assert not [each for each in people if each in content], f"an identity stands in {path.name}"
