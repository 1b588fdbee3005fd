"""Ten failures of other people's statistics, each through the real pipeline: which check stops it here.

One warehouse serves them all, the example as release 1; what a scenario spoils is put right by it again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook

from vwu.build import build
from vwu.database import connect
from vwu.example import write_example
from vwu.example_credit import feed_files
from vwu.gate import Verdict, run_gate
from vwu.intake.arrivals import ZONES, list_arrivals
from vwu.intake.landing import withdraw
from vwu.intake.model import Outcome, State
from vwu.intake.receive import receive
from vwu.publish import PublishError, publish
from vwu.settings import Settings
from vwu.xlsx import HiddenContentError, workbook_bytes

pytestmark = pytest.mark.timeout(900)
HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
SHELTERS = "MAIAM,SHELTERS_BUILT_REPAIRED,actual,in_period"


@pytest.fixture(scope="module")
def warehouse(module_database: Settings) -> Settings:
    """The example, received, built, gated and published as release 1."""
    write_example(Path(module_database.landing))
    for path in [path for zone in ZONES for path in list_arrivals(module_database, zone, settle_seconds=0.0)]:
        receive(module_database, path)
    assert build(module_database).ok
    assert run_gate(module_database).passed
    assert publish(module_database).release_id == 1
    return module_database


def report(
    settings: Settings, name: str, lines: Iterable[str], branch: str = "P19", period: str = "2024-03"
) -> Outcome:
    """Receive a long CSV: each line is `programme,indicator,scenario,basis,value,unit`."""
    path = Path(settings.landing) / "branch_submissions" / f"{name}.csv"
    path.write_text("\n".join([HEADER, *(f"BM01,1,{branch},{period},{line}," for line in lines), ""]), "utf-8")
    return receive(settings, str(path))


def loan_feed(as_of: str) -> tuple[str, bytes, dict[str, Any]]:
    """Name, content and control record of the example's loan feed of a month."""
    files = feed_files()
    for name, content in files.items():
        if name.endswith(".control.json"):
            control = json.loads(content)
            if (control["kind"], control["as_of_date"]) == ("loan", as_of):
                return control["file_name"], files[name.removesuffix(".control.json")], control
    raise AssertionError(as_of)


def send(settings: Settings, content: bytes, control: dict[str, Any], **stated: Any) -> Outcome:
    """Receive a feed under a control record; its checksum and name agree, the rest is as stated."""
    name = f"{control['bank_code']}_{control['kind']}_{control['as_of_date']}_{stated.get('sequence', 9)}.csv"
    record = control | {"file_name": name, "sha256": hashlib.sha256(content).hexdigest()} | stated
    path = Path(settings.landing) / "bank_feeds" / name
    path.write_bytes(content)
    path.with_name(f"{name}.control.json").write_text(json.dumps(record))
    return receive(settings, str(path))


def rules(outcome: Outcome) -> set[str]:
    return {finding.rule_id for finding in outcome.findings}


def failed(verdict: Verdict) -> set[str]:
    return {result.check.rule_id for result in verdict.failed}


def in_force(settings: Settings) -> Any:
    with connect(settings, "bi_reader") as reader:
        return reader.execute("select release_id from published.release_info").fetchone()


def test_phe_15841_a_file_that_was_cut_off_is_refused_whole(warehouse: Settings) -> None:
    """England 2020: 15,841 cases fell off the end of an .xls. Here the control record counts the lines and sums."""
    _, content, control = loan_feed("2024-03-31")
    cut = b"".join(content.splitlines(keepends=True)[:-40])
    outcome = send(warehouse, cut, control, sequence=control["sequence"] + 1)
    assert outcome.state is State.REJECTED
    assert {"FEED_ROW_COUNT", "FEED_SUM"} <= rules(outcome)


def test_sept2_an_identifier_that_became_a_date_is_refused_with_what_it_was(warehouse: Settings) -> None:
    """Excel made dates of gene names (SEPT2). Here a date in the place of a number is refused."""
    outcome = report(warehouse, "sept2", [f"{SHELTERS},2-Sep,HOUSE"])
    assert outcome.state is State.REJECTED
    assert [(each.rule_id, each.proposed) for each in outcome.findings] == [("VALUE_DATE", "2/9")]
    with connect(warehouse, "loader") as connection:
        said = connection.execute(
            """select receipt.state, finding.value, finding.proposed
               from intake.finding as finding inner join intake.receipt as receipt using (receipt_id)
               where finding.rule_id = 'VALUE_DATE' and receipt.file_name like '%.xlsx'"""
        ).fetchall()
    # The example's broken workbook, in which Excel made the 6th of August of `6/8`.
    assert [(state, "6/8" in f"{value} {proposed}") for state, value, proposed in said] == [("rejected", True)]


def test_nj_10442_one_record_under_two_spellings_counts_once(warehouse: Settings) -> None:
    """New Jersey counted 10,442 records twice. Here codes are compared after normalising, and the second is refused."""
    lines = [f"{SHELTERS},3,HOUSE", "maiam , shelters_built_repaired,actual,in_period,3,HOUSE"]
    outcome = report(warehouse, "nj", lines)
    assert outcome.state is State.REJECTED
    assert "VALUE_TWICE" in rules(outcome)


def test_psni_nothing_goes_out_in_a_hidden_sheet() -> None:
    """Northern Ireland's police published 10,000 officers' names in a hidden tab."""
    workbook = Workbook()
    workbook.create_sheet("Nguồn").sheet_state = "hidden"
    with pytest.raises(HiddenContentError, match="hidden sheet"):
        workbook_bytes(workbook)


def test_calredie_and_ons_ved_a_silent_source_and_a_far_one_are_named(warehouse: Settings) -> None:
    """California's feed fell silent and looked like a falling trend; the ONS took a wrong file on car tax."""
    with connect(warehouse, "loader") as connection:
        (february,) = connection.execute(
            "select receipt_id from raw.feed_control where kind = 'loan' and as_of_date = '2024-02-29'"
        ).fetchall()
        withdraw(connection, february[0], "test", "the bank recalled it")
    for month, factor in (("2024-01-31", 1), ("2024-02-29", 4)):
        summary, record = summary_of(month, factor)
        assert send(warehouse, summary, record).state is State.LANDED
    assert build(warehouse).ok
    verdict = run_gate(warehouse)
    assert {"GATE_CREDIT_SILENT", "GATE_CREDIT_DRIFT"} <= failed(verdict)
    assert in_force(warehouse) == (1,)


def summary_of(month: str, factor: int) -> tuple[bytes, dict[str, Any]]:
    """A summary of bank TYM that agrees with itself: forty households in each of five communes."""
    rows = [
        {
            "bank_code": "TYM", "as_of_date": month, "commune_code": commune, "commune_code_system": "GSO-2024",
            "organisation": "PN", "credit_programme": "TYM", "loans": 50, "households": 40, "lent": 0, "collected": 0,
            "closing_balance": factor * 900_000_000, "overdue": 0, "frozen": 0,
        }
        for commune in ("06895", "06913", "06901", "06841", "06853")
    ]  # fmt: skip
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    sums = {
        f"sum_{name}": sum(row[name] for row in rows)
        for name in ("lent", "collected", "closing_balance", "overdue", "frozen")
    }
    record = {
        "bank_code": "TYM", "kind": "summary", "as_of_date": month, "sequence": 9, "row_count": len(rows), **sums,
        "distinct_customers": None, "distinct_groups": None, "previous_sum_closing_balance": None,
        "created_at": "2024-04-02T08:00:00+07:00",
    }  # fmt: skip
    return buffer.getvalue().encode(), record


def test_rr_l44_a_total_that_leaves_members_out_shuts_the_gate(warehouse: Settings) -> None:
    """Reinhart and Rogoff's average ended at line 44 and left five countries out."""
    with connect(warehouse, "builder") as builder:
        gone = builder.execute(
            """update marts.fct_indicator_rollup set value = value - 1, lower_bound = null, upper_bound = null
               where ctid = (
                   select min(rollup.ctid) from marts.fct_indicator_rollup as rollup
                   inner join marts.dim_indicator using (indicator_key)
                   inner join marts.dim_region as region using (region_key)
                   where indicator_code = 'LOAN_TURNS' and region.level = 'province' and value > 1
               ) returning region_key"""
        ).rowcount
    assert gone == 1
    verdict = run_gate(warehouse)
    assert verdict.outcome == "refuse"
    assert "GATE_ROLLUP_ADDITIVE" in failed(verdict)


def test_statcan_200_two_versions_of_the_code_are_never_in_one_release(warehouse: Settings, tmp_path: Path) -> None:
    """Statistics Canada mixed two versions of a programme in one release, 200 jobs for 42,000."""
    newer = tmp_path / "newer"
    for name in ("dbt_project", "seeds", "expectations"):
        shutil.copytree(warehouse.root / name, newer / name)
    model = newer / "dbt_project/models/marts/fct_credit_borrower.sql"
    model.write_text(model.read_text("utf-8") + "-- changed\n", "utf-8")
    verdict = run_gate(replace(warehouse, root=newer))
    assert verdict.outcome == "refuse"
    assert any("made by other models or seeds" in problem for problem in verdict.problems)
    with pytest.raises(PublishError):
        publish(replace(warehouse, code_version="0.0.0"))


def test_bls_nothing_is_out_before_the_hour(warehouse: Settings) -> None:
    """The Bureau of Labor Statistics' figures were on its site half an hour early."""
    until = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(PublishError, match="embargo"):
        publish(replace(warehouse, embargo_until=until))
    assert in_force(warehouse) == (1,)


def test_ohio_4000_a_step_that_was_left_out_or_ticked_by_hand_publishes_nothing(
    warehouse: Settings, tmp_path: Path
) -> None:
    """Ohio left 4,000 deaths out because one reconciliation was not done, and nobody saw that it was not."""
    fewer = tmp_path / "expectations"
    shutil.copytree(warehouse.root / "expectations", fewer)
    (fewer / "fct_reconciliation.yml").unlink()
    verdict = run_gate(warehouse, fewer)
    assert verdict.outcome == "refuse"
    assert verdict.executed_checks < verdict.expected_checks
    with connect(warehouse, "publisher") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            """insert into quality.gate_run (candidate_hash, verdict, code_version, expected_checks, executed_checks,
                                             started_at, finished_at)
               values (repeat('0', 64), 'publish', '0', 10, 9, now(), now())"""
        )
    with connect(warehouse, "publisher") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("update quality.gate_run set verdict = 'publish'")
    with pytest.raises(PublishError):
        publish(warehouse)
    assert in_force(warehouse) == (1,)
