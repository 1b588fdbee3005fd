"""What runs where, and what the pipeline did and holds: the status page in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from vwu.language import phrase
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
    database, page, bi = status["database"], status["airflow"], status["superset"]
    states = {component["state"] for component in page["components"]}
    found = [(phrase("thư mục", "home"), status["home"]), ("PostgreSQL", _describe_database(database))]
    if "running" in states:
        found.append(("Airflow", _describe_page(page)))
    for component in page["components"]:
        detail = f"log {component['log']}" if "running" in states else ""
        detail = f"pid {component['pid']}" if component["state"] == "running" else detail
        found.append(("", f"{component['name']:22} {component['state']:8} {detail}"))
    if bi["components"][0]["state"] == "running":
        found.append(("Superset", f"{_describe_page(bi)}: superset_admin"))
    if database["state"] == "running":
        found.append((phrase("phát hành", "release"), _describe_release(status["release"])))
    for receipt in status["held"] or []:
        why = phrase(receipt["reason_vi"], receipt["reason_en"])
        found.append((phrase("giữ lại", "held"), f"{receipt['receipt_id']} {receipt['file_name']}: {why}"))
    found += _describe_pipeline(status["pipeline"] or {})
    if database["state"] == "running":
        found.append((phrase("kết nối", "connect"), 'psql "$(vwu dsn --role bi_reader)"'))
    return "\n".join((f"{name:<12}{said}" if name else f"  {said}").rstrip() for name, said in found)


def _describe_page(page: dict[str, Any]) -> str:
    user, password = phrase("tài khoản", "user"), phrase("mật khẩu ở", "password in")
    return f"{page['url']}  {user} {page['user']}, {password} {page['password_file']}"


def _describe_pipeline(pipeline: dict[str, Any]) -> list[tuple[str, str]]:
    """Arrivals, the last build and gate, freshness, and who is waited for: a line each."""
    arrivals = [f"{each['files']} {each['kind']} {each['state']}" for each in pipeline.get("arrivals", ())]
    found = [(phrase("tệp đến", "arrivals"), ", ".join(arrivals))] if arrivals else []
    within, failures = phrase("trong", "in"), phrase("lỗi", "failures")
    for build in pipeline.get("builds", ())[:1]:
        seconds = "" if build["seconds"] is None else f" {within} {build['seconds']:.1f} s"
        said = f"{build['build_id']} {build['status']}{seconds}, {build['failures']} {failures}"
        found.append((phrase("dựng cuối", "last build"), said))
    for gate in pipeline.get("gates", ())[:1]:
        executed, expected = gate["executed_checks"], gate["expected_checks"]
        ran = phrase(f"{executed} trên {expected} phép kiểm", f"{executed} of {expected} checks")
        said = f"{gate['gate_run_id']} {gate['verdict']}: {ran} {within} {gate['seconds']:.1f} s"
        found.append((phrase("kiểm định", "last gate"), said))
    fresh = [
        f"{phrase(each['source_vi'], each['source_en'])} {each['until']:%d/%m/%Y}"
        for each in pipeline.get("freshness", ())
    ]
    found += [(phrase("số liệu đến", "data up to"), ", ".join(fresh))] if fresh else []
    for each in pipeline.get("waiting", ())[-_SHOWN:]:
        names = list(each["awaited"][:_SHOWN])
        left = len(each["awaited"]) - len(names)
        more = phrase(f" và {left} đơn vị nữa", f" and {left} more") if left else ""
        due = phrase(f"hạn nộp, {each['due_date']:%d/%m/%Y}", f"its due date, {each['due_date']:%d/%m/%Y}")
        came = phrase(f"đã có {each['came']}/{each['owed']}", f"{each['came']} of {each['owed']} came")
        said = f"{each['period_code']}, {came}: {', '.join(names) + more or due}"
        found.append((phrase("đang chờ", "waits"), said))
    return found


def _describe_database(database: dict[str, Any]) -> str:
    if database["state"] != "running":
        return str(database["state"]) + (f": {database['reason']}" if "reason" in database else "")
    return f"{database['version']} {phrase('ở', 'at')} {database['host']}:{database['port']} ({database['kind']})"


def _describe_release(release: dict[str, Any] | None) -> str:
    if release is None:
        return phrase("chưa có bản nào", "none in force")
    return ", ".join(f"{name} {value}" for name, value in release.items() if value is not None)
