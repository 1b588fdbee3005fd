"""The DAGs as Airflow reads them: which there are, what each promises, how their tasks hang together."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).parents[2] / "dags"
# DAG -> (task -> what runs after it)
TASKS = {
    "branch_submissions": {
        "list_arrivals": {"receive_files"},
        "receive_files": {"announce_changes", "confirm_files"},
        "announce_changes": set(),
        "confirm_files": set(),
    },
    "bank_feeds": {
        "list_arrivals": {"receive_files"},
        "receive_files": {"announce_changes", "confirm_files"},
        "announce_changes": set(),
        "confirm_files": set(),
    },
    "warehouse_release": {
        "await_arrivals": {"build_marts"},
        "build_marts": {"gate_candidate"},
        "gate_candidate": {"publish_release"},
        "publish_release": {"report_status"},
        "report_status": set(),
    },
    "submission_reminders": {"announce_missing": set()},
    "national_rollup": {
        "list_periods": {"roll_up_period"},
        "roll_up_period": {"list_approvals"},
        "list_approvals": {"announce_approvals"},
        "announce_approvals": set(),
    },
    "official_figures": {
        "list_figures": {"await_approval", "publish_official"},
        "await_approval": {"publish_official"},
        "publish_official": set(),
    },
}
# DAG -> its file
FILES = {dag_id: dag_id for dag_id in TASKS} | {"branch_submissions": "intake", "bank_feeds": "intake"}
HEAVY = ("cryptography", "dbt", "duckdb", "great_expectations", "openpyxl", "pandas", "psycopg")


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The project's DAGs by id, read by Airflow's own DagBag with a home and a database of its own."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
            patch.delenv(name)
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(DAGS))
        assert bag.import_errors == {}
        yield dict(bag.dags)


def test_exactly_these_dags(dags: dict[str, Any]) -> None:
    assert sorted(dags) == sorted(TASKS)
    assert {dag_id: Path(dag.fileloc).stem for dag_id, dag in dags.items()} == FILES
    assert {path.stem for path in DAGS.glob("*.py")} == set(FILES.values())


@pytest.mark.parametrize("dag_id", TASKS)
def test_tasks_hang_together(dags: dict[str, Any], dag_id: str) -> None:
    assert {task.task_id: set(task.downstream_task_ids) for task in dags[dag_id].tasks} == TASKS[dag_id]


@pytest.mark.parametrize("dag_id", TASKS)
def test_each_dag_is_documented_tagged_and_bounded(dags: dict[str, Any], dag_id: str) -> None:
    dag = dags[dag_id]
    assert "| you see | it means |" in dag.doc_md or "Nothing due = skipped" in dag.doc_md
    assert dag.tags
    assert dag.max_active_runs == (500 if dag_id == "official_figures" else 1), "a request may wait for weeks"
    assert dag.catchup is False
    assert isinstance(dag.dagrun_timeout, timedelta)


@pytest.mark.parametrize("dag_id", TASKS)
def test_each_task_has_owner_time_limit_docs_and_a_verb(dags: dict[str, Any], dag_id: str) -> None:
    for task in dags[dag_id].tasks:
        assert task.owner not in {"", "airflow"}
        limit = task.execution_timeout or task.response_timeout
        assert timedelta() < limit < dags[dag_id].dagrun_timeout, task.task_id
        assert task.doc_md, task.task_id
        assert re.fullmatch(
            r"(list|receive|announce|confirm|await|build|gate|publish|roll_up|report)_[a-z]+", task.task_id
        )


def test_every_task_is_retried(dags: dict[str, Any]) -> None:
    """The gate too: a refusal raises AirflowFailException, which no retry follows; a crash is tried again."""
    assert [task.task_id for dag in dags.values() for task in dag.tasks if not task.retries] == []
    assert "AirflowFailException" in (DAGS / "warehouse_release.py").read_text("utf-8")


@pytest.mark.parametrize("dag_id", ["branch_submissions", "bank_feeds"])
def test_one_file_never_sinks_the_others(dags: dict[str, Any], dag_id: str) -> None:
    receive, announce, confirm = (
        dags[dag_id].get_task(name) for name in ("receive_files", "announce_changes", "confirm_files")
    )
    assert receive.is_mapped
    assert announce.trigger_rule == "all_done", "what landed is announced even when another file crashed"
    assert confirm.trigger_rule == "all_success", "and a crash still fails the run"


def test_the_status_is_written_in_any_case_and_hides_no_failure(dags: dict[str, Any]) -> None:
    status = dags["warehouse_release"].get_task("report_status")
    assert status.is_teardown
    assert status.on_failure_fail_dagrun is False


def test_releases_follow_both_kinds_of_intake(dags: dict[str, Any]) -> None:
    announced = {
        asset.name
        for dag_id in ("branch_submissions", "bank_feeds")
        for asset in dags[dag_id].get_task("announce_changes").outlets
    }
    awaited = {asset.name for asset in dags["warehouse_release"].timetable.asset_condition.objects}
    assert announced == awaited == {"branch_submissions", "bank_feeds"}


def test_the_rollup_follows_the_calendar_and_each_release(dags: dict[str, Any]) -> None:
    timetable = dags["national_rollup"].timetable
    published = {asset.name for asset in dags["warehouse_release"].get_task("publish_release").outlets}
    assert {timetable.asset_condition.name} == published == {"release"}
    assert timetable.timetable.expression == "0 6 * * *"
    assert "Asia/Ho_Chi_Minh" in str(timetable.timetable.timezone)


@pytest.mark.parametrize("file", sorted(set(FILES.values())))
def test_a_file_is_read_without_anything_heavy(file: str) -> None:
    """What a DAG file itself makes Python load, beyond Airflow: measured in an interpreter of its own."""
    program = (
        "import json, runpy, sys; import airflow.sdk.exceptions; from airflow.sdk import dag, task, Param; "
        "import airflow.providers.standard.operators.hitl; "
        "before = set(sys.modules); "
        f"runpy.run_path({str(DAGS / f'{file}.py')!r}); "
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "vwu" in loaded
    assert loaded & set(HEAVY) == set()
