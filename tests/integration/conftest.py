"""A real PostgreSQL for the integration tests: the embedded one, or the one that VWU_TEST_DATABASE_URL names.
`older_server` is the machine's own beside it.

`database` is a fresh, migrated warehouse for one test (a copy of a template: some 50 ms); `module_database` is one for
all tests of a module. Each is a `Settings` with its own home, landing zone and store. A server that does not start
fails the tests; nothing here skips.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from vwu.migrate import open_database
from vwu.settings import Settings, load_settings
from vwu.stack import postgres, state
from vwu.stack.account import server_account
from vwu.stack.ports import choose
from vwu.stack.server import admin_url, migrate_warehouse, prepare_server

NewDatabase = Callable[[Path], Settings]
# A test's data need not survive a power cut.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "512MB"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A running server with roles and one migrated template database, whose Settings these are."""
    external = os.environ.get("VWU_TEST_DATABASE_URL")
    template = f"vwu_template_{secrets.token_hex(4)}"
    # Workers that share an external server share its roles, and so must share the passwords.
    home = tmp_path_factory.getbasetemp().parent / "shared-home" if external else tmp_path_factory.mktemp("home")
    settings = _named(load_settings({"VWU_HOME": str(home), "VWU_DATABASE_URL": external or ""}), template)
    try:
        with state.lock(settings.home, print):
            state.prepare(settings)
            settings = state.reread(settings)
            if not external:
                running = postgres.start(settings.home, settings.secrets["superuser"], options=QUICK)
                settings = state.record_addresses(settings, {"postgres_port": running.port})
            prepare_server(settings)
        migrate_warehouse(settings)
        yield settings
    finally:
        if external:
            _drop(settings, template)
        else:
            postgres.remove(settings.home)


@pytest.fixture(scope="session")
def new_database(server: Settings) -> Iterator[NewDatabase]:
    """Makes one more migrated database with a home in the given folder; all are dropped in the end."""
    made = []

    def make(folder: Path) -> Settings:
        name = f"vwu_test_{secrets.token_hex(6)}"
        made.append(name)
        with psycopg.connect(admin_url(server, "postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name} template {_name(server)} owner vwu_owner")
        with psycopg.connect(admin_url(server, name), autocommit=True) as admin:
            open_database(admin)  # rights on a database are not copied with it
        return _named(_own_home(server, folder), name)

    yield make
    for name in made:
        _drop(server, name)


@pytest.fixture
def database(new_database: NewDatabase, tmp_path: Path) -> Settings:
    """A fresh migrated warehouse for one test."""
    return new_database(tmp_path)


@pytest.fixture(scope="module")
def module_database(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A migrated warehouse for all tests of a module."""
    return new_database(tmp_path_factory.mktemp("module"))


def _own_home(server: Settings, folder: Path) -> Settings:
    home = folder / "home"
    home.mkdir(mode=0o700)
    for name in ("secrets.json", "stack.json"):
        if (server.home / name).exists():
            shutil.copy(server.home / name, home / name)
    shutil.copytree(server.home / "keys", home / "keys")
    return replace(server, home=home, landing=str(home / "landing"), store=str(home / "store"))


def _named(settings: Settings, database: str) -> Settings:
    """The same server, another database as the warehouse."""
    if settings.external_url is None:
        return replace(settings, database=database)
    parts = urlsplit(settings.external_url)
    return replace(settings, external_url=urlunsplit(parts._replace(path=f"/{database}")))


def _name(settings: Settings) -> str:
    return urlsplit(settings.database_url("owner")).path.lstrip("/")


def _drop(settings: Settings, database: str) -> None:
    with psycopg.connect(admin_url(settings, "postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {database} with (force)")


@pytest.fixture
def older_server() -> Iterator[str]:
    """URI of a fresh server of the oldest PostgreSQL from 15 on that this machine has, as an administrator names it."""
    programs = _system_programs()
    if programs is None:
        if os.environ.get("VWU_TEST_EVERYTHING"):
            pytest.fail("no PostgreSQL from 15 on is installed; .ci/run names the package")
        pytest.skip("this machine has no PostgreSQL from 15 on of its own")
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="vwu-older-"))
    password, port = secrets.token_hex(16), choose()
    (folder / "password").write_text(password)
    if account:
        for path in (folder, folder / "password"):
            os.chown(path, account.uid, account.gid)

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), "-D", str(folder / "data"), *arguments],
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}, cwd="/", check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **(account.popen() if account else {}),
        )  # fmt: skip

    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    try:
        call("initdb", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(folder / "password"), "-E", "UTF8")
        call("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        yield f"postgresql://postgres:{password}@127.0.0.1:{port}/warehouse"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _system_programs() -> Path | None:
    """The `bin` folder of the oldest PostgreSQL that the product supports, where Debian puts it."""
    majors = sorted(
        int(folder.parent.name) for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()
    )
    return next((Path(f"/usr/lib/postgresql/{major}/bin") for major in majors if major >= 15), None)
