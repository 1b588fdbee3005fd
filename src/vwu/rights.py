"""Who may do what in the warehouse: the whole of it in one place, and whether the database keeps to it.

The migrations grant; this is what they are held against, by every gate run and by the tests.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from vwu.settings import PROVINCE_READER

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_READ, _ADD, _CHANGE, _ALL = "SELECT", "SELECT INSERT", "SELECT INSERT UPDATE", " ".join(VERBS)
# The history of the process, for BI; the rows that a check named are not in it.
_CHARTED = (
    "quality.arrival", "quality.build_history", "quality.check_history", "quality.freshness", "quality.gate_history",
    "quality.held",
)  # fmt: skip
# What releases have shown, against which the next build protects credit and tests what changed.
_SHOWN = ("release.credit_basis", "release.credit_level", "release.part_of_version", "release.release_receipt")
# Role → schema, or one relation of it that differs → what it may do there. What is not named it may not do; the owner,
# who migrates, may do everything, and nobody is a superuser.
RIGHTS: Mapping[str, Mapping[str, str]] = {
    "bi_reader": {"published": _READ, **dict.fromkeys(_CHARTED, _READ)},
    PROVINCE_READER: {"province": _READ},
    "airflow": {},
    "vwu_loader": {
        "intake": _ADD,
        "intake.migration": _READ,
        "intake.arrival": _CHANGE,
        "intake.receipt": _CHANGE,
        "intake.scope": _CHANGE,
        "raw": _ADD,
        "vault": "SELECT INSERT UPDATE DELETE",
        "vault.token_key": _CHANGE,
        "seeds": _READ,
    },
    "vwu_builder": {
        "intake": _READ,
        "raw": _READ,
        "seeds": _ALL,
        "staging": _ALL,
        "intermediate": _ALL,
        "marts": _ALL,
        "quality.build_run": _CHANGE,
        "quality.dbt_result": _ADD,
        "quality.part_version": "SELECT INSERT UPDATE DELETE",
        **dict.fromkeys(_SHOWN, _READ),
    },
    "vwu_publisher": {
        "intake": _READ,
        "raw": _READ,
        "seeds": _READ,
        "staging": _READ,
        "intermediate": _READ,
        "marts": _READ,
        "quality": _ADD,
        "quality.build_run": _READ,
        "quality.dbt_result": _READ,
        "quality.part_version": _READ,
        **dict.fromkeys(_CHARTED, _READ),
        # The stored tables and views of releases are its own; triggers refuse every change of a row.
        "release": _ALL,
        "published": _ALL,
        "province": _ALL,
        "release.part": _ADD,
        "release.part_of_version": _ADD,
        "release.release": _ADD,
        "release.manifest": _ADD,
        "release.release_receipt": _ADD,
        "release.event": _ADD,
        "release.credit_basis": _ADD,
        "release.credit_level": _ADD,
        "release.vintage": _ADD,
        "release.pointer": _READ,
        "release.view_definition": _CHANGE,
        "published.release_history": _READ,
        "published.release_info": _READ,
        "published.period_vintage": _READ,
    },
}
# Role → column → what it may do with that one beyond the rest of its relation.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "vwu_loader": {
        "intake.finding.check_no": "UPDATE",
        "intake.receipt_scope.is_withdrawn": "UPDATE",
        "intake.receipt_scope.is_withheld": "UPDATE",
    },
    "vwu_publisher": {"release.pointer.release_id": "UPDATE"},
}
# Function → roles that may call it, or make triggers of it. Nobody else may; nor may anybody make things in a schema
# that is not his own by `RIGHTS`, or become somebody else.
FUNCTIONS: Mapping[str, frozenset[str]] = {
    "intake.scopes_digest": frozenset({"vwu_loader", "vwu_builder", "vwu_publisher"}),
    "quality.changed_parts": frozenset({"vwu_builder", "vwu_publisher"}),
    "quality.note_changed_parts": frozenset({"vwu_builder"}),
    "raw.ensure_month": frozenset({"vwu_loader"}),
    "release.content_marks": frozenset({"vwu_publisher"}),
    "release.refuse_change": frozenset({"vwu_publisher"}),
    "release.refresh_statistics": frozenset({"vwu_publisher"}),
    "published.as_of_release": frozenset({"bi_reader", "vwu_builder", "vwu_publisher"}),
    "published.current_release_id": frozenset({"bi_reader", PROVINCE_READER, "vwu_builder", "vwu_publisher"}),
}
_HELD = """
select schema_name, relation_name, role_name, string_agg(verb, ' ' order by position)
from (
    select namespace.nspname as schema_name, relation.relname as relation_name, relation.oid as relation_id,
        role.rolname as role_name
    from pg_class as relation
    inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
    cross join pg_roles as role
    where relation.relkind in ('r', 'p', 'v', 'm', 'f')
        and namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
        and role.rolname = any(%(roles)s)
) as pair
cross join unnest(%(verbs)s::text[]) with ordinality as asked (verb, position)
where has_table_privilege(pair.role_name, pair.relation_id, asked.verb)
group by schema_name, relation_name, role_name
order by schema_name, relation_name, role_name
"""
_POWERS = """
select rolname, concat_ws(', ', case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end,
    case when rolcreaterole then 'createrole' end, case when rolbypassrls then 'bypassrls' end,
    case when rolreplication then 'replication' end) as powers
from pg_roles
where rolname = any(%(roles)s) and (rolsuper or rolcreatedb or rolcreaterole or rolbypassrls or rolreplication)
"""
_CALLED = """
select namespace.nspname || '.' || called.proname as function, role.rolname
from pg_proc as called
inner join pg_namespace as namespace on called.pronamespace = namespace.oid
cross join pg_roles as role
where namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
    and role.rolname = any(%(roles)s) and has_function_privilege(role.oid, called.oid, 'EXECUTE')
    and not exists (
        select from pg_depend as part
        where part.classid = 'pg_proc'::regclass and part.objid = called.oid and part.deptype = 'e'
    )
"""
_COLUMNS = """
select namespace.nspname || '.' || relation.relname || '.' || attribute.attname, granted.privilege_type,
    case when granted.grantee = 0 then 'everybody' else granted.grantee::regrole::text end
from pg_attribute as attribute
inner join pg_class as relation on attribute.attrelid = relation.oid
inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
cross join aclexplode(attribute.attacl) as granted
where namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
"""
# Whoever owns relations of a schema by `RIGHTS` makes them there; nobody else does.
_MAKERS = """
select namespace.nspname, role.rolname
from pg_namespace as namespace
cross join pg_roles as role
where namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
    and role.rolname = any(%(roles)s) and has_schema_privilege(role.oid, namespace.oid, 'CREATE')
"""
_BECOMES = """
select role.rolname, other.rolname
from pg_roles as role
cross join pg_roles as other
where role.rolname = any(%(roles)s) and role.oid <> other.oid and pg_has_role(role.oid, other.oid, 'MEMBER')
"""
_PUBLIC = """
select namespace.nspname || '.' || relation.relname, granted.privilege_type
from pg_class as relation
inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
cross join aclexplode(relation.relacl) as granted
where granted.grantee = 0 and namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
"""


def allowed(role: str, schema: str, relation: str) -> frozenset[str]:
    """What a role may do with one relation; a province's login what all readers of one province may."""
    rights = RIGHTS[role if role in RIGHTS else PROVINCE_READER]
    return frozenset(rights.get(f"{schema}.{relation}", rights.get(schema, "")).split())


def makes_in(role: str) -> frozenset[str]:
    """The schemas in which a role makes its own relations."""
    return frozenset(schema for schema, verbs in RIGHTS.get(role, {}).items() if verbs == _ALL)


def _roles(connection: psycopg.Connection) -> list[str]:
    """The roles that are held against `RIGHTS`: those that it names, and the logins of provinces that there are."""
    logins = connection.execute("select rolname from pg_roles where rolname ~ '^province_[0-9]{2}$'").fetchall()
    return [*RIGHTS, *(login for (login,) in logins)]


def held(connection: psycopg.Connection) -> dict[tuple[str, str, str], frozenset[str]]:
    """What each role can in fact do with each relation, granted to it, to public or owned: (schema, relation, role)."""
    rows = connection.execute(_HELD, {"roles": _roles(connection), "verbs": list(VERBS)}).fetchall()
    return {(schema, relation, role): frozenset(verbs.split()) for schema, relation, role, verbs in rows}


def callers(connection: psycopg.Connection) -> dict[str, frozenset[str]]:
    """Which roles can in fact call each function of the product's schemas, its owner left out."""
    rows = connection.execute(_CALLED, {"roles": _roles(connection)}).fetchall()
    return {name: frozenset(role for function, role in rows if function == name) for name, _ in rows}


def audit(connection: psycopg.Connection) -> list[str]:
    """Whatever somebody can do beyond what is written, in plain words; empty when the database keeps to it."""
    roles = _roles(connection)
    asked = {"roles": roles}
    found = [
        f"{role} can {' '.join(sorted(excess))} {schema}.{relation}"
        for (schema, relation, role), verbs in held(connection).items()
        if (excess := verbs - allowed(role, schema, relation))
    ]
    found += [
        f"{role} can call {function}"
        for function, by in callers(connection).items()
        for role in sorted(by)
        if (role if role in RIGHTS else PROVINCE_READER) not in FUNCTIONS.get(function, ())
    ]
    found += [
        f"{role} can {verb} {column}"
        for column, verb, role in connection.execute(_COLUMNS.encode()).fetchall()
        if verb not in COLUMNS.get(role, {}).get(column, "").split()
    ]
    found += [
        f"{role} can make things in schema {schema}"
        for schema, role in connection.execute(_MAKERS, asked).fetchall()
        if schema not in makes_in(role)
    ]
    found += [
        f"{role} can become {other}"
        for role, other in connection.execute(_BECOMES, asked).fetchall()
        if role in RIGHTS or other != PROVINCE_READER
    ]
    powers = connection.execute(_POWERS, {"roles": [*roles, "vwu_owner"]}).fetchall()
    found += [f"{role} is {power}" for role, power in powers]
    return found + [f"everybody can {verb} {name}" for name, verb in connection.execute(_PUBLIC.encode()).fetchall()]
