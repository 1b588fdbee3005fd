"""Views are made once, and anew when their text changed: replacing one waits for whoever reads it."""

from __future__ import annotations

import hashlib
import re

import psycopg


def ensure_view(connection: psycopg.Connection, name: str, statement: str) -> bool:
    """Make a view of schema `published` or `province` by its `create or replace view`; whether it is there.

    It is not while a view that it reads does not exist: a candidate of a few marts makes what it can. `name` is that of
    `release.view_definition`. Who may read it is decided by the schema's default privileges.
    """
    if not _all_there(connection, statement):
        return False
    mark = hashlib.sha256(statement.encode()).hexdigest()
    made = connection.execute("select sha256 from release.view_definition where view_name = %s", [name]).fetchone()
    if made != (mark,):
        connection.execute(statement.encode())
        connection.execute(
            """insert into release.view_definition (view_name, sha256) values (%s, %s)
               on conflict (view_name) do update set sha256 = excluded.sha256""",
            [name, mark],
        )
    return True


def _all_there(connection: psycopg.Connection, statement: str) -> bool:
    read = sorted(set(re.findall(r"\b(?:from|join) ((?:published|province)\.\w+)", statement)))
    missing = connection.execute(
        "select from unnest(%s::text[]) as name where to_regclass(name) is null limit 1", [read]
    ).fetchone()
    return missing is None
