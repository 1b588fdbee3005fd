"""Every role against every relation and verb, and what the gate says when somebody can do more."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from small_candidate import make_candidate

from vwu.database import connect
from vwu.publish import publish
from vwu.publish.province import drop_reader, ensure_reader
from vwu.rights import FUNCTIONS, RIGHTS, allowed, audit, callers, held
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


@pytest.mark.parametrize("relation", ["release.pointer", "release.part", "quality.gate_run", "intake.receipt"])
def test_nobody_but_the_owner_drops_what_the_product_keeps(warehouse: Settings, relation: str) -> None:
    for role in ("bi_reader", "loader", "builder", "publisher"):
        with connect(warehouse, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"drop table {relation} cascade".encode())


def test_every_function_is_called_by_whom_it_is_written_for_and_nobody_else(warehouse: Settings) -> None:
    with connect(warehouse, "owner") as owner:
        assert callers(owner) == FUNCTIONS
        signatures = dict(
            owner.execute(
                """select nspname || '.' || proname, pg_get_function_identity_arguments(pg_proc.oid)
                   from pg_proc inner join pg_namespace on pronamespace = pg_namespace.oid
                   where nspname || '.' || proname = any(%s)""",
                [list(FUNCTIONS)],
            ).fetchall()
        )
    for role in ("bi_reader", "loader", "builder", "publisher"):
        for function, by in FUNCTIONS.items():
            if ROLES[role] not in by:
                nothing = ", ".join(["null"] * len(signatures[function].split(",")) if signatures[function] else [])
                with connect(warehouse, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"select {function}({nothing})".encode())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("grant select on raw.loan to bi_reader", "bi_reader can SELECT raw.loan"),
        ("grant delete on raw.loan to vwu_loader", "vwu_loader can DELETE raw.loan"),
        ("grant select on marts.fct_sample to public", "everybody can SELECT marts.fct_sample"),
        (
            "grant select (full_name) on vault.person to bi_reader",
            "bi_reader can SELECT vault.person.full_name",
        ),
        (
            "grant select (value) on raw.submission_value to public",
            "everybody can SELECT raw.submission_value.value",
        ),
        ("grant execute on function raw.ensure_month to bi_reader", "bi_reader can call raw.ensure_month"),
        (
            "create function quality.peep() returns text security definer language sql as 'select 1::text'",
            "bi_reader can call quality.peep",
        ),
        ("grant create on schema quality to bi_reader", "bi_reader can make things in schema quality"),
    ],
)
def test_whoever_can_do_more_is_named(warehouse: Settings, spoil: str, says: str) -> None:
    with connect(warehouse, "owner") as owner:
        assert audit(owner) == []
        owner.execute(spoil.encode())
        assert says in audit(owner)
        owner.rollback()


def test_whoever_can_become_somebody_else_is_named(warehouse: Settings) -> None:
    with warehouse_admin(warehouse) as admin, admin.transaction(force_rollback=True):
        admin.execute("grant vwu_publisher to bi_reader")
        assert "bi_reader can become vwu_publisher" in audit(admin)


def test_a_provinces_login_may_do_what_readers_of_a_province_may(warehouse: Settings) -> None:
    with warehouse_admin(warehouse) as admin, connect(warehouse, "owner") as owner:
        ensure_reader(admin, "province_19")
        assert audit(owner) == []
        owner.execute("grant select on raw.loan to province_19")
        assert audit(owner) == ["province_19 can SELECT raw.loan"]
        owner.rollback()
        assert drop_reader(admin, "province_19")
