"""The whole, as a person uses it: example → `vwu run` through the real scheduler → a release → the same again → down.

One stack in a home folder of its own serves all tests of this module; the order of the tests is the order of the story.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faults
import psycopg
import pytest
from faults import AFTER, KILL, Fault
from test_killed_runs import run_whole

from vwu.settings import Settings, load_settings
from vwu.stack import airflow, postgres, processes

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
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VWU_", "AIRFLOW", "PG", "PYTEST_"))
        }
        return subprocess.run(
            [Path(sys.executable).with_name("vwu"), *arguments],
            env=environment | self.environment, capture_output=True, text=True, check=False, timeout=600,
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
    runs = story.query("airflow", "select dag_id, run_type, state from dag_run")
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
    """Every release is there at once; what dbt makes is made anew, and is the release in force to the byte."""
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
        built = json.loads(empty.vwu("build", "--json"))
        assert (built["ok"], built["is_full_refresh"]) == (True, True)
        empty.vwu("gate")
        published = json.loads(empty.vwu("publish", "--json"))
        assert (published["is_new"], published["release_id"]) == (False, 1)
        assert "is the release in force" in published["reason"]
        (text,) = empty.query("loader", "select sum(length(message_vi)), count(*) from intake.finding")
        assert [text] == story.query("loader", "select sum(length(message_vi)), count(*) from intake.finding")
    finally:
        postgres.remove(empty.home)


def test_down_leaves_no_process(story: Story) -> None:
    names = [postgres.NAME, airflow.MIGRATION, *airflow.COMPONENTS]
    assert processes.marked(story.home, names), "the stack is up before"
    story.vwu("down")
    assert not processes.marked(story.home, names)
