"""A warehouse of the product's own settings, made for one benchmark and gone after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vwu.settings import Settings, load_settings
from vwu.stack import postgres, state
from vwu.stack.server import migrate_warehouse, prepare_server


@contextmanager
def warehouse(folder: Path) -> Iterator[Settings]:
    """A running, migrated, empty server whose home lies in the folder."""
    settings = load_settings({"VWU_HOME": str(folder / "home")})
    try:
        with state.lock(settings.home, print):
            state.prepare(settings)
            settings = state.reread(settings)
            running = postgres.start(settings.home, settings.secrets["superuser"])
            settings = state.record_addresses(settings, {"postgres_port": running.port})
            prepare_server(settings)
        migrate_warehouse(settings)
        yield settings
    finally:
        postgres.remove(settings.home)
