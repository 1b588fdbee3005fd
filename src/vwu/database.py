"""Connections to the warehouse, one role each. The caller owns the transaction."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from vwu.settings import Settings


def connect(settings: Settings, role: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Open a connection as one role (owner, loader, builder, publisher, bi_reader).

    Raises psycopg.OperationalError when the server does not answer, SettingsError when it was never started.
    """
    return psycopg.connect(
        settings.database_url(role),
        autocommit=autocommit,
        application_name=f"vwu {role}",
        connect_timeout=10,
    )


T = TypeVar("T")


def read_rows(connection: psycopg.Connection, shape: type[T], query: str, values: Any = None) -> tuple[T, ...]:
    """The rows of a query as values of `shape`, whose fields are named as the query's columns."""
    with connection.cursor(row_factory=class_row(shape)) as cursor:
        return tuple(cursor.execute(query.encode(), values).fetchall())
