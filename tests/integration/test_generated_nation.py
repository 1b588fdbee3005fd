"""A synthetic nation across the reform of July 2025, received into a real database: nothing found, every đồng there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.generate.landing_zone import generate
from vwu.generate.planted import read_planted
from vwu.generate.request import Request
from vwu.intake.arrivals import list_arrivals
from vwu.intake.check import check, today
from vwu.intake.feed.columns import CONTROL_SUFFIX
from vwu.intake.feed.control import SUMS
from vwu.intake.feed.land import TABLES
from vwu.intake.model import Kind, Outcome
from vwu.intake.receive import receive
from vwu.intake.submission.rules import HISTORY_RULES, SUBMISSION_RULES
from vwu.settings import Settings

NATION = Request(provinces=3, months=3, loans=4_000, seed=2)


@pytest.fixture(scope="module")
def nation(module_database: Settings) -> Settings:
    """A warehouse whose landing zone holds the nation."""
    list(generate(Path(module_database.landing), NATION, load_catalogue(module_database.root / "seeds")))
    return module_database


@pytest.fixture(scope="module")
def received(nation: Settings) -> list[Outcome]:
    """Everything that arrived, received in the order of arrival."""
    arrivals = [path for zone in ("bank_feeds", "branch_submissions") for path in list_arrivals(nation, zone)]
    return [receive(nation, path) for path in arrivals]


def controls(settings: Settings) -> list[Mapping[str, Any]]:
    found = [
        json.loads(path.read_text("utf-8")) for path in Path(settings.landing, "bank_feeds").glob(f"*{CONTROL_SUFFIX}")
    ]
    assert len(found) == 12
    return found


def test_everything_lands_and_nothing_is_found(received: list[Outcome]) -> None:
    assert len(received) == 12 + 15  # three months of four feeds; 4 + 4 + 3 provinces, and the half-year of four
    assert [each.summary() for each in received if each.state != "landed"] == []
    assert {each.rule_id for outcome in received for each in outcome.findings} == {"LOAN_BORROWER_MALE"}


def test_sums_in_the_database_are_those_of_the_control_records(nation: Settings, received: list[Outcome]) -> None:
    with connect(nation, "loader") as connection:
        for control in controls(nation):
            counted = _counted(connection, control)
            assert counted == {
                "row_count": control["row_count"], **{name: control[f"sum_{name}"] for name in SUMS},
            }, control["file_name"]  # fmt: skip


def _counted(connection: psycopg.Connection, control: Mapping[str, Any]) -> dict[str, int]:
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in SUMS)
    row = connection.execute(
        f"""select count(*), {sums} from {TABLES[Kind(control["kind"])]} as line
            inner join intake.scope on scope.receipt_id = line.receipt_id
            where scope.scope_key = %s""",
        [f"{control['kind']}|{control['bank_code']}|{control['as_of_date']}"],
    ).fetchone()
    assert row is not None
    return dict(zip(("row_count", *SUMS), map(int, row), strict=True))


def test_loans_and_groups_tell_the_same_story(nation: Settings, received: list[Outcome]) -> None:
    with connect(nation, "loader") as connection:
        differing = connection.execute(
            """with loans as (
                   select as_of_date, group_id, sum(closing_balance) as balance, sum(overdue) as overdue
                   from raw.loan where group_id is not null group by as_of_date, group_id
               )
               select * from loans full join raw.credit_group using (as_of_date, group_id)
               where loans.balance is distinct from credit_group.closing_balance
                   or loans.overdue is distinct from credit_group.overdue"""
        ).fetchall()
    assert differing == []


def test_every_reported_figure_is_kept(nation: Settings, received: list[Outcome]) -> None:
    expected = sum(len(outcome.values) for outcome in received)
    with connect(nation, "loader") as connection:
        row = connection.execute("select count(*) from raw.submission_value").fetchone()
    assert expected > 1000
    assert row == (expected,)


def test_faults_are_found_on_the_way_in_and_the_clean_feeds_stand(database: Settings) -> None:
    """What the month before, the other kind or a higher sequence tells is found too, and nothing else."""
    request = Request(provinces=1, months=2, loans=1_200, faults=0.001, first_month=date(2025, 6, 1))
    landing = Path(database.landing)
    list(generate(landing, request, load_catalogue(database.root / "seeds")))
    planted: dict[str, set[str]] = {}
    for each in read_planted(landing):
        planted.setdefault(each.file, set()).add(each.rule_id)
    feeds = sorted(path for path in (landing / "bank_feeds").iterdir() if not path.name.endswith(CONTROL_SUFFIX))
    assert len(feeds) > 30
    for path in feeds:
        outcome = receive(database, str(path))
        found = {each.rule_id for each in outcome.findings} - {"LOAN_BORROWER_MALE"}
        assert found == planted.get(f"bank_feeds/{path.name}", set()), outcome.summary()
        has_errors = any(each.severity == "error" for each in outcome.findings)
        assert outcome.state == ("rejected" if has_errors else "landed"), outcome.summary()


def test_the_offline_check_says_of_every_faulty_report_what_the_pipeline_says(database: Settings) -> None:
    """What needs earlier periods is told only where there are some: it is left out of the comparison."""
    catalogue = load_catalogue(database.root / "seeds")
    landing = Path(database.landing)
    request = Request(provinces=2, months=2, loans=300, faults=0.001, first_month=date(2025, 6, 1))
    list(generate(landing, request, catalogue))
    of_history = {rule.rule_id for rule in HISTORY_RULES}
    seen: set[str] = set()
    for path in sorted(path for path in (landing / "branch_submissions").rglob("*") if path.is_file()):
        offline, outcome = check(path, catalogue, today()), receive(database, str(path))
        online = tuple(each for each in outcome.findings if each.rule_id not in of_history)
        assert (offline.findings, offline.values, offline.scopes) == (online, outcome.values, outcome.scopes), path.name
        seen |= {each.rule_id for each in online}
    # Every rule of one report was seen; no name of the catalogue is that of two indicators, and no commune of these two
    # provinces took over code and name of other land.
    unseen = {"INDICATOR_LABEL_AMBIGUOUS", "BRANCH_CODE_REUSED"}
    assert {rule.rule_id for rule in SUBMISSION_RULES} - of_history - seen == unseen
