from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vwu.settings import Settings, load_settings
from vwu.stack import airflow, state


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings({"VWU_HOME": str(tmp_path / "a home"), "VWU_ROOT": str(tmp_path)})
    state.prepare(settings)
    return state.record_addresses(state.reread(settings), {"postgres_port": 21000, "airflow_port": 21001})


def test_everything_listens_on_loopback(settings: Settings) -> None:
    told = airflow.configuration(settings)

    assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert told["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:21001"
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:21001/execution/"
    assert told["AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"] == "False"
    for name in ("airflow-scheduler", "airflow-triggerer"):
        assert "--skip-serve-logs" in airflow.COMPONENTS[name], "the log server would listen on every address"


def test_airflow_uses_its_own_role_and_database(settings: Settings) -> None:
    told = airflow.configuration(settings)

    password = settings.secrets["airflow"]
    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == (
        f"postgresql+psycopg2://airflow:{password}@127.0.0.1:21000/airflow"
    )
    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"].startswith("postgresql+asyncpg://airflow:")


def test_asyncpg_is_told_about_tls_in_its_own_words(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "VWU_HOME": str(tmp_path),
            "VWU_DATABASE_URL": "postgresql://boss:x@db.example:5432/vwu?sslmode=require",
            "VWU_AIRFLOW_DATABASE_URL": "postgresql://flow:y@db.example:5432/flow?sslmode=require",
        }
    )
    state.prepare(settings)
    told = airflow.configuration(state.record_addresses(state.reread(settings), {"airflow_port": 21001}))

    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == (
        "postgresql+psycopg2://flow:y@db.example:5432/flow?sslmode=require"
    )
    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"] == (
        "postgresql+asyncpg://flow:y@db.example:5432/flow?ssl=require"
    )
    assert told["VWU_DATABASE_URL"] == settings.external_url


def test_foreign_variables_do_not_reach_airflow(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("VWU_WHO", "somebody")

    told = airflow.environment(settings)

    assert told["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert told["AIRFLOW_HOME"] == str(settings.home / "airflow")
    assert "PGOPTIONS" not in told
    assert told["NO_PROXY"].split(",") == ["intranet", "127.0.0.1", "localhost"]
    assert told["VWU_WHO"] == "somebody"


def test_telemetry_is_off(settings: Settings) -> None:
    told = airflow.configuration(settings)

    assert (told["SCARF_ANALYTICS"], told["DO_NOT_TRACK"]) == ("false", "1")
    assert (told["DBT_SEND_ANONYMOUS_USAGE_STATS"], told["GX_ANALYTICS_ENABLED"]) == ("false", "false")


def test_a_component_started_with_another_address_is_outdated(settings: Settings) -> None:
    before = airflow.fingerprint(settings)

    moved = state.record_addresses(settings, {"postgres_port": 21002})

    assert airflow.fingerprint(state.reread(moved)) == airflow.fingerprint(moved) != before


def test_only_files_that_define_a_dag_are_waited_for(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, text in {
        "decorated.py": "from airflow.sdk import dag\n@dag(schedule=None)\ndef decorated(): ...\n",
        "deep/classic.py": "from airflow.sdk import DAG\nwith DAG('x'): ...\n",
        "words.py": "from airflow.sdk import task  # for a dag elsewhere\n",
        "notes.md": "@dag\n",
    }.items():
        (tmp_path / name).write_text(text)

    assert airflow.dag_files(tmp_path) == ["decorated.py", "deep/classic.py"]


def test_health_waits_for_the_sick_and_for_a_heartbeat_of_this_start() -> None:
    at = {
        part: datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for part, second in [("scheduler", 5), ("triggerer", 20)]
    }
    health = airflow.Health(
        {"metadatabase": "healthy", "scheduler": "healthy", "triggerer": "healthy", "dag_processor": "unhealthy"}, at
    )
    started = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC).timestamp()

    waiting = health.waiting_for({"scheduler": started, "triggerer": started, "dag_processor": started})

    assert waiting == ["scheduler", "dag_processor"]
