"""Roll-up, report and trace of a real release: pinned, repeatable, whole, and adding up to what was reported.

Beside the example, branches of two levels report a flow and a stock over several months, so that a quarter is a sum of
months, a province speaks for its district, a later state takes an earlier one's place, and an old province counts in
the new one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date
from decimal import Decimal
from email.message import Message
from html import escape
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from browsing import DESK, PHONE, keeps_nobody_out, opened, scrolls_down_only
from dashboards import names_of, queries_of, read_dashboards, relations_of
from json_output import machine_output
from playwright.sync_api import Browser

from vwu.catalogue import load_catalogue
from vwu.cli.main import main
from vwu.database import connect
from vwu.example import write_example
from vwu.intake.submission.template import FormValue, write_template
from vwu.mail import MailError
from vwu.publish import PublishError, make_official
from vwu.publish.province import drop_reader, ensure_reader, login_of
from vwu.readiness import read_readiness
from vwu.report import write_report
from vwu.report.tilemap import read_grid
from vwu.rollup import (
    NothingPublishedError,
    list_due_periods,
    list_waiting_periods,
    national_rollup,
    open_release,
    own_digests,
    read_rollup,
    series_digests,
)
from vwu.run import run_direct
from vwu.settings import Settings
from vwu.stack.ports import choose
from vwu.stack.postgres import client
from vwu.stack.server import admin_url, warehouse_admin, warehouse_name
from vwu.trace import Trace, UnknownCellError, trace

TODAY = date(2026, 11, 22)
SHELTERS, SHOPS = ("MAIAM", "SHELTERS_BUILT_REPAIRED"), ("NQ_TN_XIV", "SAFE_PRODUCE_SHOPS_MAINTAINED")
REPORTED = (
    # branch, month, programme and indicator, basis, what stands in the cell
    ("P22-D200", "2024-01", SHELTERS, "in_period", "3"),
    ("P22-D200", "2024-02", SHELTERS, "in_period", "2"),
    ("P22-D198", "2024-01", SHELTERS, "in_period", "trên 5"),
    ("P19", "2024-01", SHELTERS, "in_period", "7"),
    ("P19-D171", "2024-01", SHELTERS, "in_period", "4"),
    ("P06", "2024-01", SHELTERS, "in_period", "6"),
    ("P19", "2024-02", SHOPS, "as_of", "21"),
    ("P19", "2024-03", SHOPS, "as_of", "24"),
)


@pytest.fixture(scope="module")
def released(module_database: Settings) -> Settings:
    """The example and the reports above, published as release 1."""
    landing = Path(module_database.landing)
    write_example(landing)
    catalogue = load_catalogue(module_database.root / "seeds")
    for branch, month in sorted({(branch, month) for branch, month, *_ in REPORTED}):
        values = [
            FormValue(*cell, "actual", basis, text)
            for other, period, cell, basis, text in REPORTED
            if (other, period) == (branch, month)
        ]
        path = landing / "branch_submissions" / "thêm" / f"{branch} {month}.xlsx"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(write_template(catalogue, branch, month, values))
    assert run_direct(module_database, print) == ()
    return module_database


def traced(settings: Settings, cell: tuple[str, str], region: str, period: str) -> Trace:
    with open_release(settings) as (connection, release):
        return trace(
            connection,
            release,
            programme_code=cell[0],
            indicator_code=cell[1],
            region_code=region,
            period_code=period,
        )


def roles(found: Trace) -> dict[tuple[str, str], str]:
    return {(each.branch_code, each.period_code): each.role for each in found.contributions}


def test_a_quarter_leads_to_the_months_that_it_is_made_of(released: Settings) -> None:
    found = traced(released, SHELTERS, "VN", "2024-Q1")
    assert roles(found) == {
        ("P22-D200", "2024-01"): "counted",
        ("P22-D200", "2024-02"): "counted",
        ("P22-D198", "2024-01"): "counted",
        ("P19", "2024-01"): "counted",
        ("P06", "2024-01"): "counted",
        ("P19-D171", "2024-01"): "spoken_for",
    }
    (cell,) = [each for each in found.cells if each.boundary == "as_reported"]
    assert cell.value == 23
    assert (cell.lower_bound, cell.upper_bound, cell.is_lower_open) == (23, None, True)
    places = {(each.branch_code, each.raw_text, each.file_name) for each in found.contributions}
    assert ("P22-D198", "trên 5", "P22-D198 2024-01.xlsx") in places


def test_an_old_province_counts_in_todays_province_only(released: Settings) -> None:
    found = traced(released, SHELTERS, "19", "2024-01")
    assert {cell.boundary: cell.value for cell in found.cells} == {"as_reported": 7, "as_now": 13, "as_before": 7}
    counted = {
        each.branch_code: (each.is_in_as_reported, each.is_in_as_now)
        for each in found.contributions
        if each.role == "counted"
    }
    assert counted == {"P19": (True, True), "P06": (False, True)}


def test_a_later_state_takes_an_earlier_ones_place(released: Settings) -> None:
    found = traced(released, SHOPS, "19", "2024-Q1")
    assert roles(found) == {("P19", "2024-02"): "earlier", ("P19", "2024-03"): "counted"}
    assert {cell.value for cell in found.cells} == {Decimal(24)}


def test_every_added_figure_is_the_sum_of_the_values_it_is_traced_to(released: Settings) -> None:
    with open_release(released) as (connection, release):
        figures = [
            (period, figure)
            for period in ("2024-01", "2024-02", "2024-Q1", "2024", "T2021-2026-H1")
            for figure in read_rollup(connection, release, period).figures
            if figure.boundary == "as_reported" and not figure.blocked_reason and figure.measure in ("flow", "stock")
        ]
        assert len(figures) > 40
        for period, figure in figures:
            found = trace(
                connection,
                release,
                programme_code=figure.programme_code,
                indicator_code=figure.indicator_code,
                region_code=figure.region_code,
                period_code=period,
            )
            wanted = ("counted", figure.scenario, figure.basis)
            parts = [
                each.value
                for each in found.contributions
                if (each.role, each.scenario, each.basis) == wanted and each.is_in_as_reported
            ]
            assert parts, (period, figure)
            assert sum(part for part in parts if part is not None) == figure.value, (period, figure)


def test_what_is_held_out_still_leads_to_its_cell(released: Settings) -> None:
    found = traced(released, ("TINCHAP", "CREDIT_GUARANTEED_AMOUNT"), "P19", "T2021-2026-H1")
    assert all(cell.value is None and cell.blocked_reason_vi for cell in found.cells)
    (value,) = found.contributions
    assert (value.role, value.raw_text, value.position) == ("held_out", "trên 3.500 tỉ đồng", "BaoCao!G69")


def test_an_unknown_code_is_named(released: Settings) -> None:
    with pytest.raises(UnknownCellError, match=r"unknown: indicator NOPE$"):
        traced(released, ("DA939", "NOPE"), "VN", "2024-01")
    with pytest.raises(UnknownCellError, match=r"SHELTER_BUILT_REPAIRED .*meant: SHELTERS_BUILT_REPAIRED"):
        traced(released, ("MAIAM", "SHELTER_BUILT_REPAIRED"), "VN", "2024-01")
    with pytest.raises(UnknownCellError, match="nothing is published for this cell"):
        traced(released, SHELTERS, "79", "2024-01")


def test_an_unknown_period_or_release_is_refused(released: Settings, tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="there is no period 2024-13"):
        write_report(released, "2024-13", tmp_path)
    with pytest.raises(NothingPublishedError, match="there is no release 99"):
        write_report(released, "2024-01", tmp_path, release_id=99)


def contents(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found
    return found


def test_a_report_is_whole_and_the_same_each_time(released: Settings, tmp_path: Path) -> None:
    report = write_report(released, "2024-01", tmp_path / "one")
    first = contents(tmp_path / "one")
    assert {path.relative_to(report.folder).as_posix() for path in report.files} == first.keys()
    assert {"index.html", "rollup.xlsx", "report.json", "package/datapackage.json"} <= first.keys()
    write_report(released, "2024-01", tmp_path / "two")
    assert contents(tmp_path / "two") == first
    page = first["index.html"].decode()
    assert len(first["index.html"]) < 1_000_000
    for said in ("2.238", "BaoCao!I14", "Quảng Ninh", "Hoàng Sa", "Trường Sa", "15,4 tỷ đồng", "RATIO_WITHOUT_BASE"):
        assert said in page, said


def test_the_package_describes_exactly_what_it_holds(released: Settings, tmp_path: Path) -> None:
    write_report(released, "2024-01", tmp_path)
    package = json.loads((tmp_path / "package" / "datapackage.json").read_text("utf-8"))
    with connect(released, "bi_reader") as connection:
        views = {name for (name,) in connection.execute("select viewname from pg_views where schemaname = 'published'")}
    assert {resource["path"] for resource in package["resources"]} == {f"{view}.csv" for view in views}
    assert {path.name for path in (tmp_path / "package").iterdir()} == {
        *(f"{view}.csv" for view in views), "datapackage.json", "dictionary.csv", "sdmx_rollup.csv",
        "datacontract.yaml",
    }  # fmt: skip
    for resource in package["resources"]:
        content = (tmp_path / "package" / resource["path"]).read_bytes()
        assert len(content) == resource["bytes"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == resource["hash"]
        header = next(csv.reader(io.StringIO(content.decode())))
        assert header == [field["name"] for field in resource["schema"]["fields"]]
    values = list(csv.DictReader((tmp_path / "package" / "report_indicator.csv").open(encoding="utf-8")))
    assert {row["period_code"] for row in values} == {"2024-01"}
    credit = list(csv.DictReader((tmp_path / "package" / "fct_credit_month.csv").open(encoding="utf-8")))
    assert sum(Decimal(row["closing_balance"]) for row in credit if row["closing_balance"]) == 15_396_700_000


def test_every_published_column_is_described_in_both_languages(released: Settings, tmp_path: Path) -> None:
    write_report(released, "2024-01", tmp_path)
    rows = list(csv.DictReader((tmp_path / "package" / "dictionary.csv").open(encoding="utf-8")))
    assert len({row["view"] for row in rows}) > 20
    assert [row for row in rows if not (row["description_en"] and row["description_vi"])] == []


def test_sdmx_says_every_figure_of_the_period_and_why_one_is_missing(released: Settings, tmp_path: Path) -> None:
    write_report(released, "2024-01", tmp_path)
    rows = list(csv.DictReader((tmp_path / "package" / "sdmx_rollup.csv").open(encoding="utf-8")))
    with open_release(released) as (connection, release):
        told = read_rollup(connection, release, "2024-01").figures
    shown = {
        (row["INDICATOR"], row["REF_AREA"], row["BOUNDARY"], row["SCENARIO"], row["BASIS"], row["PROGRAMME"]): row
        for row in rows
        if row["REF_LEVEL"] in ("nation", "province")
    }
    assert len(shown) == len(told) > 0
    for figure in told:
        row = shown[
            figure.indicator_code, figure.region_code, figure.boundary, figure.scenario, figure.basis,
            figure.programme_code,
        ]  # fmt: skip
        assert (Decimal(row["OBS_VALUE"]) if row["OBS_VALUE"] else None) == figure.value
        assert (row["OBS_STATUS"] == "M") == (row["COMMENT"] != "") == bool(figure.blocked_reason)
    assert {row["OBS_STATUS"] for row in rows} == {"P", "L", "M"}
    assert {row["TIME_PERIOD"] for row in rows} == {"2023-12-15/P1M"}


def test_the_contract_holds_against_the_database(released: Settings, tmp_path: Path) -> None:
    """datacontract-cli reads the contract by the standard and tests every column where it is served."""
    write_report(released, "2024-01", tmp_path)
    path = tmp_path / "package" / "datacontract.yaml"
    contract = yaml.safe_load(path.read_text("utf-8"))
    with connect(released, "bi_reader") as connection:
        where = connection.info
        server = {"host": where.host, "port": where.port, "database": where.dbname}
        secrets = {"DATACONTRACT_POSTGRES_USERNAME": where.user, "DATACONTRACT_POSTGRES_PASSWORD": where.password}
    contract["servers"][0] |= server
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    tool = released.root / ".venv" / "contract" / "bin" / "datacontract"
    subprocess.run([tool, "lint", path], check=True, capture_output=True)
    done = subprocess.run([tool, "test", path], env=os.environ | secrets, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    contract["schema"][0]["properties"].append({"name": "nowhere", "logicalType": "string"})
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    done = subprocess.run([tool, "test", path], env=os.environ | secrets, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_nothing_is_due_twice(released: Settings) -> None:
    assert list_due_periods(released, today=TODAY) == []  # the run wrote them
    (released.home / "reports" / "2024-01" / "report.json").unlink()
    assert list_due_periods(released, today=TODAY) == ["2024-01"]
    assert list_due_periods(released, today=date(2024, 1, 19)) == []  # its last day to report has not passed
    folder = national_rollup(released, "2024-01")
    assert (folder / "index.html").exists()
    assert list_due_periods(released, today=TODAY) == []


def test_a_period_waits_for_its_reports_by_name_until_its_due_date(released: Settings) -> None:
    with open_release(released) as (connection, _):
        periods = {each.period_code: each for each in read_readiness(connection)}
    january = periods["2024-01"]
    assert (january.owed, january.came + len(january.awaited)) == (63, 63)
    assert "Hội LHPN tỉnh Quảng Ninh" not in january.awaited
    assert "Hội LHPN thành phố Hà Nội" in january.awaited
    (waiting,) = [each for each in list_waiting_periods(released, january.due_date) if each.period_code == "2024-01"]
    assert waiting == january
    assert "2024-01" not in {each.period_code for each in list_waiting_periods(released, TODAY)}


def test_a_report_is_sent_to_the_desk_once_for_what_it_shows(released: Settings, tmp_path: Path) -> None:
    received: list[Message] = []

    class Desk(MessageHandler):
        def handle_message(self, message: Message) -> None:
            received.append(message)

    controller = Controller(Desk(), hostname="127.0.0.1", port=choose())
    controller.start()
    try:
        contacts = tmp_path / "contacts.csv"
        contacts.write_text("branch_code,email\nTW,ban-tong-hop@example.vn\n", encoding="utf-8")
        server = f"smtp://127.0.0.1:{controller.port}"
        posting = replace(released, smtp_url=server, smtp_from="vwu@example.vn", contacts_file=contacts)
        folder = national_rollup(posting, "2024-01")
        national_rollup(posting, "2024-01")
        (letter,) = received
        assert (letter["To"], letter["From"]) == ("ban-tong-hop@example.vn", "vwu@example.vn")
        (attachment,) = [part for part in letter.walk() if part.get_filename()]
        assert attachment.get_filename() == "2024-01.xlsx"
        assert attachment.get_payload(decode=True) == (folder / "rollup.xlsx").read_bytes()
        contacts.write_text("branch_code,email\nP22,qn@example.vn\n", encoding="utf-8")
        (folder / "sent.json").unlink()
        with pytest.raises(MailError, match="no address of TW"):
            national_rollup(posting, "2024-01")
    finally:
        controller.stop()
    contacts.write_text("branch_code,email\nTW,ban-tong-hop@example.vn\n", encoding="utf-8")
    with pytest.raises(MailError, match="does not answer"):
        national_rollup(posting, "2024-01")
    assert (folder / "index.html").exists()


def test_a_report_is_pinned_to_its_release_and_the_next_says_what_changed(released: Settings, tmp_path: Path) -> None:
    write_report(released, "2024-02", tmp_path / "before")
    with open_release(released) as (_, first):
        pass
    catalogue = load_catalogue(released.root / "seeds")
    corrected = Path(released.landing) / "branch_submissions" / "thêm" / "P22-D200 2024-02 nộp lại.xlsx"
    values = [FormValue(*SHELTERS, "actual", "in_period", "9")]
    corrected.write_bytes(write_template(catalogue, "P22-D200", "2024-02", values))
    assert run_direct(released, print) == ()

    write_report(released, "2024-02", tmp_path / "pinned", release_id=first.release_id)
    before, pinned = contents(tmp_path / "before"), contents(tmp_path / "pinned")
    differs = {name for name, content in before.items() if pinned[name] != content}
    assert differs == {"package/release_history.csv", "package/datapackage.json"}  # the list of releases grew

    write_report(released, "2024-02", tmp_path / "now")
    page = (tmp_path / "now" / "index.html").read_text("utf-8")
    assert f"bản {first.release_id} ghi 2" in page
    assert "Hội LHPN huyện Đầm Hà" in page[page.index('id="revisions"') : page.index('id="coverage"')]
    assert page != before["index.html"].decode()
    with open_release(released, first.release_id) as (connection, release):
        assert read_rollup(connection, release, "2024-02").beside.former is None


def test_a_correction_makes_the_later_reports_of_its_kind_due(released: Settings) -> None:
    """They show it in their series: February's figure stands beside March's."""
    with open_release(released) as (connection, _):
        periods = own_digests(connection)
    months = [each for each in periods if each.period_kind == "month"]
    other = [replace(each, digest="other") if each is months[1] else each for each in periods]
    was, now = series_digests(periods), series_digests(other)
    assert [each.period_code for each in periods if was[each.period_code] != now[each.period_code]] == [
        each.period_code for each in months[1:]
    ]


def test_the_package_is_what_its_description_says(released: Settings, tmp_path: Path) -> None:
    """Frictionless reads every file by its schema, size and checksum."""
    from frictionless import Package, system

    write_report(released, "2024-Q1", tmp_path)
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "package" / "datapackage.json")).validate()
    assert report.stats["tasks"] > 15
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []


@pytest.fixture(scope="module")
def site(released: Settings) -> Path:
    """The folder of the site, as `vwu docs` writes it."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("VWU_HOME", str(released.home))
        patch.setenv("VWU_DATABASE_URL", admin_url(released, warehouse_name(released)))
        assert main(["docs", "--json"]) == 0
    return Path(machine_output("docs", printed.getvalue())["start"]).parent


@pytest.mark.program("chromium")
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_one_is_kept_out_of_the_site(site: Path, browser: Browser, size: dict[str, int]) -> None:
    """Of the pages that are made here; dbt's docs and the Data Docs are made by those tools, as they please."""
    for name in ("index.html", "status.html", "rules.html", "dictionary.html"):
        page, asked = opened(browser, site / name, size)
        keeps_nobody_out(page)
        scrolls_down_only(page)
        assert asked == [(site / name).as_uri()]
        page.close()


def test_the_site_is_whole_and_tells_what_became_of_every_file(released: Settings, site: Path) -> None:
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html") if path.parent.name in ("site", "guide")}
    assert len(pages) > 15
    for path, text in pages.items():
        assert "<script" not in text
        assert re.findall(r'(?:src|href)="https?://(?!www|vanban|datafiles)', text.partition("<main>")[0]) == []
        for target in re.findall(r'href="(?!https?:|#)([^"#]+)', text):
            assert (path.parent / target).exists(), f"{path.name} leads to {target}"
    status = pages[site / "status.html"]
    with connect(released, "loader") as connection:
        receipts = connection.execute("select receipt_id, state, reason_vi from intake.receipt").fetchall()
    assert {state for _, state, _ in receipts} >= {"landed", "rejected"}
    for receipt_id, state, reason in receipts:
        assert receipt_id in status
        assert state in status
        assert escape(reason) in status
    with connect(released, "bi_reader") as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'published' "
            "and (table_name like 'dim%' or table_name like 'fct%') and column_name <> 'release_id'"
        ).fetchall()
    assert len(columns) > 100
    for table, column in columns:
        assert f'id="{table}.{column}"' in pages[site / "dictionary.html"]
    assert 'id="FILE_' in pages[site / "rules.html"]
    assert 'id="GATE_' in pages[site / "rules.html"]
    assert (site / "dbt" / "index.html").stat().st_size > 1_000_000


def test_official_figures_stay_and_a_revision_says_why(released: Settings, tmp_path: Path) -> None:
    approver = replace(released, who="Trưởng ban Tổng hợp")
    with pytest.raises(PublishError, match=r"cannot be official yet: it waits for .*Hội LHPN thành phố Hà Nội"):
        make_official(approver, "2024-03", today=date(2024, 3, 15))
    first = make_official(approver, "2024-03", today=TODAY)
    assert (first.vintage, first.status, first.approved_by) == (1, "official", "Trưởng ban Tổng hợp")
    with pytest.raises(PublishError, match="are its vintage 1 already"):
        make_official(approver, "2024-03", reason="lần nữa", today=TODAY)
    write_report(released, "2024-03", tmp_path / "official")
    assert "chính thức" in (tmp_path / "official" / "index.html").read_text("utf-8").partition("</header>")[0]

    catalogue = load_catalogue(released.root / "seeds")
    later = Path(released.landing) / "branch_submissions" / "thêm" / "P19 2024-03 nộp lại.xlsx"
    later.write_bytes(write_template(catalogue, "P19", "2024-03", [FormValue(*SHOPS, "actual", "as_of", "25")]))
    assert run_direct(released, print) == ()
    write_report(released, "2024-03", tmp_path / "after")
    head = (tmp_path / "after" / "index.html").read_text("utf-8").partition("</header>")[0]
    assert "sơ bộ" in head
    assert (
        f'số chính thức ở bản phát hành</span><span lang="en">official figures in release</span> {first.release_id}'
        in head
    )

    with pytest.raises(PublishError, match="needs a reason"):
        make_official(approver, "2024-03", today=TODAY)
    second = make_official(approver, "2024-03", reason="Thái Nguyên nộp lại", today=TODAY)
    assert (second.vintage, second.status, second.release_id > first.release_id) == (2, "revised", True)
    write_report(released, "2024-03", tmp_path / "then", release_id=first.release_id)
    assert (tmp_path / "then" / "province" / "19.html").read_bytes() == (
        tmp_path / "official" / "province" / "19.html"
    ).read_bytes()
    with connect(released, "publisher") as connection:
        for change in ("update release.vintage set reason = 'x'", "delete from release.vintage"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(change)


def test_the_walk_through_says_what_the_example_gives(released: Settings, tmp_path: Path) -> None:
    said = (released.root / "docs" / "walk-through.md").read_text("utf-8")
    write_report(released, "T2021-2026-H1", tmp_path)
    nation = (tmp_path / "index.html").read_text("utf-8")
    province = (tmp_path / "province" / "19.html").read_text("utf-8")
    for figure in ("60.425", "1/63", "2.238", "20.000", "1 tỉnh có số", "chưa đánh giá được"):
        assert figure in said
        assert figure in nation
    (receipt,) = re.findall(r"`([0-9a-f]{16})`", said)
    assert "“60.425 lượt” · BaoCao!G70 · " in province
    assert receipt in province


QUESTION = (
    "select region_code, value::text, coverage_pct::text, release_id::text from published.report_rollup "
    "where period_code = '2024-01' and indicator_code = 'SHELTERS_BUILT_REPAIRED' and boundary = 'as_now' "
    "and region_level in ('nation', 'province') order by region_code"
)


def test_any_sql_tool_reads_the_same(released: Settings) -> None:
    dsn = released.database_url("bi_reader")
    told = subprocess.run(
        [str(client("psql")), "--no-psqlrc", "--csv", "--tuples-only", "--command", QUESTION, dsn],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    engine = sqlalchemy.create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        views = sqlalchemy.inspect(connection).get_view_names(schema="published")
        rows = connection.execute(sqlalchemy.text(QUESTION)).all()
        connection.execute(sqlalchemy.text("set local vwu.release = '1'"))
        pinned = connection.execute(sqlalchemy.text(QUESTION)).all()
    engine.dispose()
    assert {"report_rollup", "report_credit", "fct_indicator_value", "dim_region", "release_info"} <= set(views)
    assert [[cell or "" for cell in row] for row in rows] == list(csv.reader(io.StringIO(told)))
    assert {row.region_code for row in rows} >= {"VN", "19", "22"}
    assert {row.release_id for row in pinned} == {"1"}


@pytest.fixture
def readers(released: Settings) -> Iterator[Mapping[str, str]]:
    """URIs of what `vwu reader` makes: readers of Thái Nguyên and of Quảng Ninh."""
    catalogue = load_catalogue(released.root / "seeds")
    with warehouse_admin(released) as admin:
        logins = {code: login_of(catalogue, code) for code in ("19", "22")}
        yield {code: released.login_url(login, ensure_reader(admin, login)) for code, login in logins.items()}
        assert [drop_reader(admin, login) for login in logins.values()] == [True, True]
        assert not drop_reader(admin, logins["19"])


def test_a_province_sees_its_own_ground_and_the_nations_totals(released: Settings, readers: Mapping[str, str]) -> None:
    """Thái Nguyên took Bắc Kạn (06) in: what is published of both, and no row of anybody else's."""
    asked = (
        ("report_rollup", "province_code in ('19', '06') or region_level = 'nation'"),
        ("report_credit", "province_code = '19'"),
        ("report_submission", "left(branch_code, 3) in ('P19', 'P06')"),
        ("report_target", "region_code in ('19', '06', 'VN')"),
    )
    with connect(released, "bi_reader") as nation, psycopg.connect(readers["19"]) as province:
        for view, own in asked:
            seen, published = (
                connection.execute(f"select to_jsonb(each)::text from {rows}").fetchall()
                for connection, rows in (
                    (province, f"province.{view} as each"),
                    (nation, f"published.{view} as each where {own}"),
                )
            )
            assert sorted(seen) == sorted(published), view
            assert seen, view
        shown, published = (
            {view for (view,) in connection.execute("select viewname from pg_views where schemaname = %s", [schema])}
            for connection, schema in ((province, "province"), (nation, "published"))
        )
        assert shown == published - {"finding", "fct_credit_correction"} | {"my_province", "my_region", "my_branch"}
        for view in ("fct_indicator_rollup", "fct_indicator_value", "fct_credit_borrower", "fct_credit_month",
                     "fct_reconciliation", "fct_target_attainment"):  # fmt: skip
            codes = province.execute(
                f"""select distinct coalesce(province_code, level) from province.{view}
                    inner join province.dim_region using (region_key)"""
            ).fetchall()
            assert codes, view
            assert {code for (code,) in codes} <= {"19", "06", "nation"}, view


def test_a_province_reads_nothing_past_its_views(released: Settings, readers: Mapping[str, str]) -> None:
    with psycopg.connect(readers["22"], autocommit=True) as province:
        for relation in ("published.fct_indicator_rollup", "published.dim_region", "release.fct_indicator_rollup",
                         "marts.fct_indicator_rollup", "intake.receipt", "vault.person"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                province.execute(f"select from {relation}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            province.execute("create view province.mine as select 1 as one")
        # A condition that fails on others' rows would tell that they are there: it is not asked of them.
        told = province.execute(
            "select count(*) from province.report_rollup where 1 / (province_code <> '19')::integer > 0"
        ).fetchone()
        assert told != (0,)
    with warehouse_admin(released) as admin:
        admin.execute("set role province_reader")
        assert admin.execute("select count(*) from province.report_rollup").fetchone() == (0,)


def test_dashboards_name_only_what_is_published(released: Settings) -> None:
    assets = read_dashboards(released.root)
    assert len(assets.dashboards) == 3
    with connect(released, "bi_reader") as reader:
        for dataset in assets.datasets.values():
            assert {name.partition(".")[0] for name in relations_of(dataset["sql"])} == {"published"}
            shown = reader.execute(f"select * from ({dataset['sql']}) as asked limit 0").description or []
            assert [column.name for column in shown] == [column["column_name"] for column in dataset["columns"]]
            for metric in dataset["metrics"]:
                reader.execute(f"select {metric['expression']} from ({dataset['sql']}) as asked")
    for chart in assets.charts.values():
        dataset = assets.datasets[chart["dataset_uuid"]]
        known = {each["column_name"] for each in dataset["columns"]} | {
            each["metric_name"] for each in dataset["metrics"]
        }
        assert [query for query in queries_of(chart) if names_of(query) - known] == []
    for dashboard in assets.dashboards.values():
        shown_charts = {each["meta"]["uuid"] for key, each in dashboard["position"].items() if key.startswith("CHART-")}
        assert shown_charts <= set(assets.charts)
        heads = {chart["slice_name"] for key, chart in assets.charts.items() if key in shown_charts}
        assert heads & {"Kỳ và bản phát hành", "Tháng và bản phát hành"}


def test_no_dashboard_adds_what_must_not_be_added(released: Settings) -> None:
    """A metric over several months, or over several figures, is empty and never a sum that means nothing."""
    assets = {dataset["table_name"]: dataset for dataset in read_dashboards(released.root).datasets.values()}
    with connect(released, "bi_reader") as reader:
        for name, safe in (("vwu_figure", "indicator_code = 'no such'"), ("vwu_borrower", "false")):
            for metric in assets[name]["metrics"]:
                if metric["metric_name"] in ("figure", "coverage_of_figure", "people", "women"):
                    value = f"select {metric['expression']} from ({assets[name]['sql']}) as asked"
                    assert reader.execute(value).fetchone() == (None,)
                    assert reader.execute(f"{value} where {safe}").fetchone() == (None,)
        credit = f"from ({assets['vwu_credit']['sql']}) as asked"
        for metric in assets["vwu_credit"]["metrics"]:
            if metric["metric_name"] != "newest":
                value = f"select {metric['expression']} {credit}"
                assert reader.execute(value).fetchone() == (None,)
                ((month,),) = reader.execute(f"{value} where period_code = '2024-03'").fetchall()
                assert month >= 0
            # For too few people one of two figures stands in another province's row: neither is a share of the other.
            if metric["metric_name"].endswith("_pct"):
                cut = f"{value} where period_code = '2024-03' and is_protected group by province_code"
                assert {share for (share,) in reader.execute(cut)} == {None}


def test_the_dashboards_map_is_the_reports(released: Settings) -> None:
    sql = {each["table_name"]: each["sql"] for each in read_dashboards(released.root).datasets.values()}["vwu_tile"]
    drawn = re.findall(r"\('([^']+)', '([^']+)', '[^']+', (\d+), (\d+)\)", sql)
    grid = read_grid(released.root / "seeds" / "tile_grid.csv")
    assert drawn == [(tile.tile_code, tile.region_code, str(tile.row), str(tile.column)) for tile in grid]


def test_what_verbs_print_as_json_is_as_their_schema_says(
    released: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VWU_HOME", str(released.home))
    monkeypatch.setenv("VWU_DATABASE_URL", admin_url(released, warehouse_name(released)))

    def printed(*arguments: str) -> dict[str, Any]:
        main([*arguments, "--json"])
        content = machine_output(arguments[0], capsys.readouterr().out)
        return dict(content) if isinstance(content, dict) else {"rows": content}

    submission = next(path for path in (Path(released.landing) / "branch_submissions").glob("*01-2024.xlsx"))
    faulty = next(path for path in (Path(released.landing) / "branch_submissions").glob("*(lỗi).xlsx"))
    assert printed("status")["release"]
    printed("dsn")
    printed("reader", "19")
    printed("reader", "19", "--drop")
    printed("example", str(tmp_path / "example"))
    printed("generate", str(tmp_path / "nation"), "--provinces", "1", "--months", "1", "--loans", "10")
    printed("template", "--branch", "P22", "--period", "2024-05", "-o", str(tmp_path / "form.xlsx"))
    printed("history", "--branch", "P22", "--period", "2024-02", "-o", str(tmp_path / "history.json"))
    assert printed("check", str(submission), str(faulty))["files"][1]["findings"]
    assert printed("receive", str(submission))["files"][0]["state"] == "unchanged"
    receipts = printed("receipts")["receipts"]
    finding = printed("findings")["findings"][0]
    printed("answer", finding["finding_id"], "explained", "--reason", "thử")
    late = ("--branch", "P22", "--period", "2024-02", "--until", "2026-12-31")
    printed("excuse", *late, "--reason", "thử", "--approved-by", "TW")
    printed("remind", "--on", "2024-03-01")
    printed("rollup", "--period", "2024-Q1")
    printed("report", "--period", "2024-02", "-o", str(tmp_path / "report"))
    printed("trace", "--programme", "DA939", "--indicator", "WOMEN_STARTUP_SUPPORTED", "--period", "2024-01")
    printed("make-official", "--period", "2024-02")
    newest = printed("releases")["rows"][0]["release_id"]
    printed("diff", str(newest), str(newest))
    printed("rollback", str(newest))
    landed = next(each["receipt_id"] for each in receipts if each["state"] == "landed" and each["kind"] == "submission")
    printed("hold", landed, "--reason", "thử")
    printed("hold", landed, "--lift", "--reason", "thử")
    printed("withdraw", landed, "--reason", "thử")
    printed("purge")
    printed("backup", str(tmp_path / "backup"))
