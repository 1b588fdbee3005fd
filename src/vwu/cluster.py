"""What the `init` service of docker-compose.yml does before anything else starts: `python -m vwu.cluster`.

Makes the warehouse's roles, database and tables, the databases of Airflow, of Celery's results and of Superset with the
roles and passwords that their addresses name, and tells Superset where the warehouse is. Running it again changes
nothing but passwords that were changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from vwu.language import phrase
from vwu.settings import Settings, SettingsError, load_settings

# Variables that hold an address of a database that is not the warehouse.
DATABASES = ("VWU_AIRFLOW_DATABASE_URL", "AIRFLOW__CELERY__RESULT_BACKEND", "VWU_BI_METADATA_URL")


def prepare(settings: Settings, environment: Mapping[str, str]) -> None:
    """Make everything that the cluster needs on the server of VWU_DATABASE_URL.

    Raises SettingsError when an address is missing or names no role, password or database.
    """
    from vwu.stack import state, superset
    from vwu.stack.progress import Progress
    from vwu.stack.up import up

    if not settings.external_url:
        raise SettingsError(
            phrase(
                "chưa đặt VWU_DATABASE_URL: cụm máy không có kho dữ liệu",
                "VWU_DATABASE_URL is not set: the cluster has no warehouse",
            )
        )
    up(settings, Progress(), with_airflow=False)
    superset.write_service(state.reread(settings))
    with psycopg.connect(settings.external_url, autocommit=True, connect_timeout=10) as admin:
        for name in DATABASES:
            ensure_database(admin, name, environment.get(name, ""))


def ensure_database(admin: psycopg.Connection, name: str, address: str) -> None:
    """Make the role and the database that an address names, and set the role's password to the address's."""
    parts = urlsplit(address)
    database = parts.path.lstrip("/")
    if not (parts.username and parts.password and database):
        raise SettingsError(
            phrase(
                f"{name} phải nêu vai trò, mật khẩu và cơ sở dữ liệu",
                f"{name} must name a role, its password and a database",
            )
        )
    role = unquote(parts.username)
    exists = admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    admin.execute(
        sql.SQL("{} role {} login nosuperuser nocreatedb nocreaterole password {}").format(
            sql.SQL("alter" if exists else "create"), sql.Identifier(role), sql.Literal(unquote(parts.password))
        )
    )
    if not admin.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        admin.execute(
            sql.SQL("create database {} owner {} template template0 encoding 'UTF8'").format(
                sql.Identifier(database), sql.Identifier(role)
            )
        )
        admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))


if __name__ == "__main__":
    prepare(load_settings(), os.environ)
