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
_CHARTED = ("quality.build_history", "quality.check_history", "quality.freshness", "quality.gate_history")
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
        **dict.fromkeys(_CHARTED, _READ),
        # The stored tables and views of releases are its own; triggers refuse every change of a row.
        "release": _ALL,
        "published": _ALL,
        "province": _ALL,
        "release.part": _ADD,
        "release.release": _ADD,
        "release.manifest": _ADD,
        "release.release_receipt": _ADD,
        "release.event": _ADD,
        "release.vintage": _ADD,
        "release.pointer": _READ,
        "release.view_definition": _CHANGE,
        "published.release_history": _READ,
        "published.release_info": _READ,
        "published.period_vintage": _READ,
    },
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


def _roles(connection: psycopg.Connection) -> list[str]:
    """The roles that are held against `RIGHTS`: those that it names, and the logins of provinces that there are."""
    logins = connection.execute("select rolname from pg_roles where rolname ~ '^province_[0-9]{2}$'").fetchall()
    return [*RIGHTS, *(login for (login,) in logins)]


def held(connection: psycopg.Connection) -> dict[tuple[str, str, str], frozenset[str]]:
    """What each role can in fact do with each relation, granted to it, to public or owned: (schema, relation, role)."""
    rows = connection.execute(_HELD, {"roles": _roles(connection), "verbs": list(VERBS)}).fetchall()
    return {(schema, relation, role): frozenset(verbs.split()) for schema, relation, role, verbs in rows}


def audit(connection: psycopg.Connection) -> list[str]:
    """Whatever somebody can do beyond `RIGHTS`, in plain words; empty when the database keeps to it."""
    found = [
        f"{role} can {' '.join(sorted(excess))} {schema}.{relation}"
        for (schema, relation, role), verbs in held(connection).items()
        if (excess := verbs - allowed(role, schema, relation))
    ]
    roles = {"roles": [*_roles(connection), "vwu_owner"]}
    found += [f"{role} is {powers}" for role, powers in connection.execute(_POWERS, roles).fetchall()]
    return found + [f"everybody can {verb} {name}" for name, verb in connection.execute(_PUBLIC.encode()).fetchall()]
