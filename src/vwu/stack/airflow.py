"""Airflow beside the warehouse: its environment, its four components, and how we know that they are ready.

Everything that Airflow is told, it is told through `environment`; there is no other configuration.
It listens on one port of loopback (the api-server's). Log servers and health servers are off: they would listen on
every address, and everything is on one machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg

from vwu.language import phrase
from vwu.settings import LINEAGE_NAMESPACE, Settings
from vwu.stack import StackError, processes
from vwu.stack.ports import LOOPBACK
from vwu.stack.processes import Started

USER = "admin"
COMPONENTS: Mapping[str, Sequence[str]] = {
    "airflow-api-server": ("api-server",),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}
MIGRATION = "airflow-db-migrate"
# Variables of the caller that would reach Airflow or libpq behind our back.
_FOREIGN = ("AIRFLOW", "PG", "_AIRFLOW")
_DEFINES_DAG = re.compile(r"^\s*@dag\b|\bDAG\(", re.MULTILINE)


def url(settings: Settings) -> str:
    """The address of Airflow's page."""
    return f"http://{LOOPBACK}:{settings.stack['airflow_port']}"


def environment(settings: Settings) -> dict[str, str]:
    """The whole environment of an Airflow process: the caller's, without foreign Airflow and libpq variables, and ours.

    Holds secrets; give it to processes, never to a log.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    local = ",".join(filter(None, [inherited.get("no_proxy"), inherited.get("NO_PROXY"), LOOPBACK, "localhost"]))
    return inherited | configuration(settings) | {"no_proxy": local, "NO_PROXY": local}


def configuration(settings: Settings) -> dict[str, str]:
    """Our part of the environment: what Airflow, its tasks and the tools that they call are told."""
    return _plain(settings) | {
        f"AIRFLOW__{section.upper()}__{name.upper()}": value
        for section, options in _options(settings).items()
        for name, value in options.items()
    }


def _plain(settings: Settings) -> dict[str, str]:
    optional = {
        "VWU_DATABASE_URL": settings.external_url,
        "VWU_AIRFLOW_DATABASE_URL": settings.external_airflow_url,
        "VWU_TOKEN_KEY_FILE": settings.token_key_file,
        "VWU_STORE_KEY_FILE": settings.store_key_file,
    }
    return {
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "VWU_ROOT": str(settings.root),
        "VWU_HOME": str(settings.home),
        "VWU_LANDING": settings.landing,
        "VWU_STORE": settings.store,
        "VWU_MAX_HELD_SHARE": str(settings.max_held_share),
        "VWU_MAX_HELD_FEED_SHARE": str(settings.max_held_feed_share),
        "VWU_MAX_HELD_DAYS": str(settings.max_held_days),
        "VWU_SMALL_CELL": str(settings.small_cell),
        "VWU_DOMINANCE_PCT": str(settings.dominance_pct),
        "VWU_EMBARGO_UNTIL": settings.embargo_until.isoformat() if settings.embargo_until else "",
        "SPT_NOENV": "1",  # process titles must not overwrite the mark by which we find our processes
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
    } | {name: str(value) for name, value in optional.items() if value}


def _options(settings: Settings) -> dict[str, dict[str, str]]:
    """Airflow's options by section; the rest is Airflow's default."""
    home, secrets = settings.home, settings.secrets
    processors = str(max(2, os.cpu_count() or 2))
    return {
        "core": {
            "dags_folder": str(settings.root / "dags"),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": processors,
            "max_active_tasks_per_dag": processors,
            "max_map_length": "10000",  # one task a file, and a month of the nation is 3,321 of them
            "dags_are_paused_at_creation": "False",
            "fernet_key": secrets["airflow_fernet"],
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(home / "airflow" / "passwords.json"),
            "execution_api_server_url": f"{url(settings)}/execution/",
            "hostname_callable": "socket.gethostname",  # the default asks the name server, which may not answer
        },
        "database": {
            "sql_alchemy_conn": _driver_url(settings, "psycopg2"),
            "sql_alchemy_conn_async": _driver_url(settings, "asyncpg"),
            "check_migrations": "False",  # `up` has done them; each component would look again as it starts
        },
        "logging": {
            "base_log_folder": str(home / "logs" / "airflow"),
            "dag_processor_child_process_log_directory": str(home / "logs" / "airflow" / "dag_processor"),
            "colored_console_log": "False",
        },
        "api": {
            "host": LOOPBACK,
            "port": str(settings.stack["airflow_port"]),
            "base_url": url(settings),
            "workers": "1",
            "secret_key": secrets["airflow_api"],
        },
        "api_auth": {"jwt_secret": secrets["airflow_jwt"], "jwt_issuer": "vwu"},
        "scheduler": {
            "enable_health_check": "False",
            "scheduler_idle_sleep_time": "0.5",
            "orphaned_tasks_check_interval": "30",
            "task_instance_heartbeat_timeout": "120",
        },
        "openlineage": _lineage(settings),
        # A task's supervisor notices its end at the next beat: with the default of 5 s, most tasks last 5 s longer.
        "workers": {"min_heartbeat_interval": "1"},
        "dag_processor": {
            "dag_bundle_storage_path": str(home / "airflow" / "bundles"),
            "refresh_interval": "10",
            "parsing_processes": "2",
            "print_stats_interval": "0",
        },
    }


def _lineage(settings: Settings) -> dict[str, str]:
    """What Airflow's provider tells of DAGs and tasks goes where our own events go; no code of tasks goes with it."""
    kept = settings.lineage_transport
    told = {"namespace": LINEAGE_NAMESPACE, "disable_source_code": "True"}
    return told | ({"transport": json.dumps(kept)} if kept else {})


def _driver_url(settings: Settings, driver: str) -> str:
    """Airflow's database for SQLAlchemy. asyncpg knows `ssl` where libpq knows `sslmode`."""
    parts = urlsplit(settings.database_url("airflow"))
    query = dict(parse_qsl(parts.query))
    if driver == "asyncpg" and "sslmode" in query:
        query = {"ssl": query["sslmode"]}
    return urlunsplit(parts._replace(scheme=f"postgresql+{driver}", query=urlencode(query)))


def write_passwords(settings: Settings) -> None:
    """Give the page its one user, with our generated password."""
    from vwu.stack.state import write_private

    content = json.dumps({USER: settings.secrets["airflow_admin"]})
    write_private(settings.home / "airflow" / "passwords.json", content)


# Migration of Airflow's own tables


def needs_migration(settings: Settings) -> bool:
    """Whether Airflow's database lacks its tables, or the last migration was another version's."""
    with psycopg.connect(settings.database_url("airflow")) as connection:
        row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    marker = settings.home / "airflow" / "migrated"
    done_by = marker.read_text("ascii") if marker.exists() else ""
    return row != (True,) or done_by != version("apache-airflow")


def start_migration(settings: Settings) -> Started:
    """Start `airflow db migrate` as a process of its own; `finish_migration` reads its outcome."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    return processes.spawn(settings.home, MIGRATION, command, environment(settings))


def finish_migration(settings: Settings, started: Started) -> None:
    """Wait for the migration's end. Raises StackError with the log's end when it failed."""
    status = processes.wait(started)
    if status != 0:
        raise component_error(
            settings.home, MIGRATION, phrase(f"bị hỏng với mã {status}", f"failed with status {status}")
        )
    (settings.home / "airflow" / "migrated").write_text(version("apache-airflow"), "ascii")


# Components


def fingerprint(settings: Settings) -> str:
    """What a running component must have been started with to be kept."""
    told = json.dumps([configuration(settings), sys.executable, version("apache-airflow")], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def start_component(settings: Settings, name: str) -> Started:
    """Start one component, detached; its log is `<home>/logs/<name>.log`."""
    command = [sys.executable, "-m", "airflow", *COMPONENTS[name]]
    return processes.spawn(settings.home, name, command, environment(settings), fingerprint(settings))


def component_error(home: Path, name: str, what: str) -> StackError:
    """What went wrong with a component, with the end of its log and the log's place."""
    log = processes.log_path(home, name)
    return StackError(
        phrase(
            f"{name} {what}; cuối nhật ký {log}:\n{processes.tail(log)}",
            f"{name} {what}; its log {log} ends:\n{processes.tail(log)}",
        )
    )


# Health


@dataclass(frozen=True)
class Health:
    """What Airflow's api-server says: each part's status, and the last heartbeat of those that have one."""

    status: Mapping[str, str]
    heartbeat: Mapping[str, datetime]

    def waiting_for(self, since: Mapping[str, float]) -> list[str]:
        """The parts that are not healthy, or whose last heartbeat is from before `since` (epoch seconds, by part)."""
        return [
            part
            for part, status in self.status.items()
            if status != "healthy"
            or (part in self.heartbeat and self.heartbeat[part].timestamp() < since.get(part, 0.0))
        ]


_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def read_health(settings: Settings) -> Health | None:
    """Ask the api-server; None while it does not answer."""
    try:
        answer = _get_json(f"{url(settings)}/api/v2/monitor/health")
    except (OSError, ValueError):
        return None
    parts = {part: answer.get(part) or {} for part in _PARTS}
    beats = {part: said.get(f"latest_{part}_heartbeat") for part, said in parts.items()}
    return Health(
        {part: str(said.get("status")) for part, said in parts.items()},
        {part: datetime.fromisoformat(beat) for part, beat in beats.items() if beat},
    )


def _get_json(address: str) -> dict[str, Any]:
    # No proxy of the caller's environment may stand between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=5) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


# DAG files


@dataclass(frozen=True)
class Parsed:
    """How far the dag-processor is: files not parsed yet, and the import errors by file."""

    missing: Sequence[str]
    errors: Mapping[str, str]


def dag_files(dags: Path) -> list[str]:
    """The files that define a DAG, relative to the folder."""
    return sorted(
        str(path.relative_to(dags))
        for path in dags.rglob("*.py")
        if _DEFINES_DAG.search(path.read_text("utf-8", errors="replace"))
    )


def read_parsed(settings: Settings, since: float) -> Parsed:
    """Compare the DAG files with what Airflow has parsed since a moment (epoch seconds)."""
    moment = datetime.fromtimestamp(since, UTC)
    with psycopg.connect(settings.database_url("airflow")) as connection:
        good = connection.execute(
            "select relative_fileloc from dag where not is_stale and last_parsed_time >= %s", [moment]
        ).fetchall()
        bad = connection.execute(
            "select filename, stacktrace from import_error where timestamp >= %s", [moment]
        ).fetchall()
    seen = {name for (name,) in good} | {name for name, _ in bad}
    missing = [name for name in dag_files(settings.root / "dags") if name not in seen]
    return Parsed(missing, dict(bad))
