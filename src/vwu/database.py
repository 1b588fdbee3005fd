"""Connections to the warehouse, one role each. The caller owns the transaction."""

from __future__ import annotations

import psycopg

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
