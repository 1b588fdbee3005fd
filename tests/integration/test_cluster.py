"""The ground that the `init` service lays: databases with the roles and passwords that addresses name."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from vwu.cluster import ensure_database, prepare
from vwu.settings import Settings, SettingsError
from vwu.stack.server import admin_url


@pytest.fixture
def admin(server: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(admin_url(server, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def name(admin: psycopg.Connection) -> Iterator[str]:
    """A name for a role and a database that are gone afterwards."""
    name = f"celery_{secrets.token_hex(4)}"
    yield name
    admin.execute(f"drop database if exists {name} with (force)")
    admin.execute(f"drop role if exists {name}")


def connect(admin: psycopg.Connection, name: str, password: str) -> psycopg.Connection:
    return psycopg.connect(
        host=admin.info.host, port=admin.info.port, user=name, password=password, dbname=name, connect_timeout=5
    )


def test_role_and_database_are_made_as_the_address_says(admin: psycopg.Connection, name: str) -> None:
    address = f"db+postgresql+psycopg://{name}:first%21@postgres:5432/{name}"
    ensure_database(admin, "RESULTS", address)
    with connect(admin, name, "first!") as connection:
        connection.execute("create table task (id integer)")


def test_a_changed_password_is_set_and_nothing_is_lost(admin: psycopg.Connection, name: str) -> None:
    ensure_database(admin, "RESULTS", f"postgresql://{name}:first@postgres/{name}")
    with connect(admin, name, "first") as connection:
        connection.execute("create table task (id integer)")
    ensure_database(admin, "RESULTS", f"postgresql://{name}:second@postgres/{name}")
    with connect(admin, name, "second") as connection:
        connection.execute("select from task")


def test_others_have_no_access(admin: psycopg.Connection, name: str, server: Settings) -> None:
    ensure_database(admin, "RESULTS", f"postgresql://{name}:first@postgres/{name}")
    address = urlsplit(server.database_url("bi_reader"))._replace(path=f"/{name}").geturl()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(address)


@pytest.mark.parametrize("address", ["", "postgresql://postgres:5432/x", "postgresql://a@h/x", "postgresql://a:b@h"])
def test_an_incomplete_address_is_refused(admin: psycopg.Connection, address: str) -> None:
    with pytest.raises(SettingsError, match="RESULTS must name a role, its password and a database"):
        ensure_database(admin, "RESULTS", address)


def test_a_cluster_needs_an_address_of_its_warehouse(server: Settings) -> None:
    if server.external_url:
        with pytest.raises(SettingsError, match="must name a role"):
            prepare(server, {})
    else:
        with pytest.raises(SettingsError, match="VWU_DATABASE_URL is not set"):
            prepare(server, {})
