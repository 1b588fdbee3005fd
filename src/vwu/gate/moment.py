"""The moment at which a gate sees the candidate: what is hashed and what every check sees is the same, to the row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import IsolationLevel, sql

from vwu.build import LOCK
from vwu.database import connect

if TYPE_CHECKING:
    import psycopg

    from vwu.settings import Settings

# Relations that a snapshot does not keep: replaced by another one of the same name, they would seem to be empty.
_KEPT = """
select namespace.nspname, relation.relname
from pg_class as relation
inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
where namespace.nspname in ('staging', 'intermediate', 'marts') and relation.relkind in ('r', 'p', 'v')
    and has_table_privilege(relation.oid, 'select')
order by 1, 2
"""


@contextmanager
def one_moment(settings: Settings) -> Iterator[tuple[psycopg.Connection, str]]:
    """A REPEATABLE READ transaction of the publisher, and its snapshot for others (`at_moment`); lasts as long as this.

    `vwu build` waits meanwhile, and nobody else can replace what the snapshot sees; not for ever, should the gate be
    frozen: then the server ends the moment, and what still asks of it fails. Raises psycopg.Error.
    """
    with connect(settings, "publisher", autocommit=True) as connection:
        connection.execute("set idle_in_transaction_session_timeout to '1h'")
        connection.execute("select pg_advisory_lock_shared(%s)", [LOCK])
        kept = [sql.Identifier(*names) for names in connection.execute(_KEPT).fetchall()]
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            if kept:  # before the first query, which decides what the snapshot sees
                connection.execute(sql.SQL("lock table {} in access share mode").format(sql.SQL(", ").join(kept)))
            (snapshot,) = connection.execute("select pg_export_snapshot()").fetchone() or ("",)
            yield connection, str(snapshot)


def at_moment(engine: Any, snapshot: str) -> None:
    """Let every transaction of an SQLAlchemy engine see that moment; one that cannot fails."""
    from sqlalchemy import event

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("set transaction isolation level repeatable read")
        connection.exec_driver_sql(f"set transaction snapshot '{snapshot}'")
