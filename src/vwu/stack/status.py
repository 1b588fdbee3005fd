"""What runs where, and what the pipeline did and holds: the status page in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from vwu.settings import Settings, SettingsError
from vwu.stack import airflow, postgres, processes, superset

# The queries name whole rows: their keys are the columns of the tables (INTERFACES 5.1).
_RELEASE = "select * from published.release_info"
_SHOWN = 3  # periods that wait, and names in each
_HELD = (
    "select receipt_id, kind, file_name, state, reason_vi, reason_en, received_at"
    " from intake.receipt where state = 'held' order by received_at, receipt_id"
)


def read_status(settings: Settings) -> dict[str, Any]:
    """Everything about the stack of one home folder; asks no component that does not run."""
    database = _database(settings)
    components = [_component(settings, name) for name in airflow.COMPONENTS]
    has_page = "airflow_port" in settings.stack
    releases = _rows(settings, database, "publisher", _RELEASE)
    return {
        "home": str(settings.home),
        "database": database,
        "airflow": {
            "url": airflow.url(settings) if has_page else None,
            "user": airflow.USER,
            "password_file": str(settings.home / "airflow" / "passwords.json"),
            "components": components,
        },
        "superset": {
            "url": superset.url(settings) if "superset_port" in settings.stack else None,
            "user": superset.USER,
            "password_file": str(settings.home / "secrets.json"),
            "components": [_component(settings, superset.NAME)],
        },
        "release": releases[0] if releases else None,
        "held": _rows(settings, database, "loader", _HELD),
        "pipeline": _pipeline(settings, database),
    }


def _database(settings: Settings) -> dict[str, Any]:
    cluster = postgres.locate(settings.home)
    running = None if settings.external_url else postgres.find(cluster)
    known: dict[str, Any] = {
        "kind": "external" if settings.external_url else "embedded",
        "state": "stopped",
        "host": None,
        "port": None,
        "version": None,
        "pid": running.pid if running else None,
        "folder": None if settings.external_url else str(cluster.folder),
    }
    if running is None and not settings.external_url:
        return known
    try:
        with psycopg.connect(settings.database_url("superuser"), connect_timeout=5) as connection:
            info = connection.info
            version = info.parameter_status("server_version")
            return known | {"state": "running", "host": info.host, "port": info.port, "version": version}
    except (psycopg.OperationalError, SettingsError) as error:
        return known | {"state": "unreachable", "reason": str(error).strip()}


def _component(settings: Settings, name: str) -> dict[str, Any]:
    running = processes.find(settings.home, name)
    return {
        "name": name,
        "state": "running" if running else "stopped",
        "pid": running.pid if running else None,
        "started_at": datetime.fromtimestamp(running.started_at, UTC) if running else None,
        "log": str(processes.log_path(settings.home, name)),
    }


def _rows(settings: Settings, database: dict[str, Any], role: str, query: str) -> list[dict[str, Any]] | None:
    """The query's rows; None when the database does not run or has no such table yet."""
    if database["state"] != "running":
        return None
    try:
        with (
            psycopg.connect(settings.database_url(role), connect_timeout=5) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(query).fetchall()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable, SettingsError):
        return None


def _pipeline(settings: Settings, database: dict[str, Any]) -> dict[str, Any] | None:
    """What the status page shows; None when the database does not run or has no such tables yet."""
    from vwu.site.status import read_pipeline

    if database["state"] != "running":
        return None
    try:
        return asdict(read_pipeline(settings))
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable, SettingsError):
        return None


def describe(status: dict[str, Any]) -> str:
    """The status in a few lines for a person."""
    database, page = status["database"], status["airflow"]
    lines = [f"home        {status['home']}", f"PostgreSQL  {_describe_database(database)}"]
    states = {component["state"] for component in page["components"]}
    if "running" in states:
        lines.append(f"Airflow     {page['url']}  user {page['user']}, password in {page['password_file']}")
    for component in page["components"]:
        if component["state"] == "running":
            detail = f"pid {component['pid']}"
        else:
            detail = f"log {component['log']}" if "running" in states else ""
        lines.append(f"  {component['name']:22} {component['state']:8} {detail}".rstrip())
    bi = status["superset"]
    if bi["components"][0]["state"] == "running":
        lines.append(
            f"Superset    {bi['url']}  user {bi['user']}, password in {bi['password_file']} under superset_admin"
        )
    if database["state"] == "running":
        lines.append(f"release     {_describe_release(status['release'])}")
    lines += [
        f"held        {receipt['receipt_id']} {receipt['file_name']}: {receipt['reason_en']}"
        for receipt in status["held"] or []
    ]
    lines += _describe_pipeline(status["pipeline"] or {})
    if database["state"] == "running":
        lines.append('connect     psql "$(vwu dsn --role bi_reader)"')
    return "\n".join(lines)


def _describe_pipeline(pipeline: dict[str, Any]) -> list[str]:
    """Arrivals, the last build and gate, freshness, and who is waited for: a line each."""
    arrivals = [f"{each['files']} {each['kind']} {each['state']}" for each in pipeline.get("arrivals", ())]
    lines = [f"arrivals    {', '.join(arrivals)}"] if arrivals else []
    for build in pipeline.get("builds", ())[:1]:
        seconds = "" if build["seconds"] is None else f" in {build['seconds']:.1f} s"
        lines.append(f"last build  {build['build_id']} {build['status']}{seconds}, {build['failures']} failures")
    for gate in pipeline.get("gates", ())[:1]:
        ran = f"{gate['executed_checks']} of {gate['expected_checks']} checks in {gate['seconds']:.1f} s"
        lines.append(f"last gate   {gate['gate_run_id']} {gate['verdict']}: {ran}")
    fresh = [f"{each['source_en']} {each['until']:%d/%m/%Y}" for each in pipeline.get("freshness", ())]
    lines += [f"data up to  {', '.join(fresh)}"] if fresh else []
    for each in pipeline.get("waiting", ())[-_SHOWN:]:
        names = list(each["awaited"][:_SHOWN])
        more = f" and {len(each['awaited']) - len(names)} more" if len(each["awaited"]) > len(names) else ""
        awaited = ", ".join(names) + more or f"its due date, {each['due_date']:%d/%m/%Y}"
        lines.append(f"waits       {each['period_code']}, {each['came']} of {each['owed']} came: {awaited}")
    return lines


def _describe_database(database: dict[str, Any]) -> str:
    if database["state"] != "running":
        return str(database["state"]) + (f": {database['reason']}" if "reason" in database else "")
    return f"{database['version']} at {database['host']}:{database['port']} ({database['kind']})"


def _describe_release(release: dict[str, Any] | None) -> str:
    if release is None:
        return "none in force"
    return ", ".join(f"{name} {value}" for name, value in release.items() if value is not None)
