"""Every role against every relation and verb, and what the gate says when somebody can do more."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from small_candidate import make_candidate

from vwu.database import connect
from vwu.publish import publish
from vwu.publish.province import drop_reader, ensure_reader
from vwu.rights import RIGHTS, allowed, audit, held
from vwu.settings import ROLES, Settings
from vwu.stack.server import warehouse_admin

PARTITIONS = ("loan_", "credit_group_", "credit_summary_")


@pytest.fixture(scope="module")
def warehouse(module_database: Settings) -> Settings:
    """Every schema has relations: what migrations made, what dbt would, what a release stores and shows."""
    make_candidate(module_database)
    publish(module_database)
    with connect(module_database, "builder") as builder:
        for schema in ("seeds", "intermediate"):
            builder.execute(sql.SQL("create table {} (name text)").format(sql.Identifier(schema, "sample")))
    return module_database


def test_every_role_can_do_with_every_relation_what_is_written_and_nothing_else(warehouse: Settings) -> None:
    with connect(warehouse, "owner") as owner:
        real = held(owner)
        relations = owner.execute(
            """select schemaname, tablename from pg_tables union select schemaname, viewname from pg_views"""
        ).fetchall()
    ours = [(schema, name) for schema, name in relations if not schema.startswith(("pg_", "information_"))]
    assert {schema for schema, _ in ours} == {
        "intake", "raw", "vault", "seeds", "staging", "intermediate", "marts", "quality", "release", "published",
        "province",
    }  # fmt: skip
    for schema, relation in ours:
        if relation.startswith(PARTITIONS):
            continue  # reached through their table only
        for role in RIGHTS:
            assert real.get((schema, relation, role), frozenset()) == allowed(role, schema, relation), (
                schema,
                relation,
                role,
            )


@pytest.mark.parametrize("role", ["bi_reader", "loader", "builder", "publisher"])
def test_what_is_not_written_is_refused(warehouse: Settings, role: str) -> None:
    """Asked for real, not read from the catalogue: each verb on one relation of each schema."""
    asked = {
        "SELECT": "select from {}",
        "INSERT": "insert into {} default values",
        "DELETE": "delete from {}",
        "TRUNCATE": "truncate {}",
    }
    with connect(warehouse, "owner") as owner:
        relations = owner.execute(
            "select schemaname, min(tablename) from pg_tables where schemaname !~ '^pg_|^information_' group by 1"
        ).fetchall()
    refused = 0
    for schema, relation in relations:
        for verb in asked.keys() - allowed(ROLES[role], schema, relation):
            with connect(warehouse, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL(asked[verb]).format(sql.Identifier(schema, relation)))
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("grant select on raw.loan to bi_reader", "bi_reader can SELECT raw.loan"),
        ("grant delete on raw.loan to vwu_loader", "vwu_loader can DELETE raw.loan"),
        ("grant select on marts.fct_sample to public", "everybody can SELECT marts.fct_sample"),
    ],
)
def test_whoever_can_do_more_is_named(warehouse: Settings, spoil: str, says: str) -> None:
    with connect(warehouse, "owner") as owner:
        assert audit(owner) == []
        owner.execute(spoil.encode())
        assert says in audit(owner)
        owner.rollback()


def test_a_provinces_login_may_do_what_readers_of_a_province_may(warehouse: Settings) -> None:
    with warehouse_admin(warehouse) as admin, connect(warehouse, "owner") as owner:
        ensure_reader(admin, "province_19")
        assert audit(owner) == []
        owner.execute("grant select on raw.loan to province_19")
        assert audit(owner) == ["province_19 can SELECT raw.loan"]
        owner.rollback()
        assert drop_reader(admin, "province_19")
