"""What the product needs inside a PostgreSQL server, embedded or not: roles, databases, migrations."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from vwu.language import phrase
from vwu.migrate import Migration, ensure_roles, migrate, open_database
from vwu.settings import AIRFLOW_DATABASE, ROLES, Settings
from vwu.stack import StackError

OLDEST = 15  # major version
_LOCK = 7_700_002  # any constant, the same for every stack


def prepare_server(settings: Settings) -> str:
    """Create or refresh the roles, and the two databases where they are missing; returns the server's version.

    Needs a superuser, or a role that may create roles and databases. Raises StackError when it is not, and for a
    server that is too old.
    """
    try:
        return _prepare(settings)
    except psycopg.errors.InsufficientPrivilege as error:
        raise StackError(
            phrase(
                f"vai trò trong VWU_DATABASE_URL không được phép làm việc cần làm ({error.diag.message_primary}): "
                "hãy cấp createrole và createdb, hoặc nêu một superuser",
                f"the role in VWU_DATABASE_URL may not do what is needed ({error.diag.message_primary}): "
                "give it createrole and createdb, or name a superuser",
            )
        ) from error


def _prepare(settings: Settings) -> str:
    with _connect_admin(settings) as admin:
        refuse_old(admin.info.server_version, f"{admin.info.host}:{admin.info.port}")
        # Roles belong to the whole server: two stacks that share one must not change them at the same time.
        admin.execute("select pg_advisory_lock(%s)", [_LOCK])
        ensure_roles(admin, settings.secrets)
        _become_member(admin)
        _ensure_database(admin, warehouse_name(settings), ROLES["owner"])
        if not settings.external_airflow_url:
            _ensure_database(admin, AIRFLOW_DATABASE, ROLES["airflow"])
        version = str(admin.info.parameter_status("server_version"))
    with warehouse_admin(settings) as admin:
        open_database(admin)
    return version


def warehouse_admin(settings: Settings) -> psycopg.Connection:
    """The administrator's connection to the warehouse, for what no role of the product may do: make a login."""
    return psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True, connect_timeout=10)


def migrate_warehouse(settings: Settings) -> list[Migration]:
    """Apply the product's missing migrations; returns them."""
    with psycopg.connect(settings.database_url("owner"), application_name="vwu migrate") as owner:
        return migrate(owner)


def renew_warehouse(settings: Settings, roles: Iterable[str]) -> None:
    """Drop the warehouse's database and make it again, without tables; make those of the roles that are missing.

    The caller has made sure that nothing is lost. Roles that are made here may not log in.
    """
    name = sql.Identifier(warehouse_name(settings))
    with psycopg.connect(admin_url(settings, "postgres"), autocommit=True, connect_timeout=10) as admin:
        known = {role for (role,) in admin.execute("select rolname from pg_roles")}
        for role in set(roles) - known:
            admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        admin.execute(sql.SQL("drop database {} with (force)").format(name))
    prepare_server(settings)


def warehouse_name(settings: Settings) -> str:
    """The name of the warehouse's database on its server."""
    return urlsplit(settings.database_url("owner")).path.lstrip("/")


def admin_url(settings: Settings, database: str) -> str:
    """The superuser's (or the given administrator's) URI for one database of the server."""
    parts = urlsplit(settings.database_url("superuser"))
    return urlunsplit(parts._replace(path=f"/{database}"))


def _connect_admin(settings: Settings) -> psycopg.Connection:
    """Connect as administrator; the database that the URI names may still have to be created."""
    url = settings.database_url("superuser")
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error) or "database" not in str(error):
            raise
        return psycopg.connect(admin_url(settings, "postgres"), autocommit=True, connect_timeout=10)


def refuse_old(version: int, address: str) -> None:
    """Raise StackError when libpq's version number (150004 for 15.4) is of a server that is too old."""
    major = version // 10_000
    if major < OLDEST:
        raise StackError(
            phrase(
                f"máy chủ ở {address} là PostgreSQL {major}; cần {OLDEST} trở lên: hãy cho VWU_DATABASE_URL một máy "
                "chủ mới hơn, hoặc bỏ biến đó để dùng máy chủ đi kèm",
                f"the server at {address} is PostgreSQL {major}; {OLDEST} or newer is needed: "
                "give VWU_DATABASE_URL a newer one, or leave it out to use the embedded server",
            )
        )


def _become_member(admin: psycopg.Connection) -> None:
    """An administrator that is no superuser must be a member of a role to make databases for it."""
    row = admin.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if row and not row[0]:
        owners = sql.SQL(", ").join(sql.Identifier(ROLES[role]) for role in ("owner", "airflow"))
        admin.execute(sql.SQL("grant {} to current_user").format(owners))


def _ensure_database(admin: psycopg.Connection, name: str, owner: str) -> None:
    if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return
    statement = "create database {} owner {} template template0 encoding 'UTF8'"
    admin.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(owner)))
