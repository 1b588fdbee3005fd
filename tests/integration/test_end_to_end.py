"""The whole, as a person uses it: example → `vwu run` through the real scheduler → a release → the same again → down.

One stack in a home folder of its own serves all tests of this module; the order of the tests is the order of the story.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vwu.settings import Settings, load_settings
from vwu.stack import airflow, postgres, processes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BROKEN = 4  # files of the example that are faulty on purpose


@dataclass(frozen=True)
class Story:
    """The home folder of one stack, and what its first `vwu run` printed."""

    home: Path
    first: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return load_settings({"VWU_HOME": str(self.home)})

    def query(self, role: str, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database_url(role)) as connection:
            return connection.execute(text.encode()).fetchall()


def vwu(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a person calls it, in an environment that names this home and nothing else of ours."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("VWU_", "AIRFLOW", "PG", "PYTEST_"))
    }
    return subprocess.run(
        [Path(sys.executable).with_name("vwu"), *arguments],
        env=environment | {"VWU_HOME": str(home)},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def run(home: Path, *arguments: str) -> dict[str, Any]:
    """`vwu run --json`, which must end well; returns what it printed."""
    done = vwu(home, "run", "--json", *arguments)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def checksums(home: Path) -> dict[str, str]:
    """sha256 of every published table of the release in force."""
    done = vwu(home, "releases", "--checksums", "--json")
    assert done.returncode == 0, done.stderr
    sums: dict[str, str] = json.loads(done.stdout)
    assert sums
    return sums


def example(home: Path) -> None:
    done = vwu(home, "example")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("một home có dấu") / "vwu"
    try:
        example(home)
        yield Story(home, run(home))
    finally:
        vwu(home, "down")
        postgres.remove(home)


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


def test_each_file_had_a_task_of_its_own(story: Story) -> None:
    arrivals = story.query("loader", "select count(*) from intake.arrival")
    tasks = story.query(
        "airflow", "select count(*) from task_instance where task_id = 'receive_file' and state = 'success'"
    )
    assert arrivals == tasks != [(0,)]


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
    assert Path(story.first["where"]["Data Docs"]).exists()


def test_a_second_run_publishes_nothing_new(story: Story) -> None:
    before = checksums(story.home)
    example(story.home)
    second = run(story.home)
    assert second["is_new"] is False
    assert second["release"] == story.first["release"]
    assert checksums(story.home) == before
    assert story.query("publisher", "select count(*) from release.release") == [(1,)]


def test_without_airflow_the_same_comes_out(story: Story, tmp_path: Path) -> None:
    direct = Story(tmp_path / "home", {})
    submissions = (
        "select branch_key, period_key, form, state, receipt_id from published.fct_submission order by 1, 2, 3"
    )
    try:
        example(direct.home)
        assert run(direct.home, "--direct")["is_new"] is True
        ours, theirs = checksums(direct.home), checksums(story.home)
        differing = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
        assert differing <= {"fct_submission"}, "it alone says at what time a file came"
        assert direct.query("bi_reader", submissions) == story.query("bi_reader", submissions)
    finally:
        vwu(direct.home, "down")
        postgres.remove(direct.home)


def test_down_leaves_no_process(story: Story) -> None:
    names = [postgres.NAME, airflow.MIGRATION, *airflow.COMPONENTS]
    assert processes.marked(story.home, names), "the stack is up before"
    done = vwu(story.home, "down")
    assert done.returncode == 0, done.stderr
    assert not processes.marked(story.home, names)
