"""The whole, as a person uses it: example → `vwu run` through the real scheduler → a release → the same again → down.

One stack in a home folder of its own serves all tests of this module; the order of the tests is the order of the story.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import faults
import identity_scan
import psycopg
import pytest
from faults import AFTER, KILL, Fault
from json_output import machine_output
from test_killed_runs import run_whole

from vwu import airflow_api
from vwu.airflow_api import (
    Airflow,
    AirflowError,
    DagRun,
    count_tasks,
    list_tasks,
    read_run,
    read_runs,
    sign_in,
    trigger,
)
from vwu.lineage import PRODUCER
from vwu.settings import Settings, load_settings
from vwu.stack import airflow, postgres, processes
from vwu.stack.server import warehouse_name

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BROKEN = 4  # files of the example that are faulty on purpose


@dataclass(frozen=True)
class Story:
    """The home folder of one stack, what its first `vwu run` printed, and the server it was given, if any."""

    home: Path
    first: dict[str, Any]
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {"VWU_HOME": str(self.home), "VWU_DATABASE_URL": self.database_url}

    @property
    def settings(self) -> Settings:
        return load_settings(self.environment)

    @property
    def airflow(self) -> Airflow:
        return sign_in(airflow.url(self.settings), airflow.USER, self.settings.secrets["airflow_admin"])

    def query(self, role: str, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database_url(role)) as connection:
            return connection.execute(text.encode()).fetchall()

    def vwu(self, *arguments: str) -> str:
        """What a verb that succeeds prints."""
        done = self.call(*arguments)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """What a verb says that fails in plain words."""
        done = self.call(*arguments)
        assert done.returncode in (1, 2, 3), f"{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stderr

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line as a person calls it, in an environment that names this home and nothing else of ours."""
        with self.begin(*arguments) as begun:
            try:
                said, complaint = begun.communicate(timeout=600)
            except subprocess.TimeoutExpired:
                begun.kill()
                raise
        if "--json" in arguments and begun.returncode == 0:
            machine_output(arguments[0], said)
        return subprocess.CompletedProcess(begun.args, begun.returncode, said, complaint)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VWU_", "AIRFLOW", "PG", "PYTEST_"))
        }
        return subprocess.Popen(
            [Path(sys.executable).with_name("vwu"), *arguments],
            env=environment | self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> dict[str, Any]:
        """What `vwu run --json` printed."""
        printed: dict[str, Any] = json.loads(self.vwu("run", "--json", *arguments))
        return printed

    def checksums(self) -> dict[str, str]:
        """sha256 of every published table of the release in force."""
        sums: dict[str, str] = json.loads(self.vwu("releases", "--checksums", "--json"))
        assert sums
        return sums


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    begun = Story(tmp_path_factory.mktemp("một home có dấu") / "vwu", {})
    try:
        begun.vwu("example")
        yield replace(begun, first=begun.run())
    finally:
        begun.vwu("down")
        postgres.remove(begun.home)


def test_a_run_ends_with_a_new_release(story: Story) -> None:
    assert story.first["is_new"] is True
    assert story.first["release"]["release_id"] == 1
    assert story.first["failures"] == []
    assert story.first["refusal"] is None


def test_the_scheduler_ran_the_dags(story: Story) -> None:
    # Of what this run caused: intake also looks by itself, every five minutes, and requests wait for a person.
    runs = story.query(
        "airflow",
        """select dag_id, run_type, state from dag_run
           where dag_id <> 'official_figures' and run_type <> 'scheduled'""",
    )
    assert {state for _, _, state in runs} == {"success"}
    assert ("branch_submissions", "manual", "success") in runs
    assert ("bank_feeds", "manual", "success") in runs
    assert ("warehouse_release", "asset_triggered", "success") in runs
    assert ("national_rollup", "asset_triggered", "success") in runs
    jobs = story.query(
        "airflow",
        """select distinct job.job_type from task_instance
           left join job on task_instance.queued_by_job_id = job.id
           where task_instance.state = 'success'""",
    )
    assert jobs == [("SchedulerJob",)]


def test_lineage_leads_from_a_view_to_what_landed_with_what_checks_said(story: Story) -> None:
    events = [json.loads(line) for line in (story.home / "lineage" / "events.jsonl").read_text("utf-8").splitlines()]
    ours = [event for event in events if event["producer"] == PRODUCER]
    made_of: dict[str, set[str]] = {}
    for event in ours:
        for made in event["outputs"]:
            made_of.setdefault(made["name"], set()).update(used["name"] for used in event["inputs"])
    reached, wave = set(), {"vwu.published.fct_indicator_rollup"}
    while wave:
        reached |= wave
        wave = set().union(*(made_of.get(name, set()) for name in wave)) - reached
    assert {"vwu.marts.fct_indicator_value", "vwu.raw.submission_value", "vwu.intake.scope"} <= reached
    assert "vwu.seeds.indicator" in reached
    (gate,) = [event for event in ours if event["job"]["name"] == "gate"]
    said = [
        assertion
        for table in gate["inputs"]
        for assertion in table["inputFacets"]["dataQualityAssertions"]["assertions"]
    ]
    kept = story.query("publisher", "select rule_id, success from quality.check_result")
    assert sorted((each["assertion"], each["success"]) for each in said) == sorted(kept)
    (release,) = [event for event in ours if event["job"]["name"] == "publish"]
    assert {view["facets"]["version"]["datasetVersion"] for view in release["outputs"]} == {"1"}
    # Airflow's provider tells of the same task: ours is its child.
    parent = gate["run"]["facets"]["parent"]
    tasks = {(event["job"]["name"], event["run"]["runId"]) for event in events if event not in ours}
    assert parent["job"]["name"] == "warehouse_release.gate_candidate"
    assert (parent["job"]["name"], parent["run"]["runId"]) in tasks


def test_each_feed_had_a_task_of_its_own_and_workbooks_one_together(story: Story) -> None:
    (feeds,) = story.query("loader", "select count(*) from intake.arrival where path like '%/bank_feeds/%'")
    tasks = story.query(
        "airflow",
        """select dag_id, count(*) from task_instance
           where task_id = 'receive_files' and state = 'success' group by dag_id order by dag_id""",
    )
    assert tasks == [("bank_feeds", *feeds), ("branch_submissions", 1)]


def test_broken_files_are_told_and_nothing_of_them_has_landed(story: Story) -> None:
    refused = story.first["refused"]
    assert len(refused) == story.first["refused_count"] == BROKEN
    assert all(each["state"] == "rejected" and each["reason_vi"] and each["reason_en"] for each in refused)
    assert all("lỗi" in each["file_name"] for each in refused)
    assert all(each["position"] for each in refused), "a finding names sheet and cell, or file and line"
    landed = story.query(
        "loader",
        """select receipt_id from raw.submission_value union select receipt_id from raw.loan
           union select receipt_id from raw.credit_group union select receipt_id from raw.feed_control""",
    )
    assert landed
    assert not {each["receipt_id"] for each in refused} & {receipt_id for (receipt_id,) in landed}


def test_bi_reads_the_figures(story: Story) -> None:
    rows = story.query(
        "bi_reader",
        """select programme_code, scenario, basis, value, qualifier from published.report_indicator
           where indicator_code = 'WOMEN_STARTUP_SUPPORTED' and branch_code = 'P22' and value_state = 'reported'""",
    )
    assert [(each[0], each[1], each[2], int(each[3]), each[4]) for each in rows] == [
        ("DA939", "actual", "programme_to_date", 2238, "exact")
    ]


@pytest.mark.parametrize(
    "table", ["raw.submission_value", "vault.person", "marts.fct_indicator_value", "intake.receipt"]
)
def test_bi_reads_nothing_else(story: Story, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        story.query("bi_reader", f"select * from {table} limit 1")


def test_what_is_told_says_where_to_look(story: Story) -> None:
    assert story.first["where"]["Airflow"].startswith("http://127.0.0.1:")
    assert story.settings.secrets["airflow_admin"] not in json.dumps(story.first)
    assert Path(story.first["where"]["report"]).exists()
    assert Path(story.first["where"]["site"].partition("  ")[0]).exists()


def test_a_second_run_publishes_nothing_new(story: Story) -> None:
    before = story.checksums()
    story.vwu("example")
    second = story.run()
    assert second["is_new"] is False
    assert second["release"] == story.first["release"]
    assert story.checksums() == before
    assert story.query("publisher", "select count(*) from release.release") == [(1,)]


# Who approves what, through the page's own API


def answer(story: Story, run: DagRun, option: str, reason: str = "") -> None:
    """Answer as Airflow's page does."""
    path = f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/await_approval/-1/hitlDetails"
    body = {"chosen_options": [option], "params_input": {"reason": reason}}
    page = story.airflow
    airflow_api._call(page.url, "PATCH", path, body=body, token=page.token)


def await_state(story: Story, run: DagRun, *states: str) -> str:
    """The state of a run when it is one of these; the scheduler needs seconds, ten minutes are patience enough."""
    deadline = time.monotonic() + 600
    while True:
        seen = read_run(story.airflow, run.dag_id, run.run_id).state
        if seen in states:
            return seen
        assert time.monotonic() < deadline, f"{run.run_id} is {seen}: {list_tasks(story.airflow, run, ())}"
        time.sleep(0.5)


def await_question(story: Story, run: DagRun) -> None:
    deadline = time.monotonic() + 600
    while not count_tasks(story.airflow, run, ["awaiting_input"]):
        assert time.monotonic() < deadline, f"{run.run_id} asks nothing: {list_tasks(story.airflow, run, ())}"
        time.sleep(0.5)


def requests_of(story: Story) -> dict[str, DagRun]:
    return {run.run_id.partition("~")[0]: run for run in read_runs(story.airflow, "official_figures", limit=100)}


def test_official_periods_ask_for_approval_and_hold_no_worker(story: Story) -> None:
    asked = requests_of(story)
    years = {"2024-Q1", "2024-6M", "2024-9M", "2024"}
    assert set(asked) == years | {"T2021-2026", "T2021-2026-H1", "T2022-2027-H1"}, "no month is ever official"
    for run in asked.values():
        await_question(story, run)
    with psycopg.connect(story.settings.database_url("airflow")) as connection:
        held = connection.execute(
            """select count(*) from task_instance
               where dag_id = 'official_figures' and state in ('running', 'deferred')"""
        )
        assert held.fetchone() == (0,)


def test_who_approves_is_the_vintage_and_a_second_answer_is_refused(story: Story) -> None:
    run = requests_of(story)["2024-Q1"]
    answer(story, run, "Approve")
    assert await_state(story, run, "success", "failed") == "success"
    (made,) = story.query("bi_reader", "select period_code, vintage, status, approved_by from published.period_vintage")
    assert made == ("2024-Q1", 1, "official", "admin")
    with pytest.raises(AirflowError, match="409"):
        answer(story, run, "Reject")


def test_a_rejected_period_stays_provisional_and_is_not_asked_again(story: Story) -> None:
    run = requests_of(story)["2024"]
    answer(story, run, "Reject", "chờ Quảng Ninh")
    assert await_state(story, run, "success", "failed") == "success"
    assert count_tasks(story.airflow, run, ["skipped"]) == 1
    before = len(requests_of(story))
    again = trigger(story.airflow, "national_rollup", "again", {"period": "2024-01"})
    assert await_state(story, again, "success", "failed") == "success"
    assert len(requests_of(story)) == before
    assert story.query("bi_reader", "select count(*) from published.period_vintage where period_code = '2024'") == [
        (0,)
    ]


def test_a_request_that_waits_too_long_is_told_to_the_desk(story: Story) -> None:
    """The deadline of one run is moved into the past; the scheduler sees it missed and calls."""
    run = requests_of(story)["2024-6M"]
    with psycopg.connect(story.settings.database_url("airflow")) as connection:
        moved = connection.execute(
            """update deadline set deadline_time = now() - interval '1 minute' where dagrun_id =
               (select id from dag_run where dag_id = 'official_figures' and run_id = %s)""",
            [run.run_id],
        )
        assert moved.rowcount == 1
    deadline = time.monotonic() + 600
    while not (notes := list((story.home / "alerts").glob("*2024-6M*"))):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert "Kỳ 2024-6M đã chờ duyệt quá 72 giờ" in notes[0].read_text("utf-8")


def test_a_past_vintage_is_backfilled_exactly(story: Story) -> None:
    """The report of an official period as the scheduler writes it anew equals what that vintage's release gave."""
    run = trigger(story.airflow, "national_rollup", "backfill", {"period": "2024-Q1", "vintage": 1})
    assert await_state(story, run, "success", "failed") == "success"
    written = story.home / "reports" / "2024-Q1" / "vintage-1"
    story.vwu("report", "--period", "2024-Q1", "--release", "1", "-o", str(story.home / "then"))
    files = [path.relative_to(written) for path in written.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [each for each in files if (written / each).read_bytes() != (story.home / "then" / each).read_bytes()] == []


def test_without_airflow_on_an_older_server_and_killed_on_the_way_the_same_comes_out(
    story: Story, older_server: str, tmp_path: Path
) -> None:
    """Every published table is the same to the byte, on PostgreSQL 15 as an external server as on the embedded 18."""
    direct = Story(tmp_path / "home", {}, older_server)
    submissions = (
        "select branch_key, period_key, form, state, receipt_id from published.fct_submission order by 1, 2, 3"
    )
    direct.vwu("example")
    direct.vwu("up", "--no-airflow")
    for killed in (Fault(KILL, 40, containing="create"), Fault(KILL, 1, AFTER, "quality.gate_run")):
        assert faults.run(direct.settings, run_whole, fault=killed)[0] is None, f"{killed}: while dbt builds, the gate"
    assert direct.run("--direct")["is_new"] is True
    ours, theirs = direct.checksums(), story.checksums()
    differing = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
    assert differing <= {"fct_submission"}, "it alone says at what time a file came"
    assert direct.query("bi_reader", submissions) == story.query("bi_reader", submissions)
    assert not processes.marked(direct.home, [postgres.NAME]), "no server of our own beside the given one"


def test_a_backup_fills_an_empty_machine_and_the_same_bytes_are_published(story: Story, tmp_path: Path) -> None:
    """Every release is there at once; what dbt makes is made anew, and is the release in force to the byte, also after
    the retention of every bank's file ended."""
    folder, keys = tmp_path / "backup", story.home / "keys"
    made = json.loads(story.vwu("backup", str(folder), "--json"))
    assert json.loads(story.vwu("backup", str(folder), "--json"))["files"] == made["files"] >= made["receipts"] > 0
    assert [path.name for path in folder.glob("database-*")] == [
        json.loads((folder / "backup.json").read_text())["dump"]
    ]
    empty = Story(tmp_path / "another home", {})
    try:
        assert "the token key" in empty.refused("restore", str(folder))
        assert json.loads(empty.vwu("restore", str(folder), "--keys", str(keys), "--json"))["releases"] == 1
        assert empty.checksums() == story.checksums()
        assert "holds receipts or releases" in empty.refused("restore", str(folder))
        old = "update intake.receipt set received_at = received_at - interval '9 years' where kind <> 'submission'"
        feeds = len(empty.query("owner", f"{old} returning 1"))
        assert json.loads(empty.vwu("purge", "--yes", "--json")) == {"files": feeds, "removed": True}
        built = json.loads(empty.vwu("build", "--json"))
        assert (built["ok"], built["is_full_refresh"]) == (True, True)
        empty.vwu("gate", "--json")
        published = json.loads(empty.vwu("publish", "--json"))
        assert (published["is_new"], published["release_id"]) == (False, 1)
        assert "is the release in force" in published["reason"]
        (text,) = empty.query("loader", "select sum(length(message_vi)), count(*) from intake.finding")
        assert [text] == story.query("loader", "select sum(length(message_vi)), count(*) from intake.finding")
    finally:
        postgres.remove(empty.home)


def test_an_identity_is_nowhere_but_in_the_vault(story: Story) -> None:
    """In whatever column, way of writing and kind of file it came: neither in a table outside the vault (Airflow's own
    are among those that are searched), nor in a log, a report, a package, the site, the store or a backup."""
    landing = Path(story.settings.landing)
    refused = identity_scan.plant(landing)
    run = story.run()
    assert (run["is_new"], run["failures"], run["refused_count"]) == (True, [], BROKEN + refused)
    printed = [
        json.dumps(run, ensure_ascii=False),
        *(story.call(verb, "--json").stdout for verb in ("findings", "receipts")),
    ]
    story.vwu("backup", str(story.home / "kept"))
    known = story.query("loader", f"select full_name from vault.person where citizen_id = '{identity_scan.CITIZEN}'")
    assert known == [(identity_scan.NAME,)]
    sought = identity_scan.PLANTED
    assert identity_scan.places_of(sought, identity_scan.files(landing, skipped=())), "the search finds what is there"
    databases = [
        place
        for database in (warehouse_name(story.settings), "airflow")
        for place in identity_scan.tables(story.settings, database)
    ]
    searched = {place.partition(".")[0] for place, _ in databases}
    assert {"intake", "raw", "quality", "release", "marts"} <= {each.rpartition(" ")[2] for each in searched}
    assert any(place == "airflow: public.xcom" for place, _ in databases)
    assert identity_scan.places_of(sought, databases) == []
    files = list(identity_scan.files(story.home))
    folders = {place.partition("/")[0] for place, _ in files}
    assert {"airflow", "logs", "reports", "site", "store", "kept", "dbt"} <= folders
    assert identity_scan.places_of(sought, files) == []
    assert identity_scan.places_of(sought, (("printed", text.encode()) for text in printed)) == []


def test_a_scheduler_killed_while_the_warehouse_is_built_loses_and_doubles_nothing(story: Story) -> None:
    """With all that it started, as when its machine is lost; the next run completes what was begun."""
    lines = [
        "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note",
        "BM01,1,P22,2024-05,MAIAM,SHELTERS_BUILT_REPAIRED,actual,in_period,7,HOUSE,",
    ]
    (Path(story.settings.landing) / "branch_submissions" / "Quảng Ninh 05-2024.csv").write_text(
        "\n".join(lines), "utf-8"
    )
    releases = story.query("publisher", "select max(release_id) from release.release")[0][0]
    building = (
        "select from task_instance where dag_id = 'warehouse_release' and task_id = 'build_marts' and state = 'running'"
    )
    with story.begin("run", "--json") as broken:
        deadline = time.monotonic() + 600
        while not story.query("airflow", building):
            assert broken.poll() is None, "the run ended before the build was seen"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for _, process in processes.marked(story.home, ["airflow-scheduler"]):
            process.kill()
        _, complaint = broken.communicate(timeout=600)
    assert broken.returncode == 3, complaint
    assert "airflow-scheduler ended during the run" in complaint
    assert story.run()["failures"] == []
    published = (
        "select sum(value), max(release_id) from published.report_indicator "
        "where branch_code = 'P22' and period_code = '2024-05'"
    )
    assert story.query("bi_reader", published) == [(7, releases + 1)]
    landed = (
        "select count(*), count(distinct receipt_id) from raw.submission_value inner join intake.receipt "
        "using (receipt_id) where file_name = 'Quảng Ninh 05-2024.csv'"
    )
    assert story.query("publisher", landed) == [(1, 1)]


def test_down_leaves_no_process(story: Story) -> None:
    names = [postgres.NAME, airflow.MIGRATION, *airflow.COMPONENTS]
    assert processes.marked(story.home, names), "the stack is up before"
    story.vwu("down")
    assert not processes.marked(story.home, names)
