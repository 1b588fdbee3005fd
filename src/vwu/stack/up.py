"""The verbs `up` and `down`: bring the stack to the state asked for, whatever state it is in.

`up` keeps what runs and is current, restarts what died, and starts what is missing. When it fails or is interrupted, it
stops what this call started and leaves the rest alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from vwu.language import phrase
from vwu.settings import Settings
from vwu.stack import StackError, airflow, interrupts, ports, postgres, processes, server, state, superset
from vwu.stack.processes import Started
from vwu.stack.progress import Progress

READY_PATIENCE = 300.0  # seconds; a small or busy machine needs one or two minutes
# Airflow's name of a part of its health -> ours of the component whose heartbeat it is.
_HEARTS = {
    "scheduler": "airflow-scheduler",
    "triggerer": "airflow-triggerer",
    "dag_processor": "airflow-dag-processor",
}


@dataclass(frozen=True)
class Outcome:
    """What `up` left: settings that know the addresses, what it started (nothing: all ran before), broken DAG files."""

    settings: Settings
    started: tuple[str, ...]
    import_errors: Mapping[str, str]


def up(settings: Settings, progress: Progress, *, with_airflow: bool = True) -> Outcome:
    """Start the stack and wait until it is ready. Raises StackError, leaving nothing of this call behind."""
    with interrupts.caught(), _plain_words(settings), state.lock(settings.home, progress.show):
        state.prepare(settings)
        settings = state.reread(settings)
        with _undone_on_failure(progress) as undo:
            settings, started = _start_database(settings, progress, undo)
            progress.show(phrase("vai trò và cơ sở dữ liệu", "roles and databases"))
            server.prepare_server(settings)
            if not with_airflow:
                progress.show(phrase("cập nhật cấu trúc kho dữ liệu", "migrations of the warehouse"))
                server.migrate_warehouse(settings)
                return Outcome(settings, tuple(started), {})
            settings = _choose_airflow_port(settings)
            _migrate(settings, progress, undo)
            components = _start_components(settings, progress, undo, started)
            errors = _wait_until_ready(settings, components, progress)
            return Outcome(settings, tuple(started), errors)


def down(settings: Settings, progress: Progress) -> list[str]:
    """Stop everything that belongs to this home folder; returns the names of what ran."""
    with interrupts.caught(), state.lock(settings.home, progress.show), interrupts.held_back():
        progress.show(phrase("đang dừng Airflow và Superset", "stopping Airflow and Superset"))
        stopped = _stop_airflow(settings) + processes.stop(settings.home, [superset.NAME])
        progress.show(phrase("đang dừng PostgreSQL", "stopping PostgreSQL"))
        if postgres.stop(postgres.locate(settings.home)):
            stopped.append(postgres.NAME)
        return stopped


def _stop_airflow(settings: Settings) -> list[str]:
    """Stop all components; the scheduler first, so that its running tasks can tell the api-server that they ended."""
    first = processes.stop(settings.home, ["airflow-scheduler"], patience=8.0)
    return first + processes.stop(settings.home, [airflow.MIGRATION, *airflow.COMPONENTS], patience=8.0)


@contextmanager
def _plain_words(settings: Settings) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise StackError(
            phrase(
                f"ổ đĩa của PostgreSQL đã đầy ({error}): hãy giải phóng chỗ rồi chạy lại `vwu up`",
                f"the disk of PostgreSQL filled up ({error}): free some space and run `vwu up` again",
            )
        ) from error
    except OSError as error:
        full = state.explain_full_disk(error, settings.home)
        if full is None:
            raise
        raise full from error


@contextmanager
def _undone_on_failure(progress: Progress) -> Iterator[ExitStack]:
    """An ExitStack whose callbacks run, last first and undivided, only when the enclosed work does not succeed."""
    undo = ExitStack()
    try:
        yield undo
    except BaseException:
        with interrupts.held_back():
            progress.show(phrase("đang dừng những gì đã khởi động", "stopping what was started"))
            undo.close()
        raise


def _start_database(settings: Settings, progress: Progress, undo: ExitStack) -> tuple[Settings, list[str]]:
    """Settings that know the port, and what was started. With VWU_DATABASE_URL there is nothing to start."""
    if settings.external_url:
        return settings, []
    cluster = postgres.locate(settings.home)
    if postgres.find(cluster) is None:
        # Components that outlived their database are in an unknown state.
        _stop_airflow(settings)
        undo.callback(lambda: postgres.stop(postgres.locate(settings.home)))
    progress.show("PostgreSQL")
    running = postgres.start(settings.home, settings.secrets["superuser"], settings.stack.get("postgres_port"))
    settings = state.record_addresses(settings, {"postgres_port": running.port})
    return settings, [postgres.NAME] if running.is_new else []


def _choose_airflow_port(settings: Settings) -> Settings:
    """Keep the recorded port while the api-server runs there or it is free; another port restarts all components."""
    port = settings.stack.get("airflow_port")
    if port and processes.find(settings.home, "airflow-api-server"):
        return settings
    return state.record_addresses(settings, {"airflow_port": ports.choose(port)})


def _migrate(settings: Settings, progress: Progress, undo: ExitStack) -> None:
    """Bring Airflow's tables and the warehouse's up to date, at the same time."""
    airflow.write_passwords(settings)
    running = None
    if airflow.needs_migration(settings):
        # The components of another version must not meet the new tables.
        _stop_airflow(settings)
        undo.callback(processes.stop, settings.home, [airflow.MIGRATION])
        running = airflow.start_migration(settings)
    progress.show(phrase("cập nhật cấu trúc kho dữ liệu", "migrations of the warehouse"))
    server.migrate_warehouse(settings)
    if running:
        progress.show(phrase("cập nhật cấu trúc dữ liệu của Airflow", "migrations of Airflow"))
        airflow.finish_migration(settings, running)


def _start_components(
    settings: Settings, progress: Progress, undo: ExitStack, started: list[str]
) -> dict[str, Started]:
    """Keep the components that run with today's settings, start the others; adds to `started`."""
    progress.show(phrase("đang khởi động Airflow", "starting Airflow"))
    current = airflow.fingerprint(settings)
    components = {}
    for name in airflow.COMPONENTS:
        running = processes.find(settings.home, name)
        if running is None or running.fingerprint != current:
            processes.stop(settings.home, [name])  # what a killed component left behind, or an outdated one
            undo.callback(processes.stop, settings.home, [name])
            running = airflow.start_component(settings, name)
            started.append(name)
        components[name] = running
    return components


def _wait_until_ready(settings: Settings, components: Mapping[str, Started], progress: Progress) -> Mapping[str, str]:
    """Wait until all parts are healthy and all DAG files parsed since their start; returns the import errors."""
    since = {part: components[name].started_at for part, name in _HEARTS.items()}
    deadline = time.monotonic() + READY_PATIENCE
    while True:
        for name, started in components.items():
            if not processes.is_alive(started):
                raise airflow.component_error(
                    settings.home, name, phrase("tắt ngay khi khởi động", "ended while it started")
                )
        waiting, errors = _unfinished(settings, since)
        if not waiting:
            return errors
        if time.monotonic() > deadline:
            raise StackError(
                phrase(
                    f"Airflow chưa sẵn sàng sau {READY_PATIENCE:.0f} giây, còn đợi: {', '.join(waiting)}; "
                    f"nhật ký ở {settings.home / 'logs'}",
                    f"Airflow is not ready after {READY_PATIENCE:.0f} s, still waiting for: {', '.join(waiting)}; "
                    f"its logs are in {settings.home / 'logs'}",
                )
            )
        progress.show(f"Airflow: {phrase('đang đợi', 'waiting for')} {', '.join(waiting)}")
        time.sleep(0.25)


def _unfinished(settings: Settings, since: Mapping[str, float]) -> tuple[list[str], Mapping[str, str]]:
    """What `up` still waits for, and the import errors of the DAG files."""
    health = airflow.read_health(settings)
    if health is None:
        return ["api-server"], {}
    waiting = health.waiting_for(since)
    if waiting:
        return waiting, {}
    parsed = airflow.read_parsed(settings, since["dag_processor"])
    return [f"{name} to be parsed" for name in parsed.missing], parsed.errors
