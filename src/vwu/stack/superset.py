"""Superset beside the warehouse: its environment, its tables and dashboards, and its server on loopback.

It lives in an environment of its own, `.venv/bi` (its pins contradict ours; `make bi` makes it), and reads the
warehouse as `bi_reader`. Its own tables are in `<home>/superset`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vwu.language import phrase
from vwu.settings import Settings
from vwu.stack import StackError, interrupts, ports, processes, state
from vwu.stack.ports import LOOPBACK
from vwu.stack.progress import Progress

NAME, USER = "superset", "admin"
PATIENCE = 180.0  # seconds; Superset imports for ten on an idle machine
_FOREIGN = ("SUPERSET", "FLASK", "PG")


def url(settings: Settings) -> str:
    """The address of Superset's page."""
    return f"http://{LOOPBACK}:{settings.stack['superset_port']}"


def start_superset(settings: Settings, progress: Progress) -> Settings:
    """Install what `bi/` has and serve it; kept as it is when it runs with the same assets and settings.

    Raises StackError when the environment was never made, the warehouse is not up, or Superset does not start.
    """
    python = _python(settings)
    with interrupts.caught(), state.lock(settings.home, progress.show):
        state.prepare(settings)
        settings = state.reread(settings)
        write_service(settings)
        running = processes.find(settings.home, NAME)
        if running is None or running.fingerprint != _fingerprint(settings):
            processes.stop(settings.home, [NAME])
            settings = state.record_addresses(
                settings, {"superset_port": ports.choose(settings.stack.get("superset_port"))}
            )
            progress.show(phrase("Superset: bảng và trang tổng quan", "Superset: tables and dashboards"))
            _install(settings, python)
            running = processes.spawn(
                settings.home, NAME, _server(settings, python), environment(settings), _fingerprint(settings)
            )
        try:
            _wait_until_served(settings, running, progress)
        except BaseException:
            processes.stop(settings.home, [NAME])
            raise
        return settings


def export_dashboards(settings: Settings) -> None:
    """Write the dashboards as Superset holds them back into bi/assets."""
    _install(settings, _python(settings), "--export")


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a Superset process. Holds secrets; give it to processes, never to a log."""
    folder, secrets = _folder(settings), settings.secrets
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return inherited | {
        "SUPERSET_CONFIG_PATH": str(settings.root / "bi" / "superset_config.py"),
        "SUPERSET_HOME": str(folder),
        "VWU_BI_SECRET_KEY": secrets["superset_key"],
        "VWU_BI_PASSWORD": secrets["superset_admin"],
        "VWU_BI_METADATA_URL": f"sqlite:///{folder / 'superset.db'}",
        "PGSERVICEFILE": str(folder / "pg_service.conf"),
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
    }


def _folder(settings: Settings) -> Path:
    return settings.home / "superset"


def _python(settings: Settings) -> Path:
    python = settings.root / ".venv" / "bi" / "bin" / "python"
    if not python.exists():
        raise StackError(phrase("chưa cài Superset: hãy chạy `make bi`", "Superset is not installed: run `make bi`"))
    return python


def write_service(settings: Settings) -> None:
    """The libpq service `vwu` that bi/assets names: where the warehouse is, as `bi_reader`; its password with it."""
    parts = urlsplit(settings.database_url("bi_reader"))
    folder = _folder(settings)
    folder.mkdir(exist_ok=True, mode=0o700)
    lines = {
        "host": parts.hostname, "port": parts.port or 5432, "dbname": parts.path.lstrip("/"),
        "user": parts.username, "password": unquote(parts.password or ""), "application_name": NAME,
    }  # fmt: skip
    state.write_private(
        folder / "pg_service.conf", "[vwu]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())
    )


def _fingerprint(settings: Settings) -> str:
    """What the running Superset must have been installed from to be kept."""
    content = hashlib.sha256(json.dumps(environment(settings), sort_keys=True).encode())
    content.update((_folder(settings) / "pg_service.conf").read_bytes())
    for path in sorted(path for path in (settings.root / "bi").rglob("*") if path.suffix in (".py", ".yaml")):
        content.update(path.read_bytes())
    return content.hexdigest()


def _install(settings: Settings, python: Path, *arguments: str) -> None:
    """Run bi/install.py in Superset's environment. Raises StackError with its log's end when it failed."""
    log = processes.log_path(settings.home, "superset-install")
    with processes.open_log(log) as output:
        done = subprocess.run(
            [str(python), str(settings.root / "bi" / "install.py"), *arguments],
            env=environment(settings), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise StackError(
            phrase(
                f"bi/install.py bị hỏng; cuối nhật ký {log}:\n{processes.tail(log)}",
                f"bi/install.py failed; its log {log} ends:\n{processes.tail(log)}",
            )
        )


def _server(settings: Settings, python: Path) -> list[str]:
    return [
        str(python), "-m", "gunicorn", "--bind", f"{LOOPBACK}:{settings.stack['superset_port']}", "--workers", "1",
        "--threads", "8", "--timeout", "120", "--worker-tmp-dir", str(_folder(settings)), "superset.app:create_app()",
    ]  # fmt: skip


def _wait_until_served(settings: Settings, running: processes.Started, progress: Progress) -> None:
    deadline = time.monotonic() + PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(f"{url(settings)}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if not processes.is_alive(running) or time.monotonic() > deadline:
                log = processes.log_path(settings.home, NAME)
                raise StackError(
                    phrase(
                        f"Superset không trả lời ({error}); cuối nhật ký {log}:\n{processes.tail(log)}",
                        f"Superset does not answer ({error}); its log {log} ends:\n{processes.tail(log)}",
                    )
                ) from error
        progress.show(phrase("Superset: đang đợi trang của nó", "Superset: waiting for its page"))
        time.sleep(0.25)
