"""Schema `province`: what is published, for those who may see one province (ARCHITECTURE, roles).

Views over `published` that show a session the rows of its own ground, of today and of what that was made of, and the
nation's totals. Security-barrier views and not row security on the stored tables, which would be asked for every row
of every reader of the nation, and keep conditions that are not leakproof from using an index.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import psycopg
from psycopg import sql

from vwu.catalogue import Catalogue
from vwu.language import phrase
from vwu.migrate import ensure_login
from vwu.publish.definition import ensure_view
from vwu.publish.models import PublishedModel
from vwu.publish.parts import relation_columns
from vwu.settings import PROVINCE_READER, SettingsError

# Provinces never share a code with other ground: today's 34 go on with the codes of 34 of the 63.
_GROUND = """
with recursive code as (
    select province_code from province.my_province
    union
    select former.region_code
    from code
    inner join published.dim_region as heir on heir.level = 'province' and heir.region_code = code.province_code
    inner join published.bridge_region_succession as succession on succession.to_region_key = heir.region_key
    inner join published.dim_region as former
        on former.region_key = succession.from_region_key and former.level = 'province'
)
select region.region_key, true as is_own
from published.dim_region as region
inner join code on code.province_code = region.province_code
union all
select region.region_key, false as is_own
from published.dim_region as region
where region.level = 'nation' and exists (select from code)
"""
# A unit without territory has its province in its code, like every branch below one (INTERFACES 2.1).
_BRANCHES = """
select branch.branch_key
from published.dim_branch as branch
where exists (
    select from province.my_region as mine
    inner join published.dim_region as region on region.region_key = mine.region_key and region.level = 'province'
    where split_part(branch.branch_code, '-', 1) = 'P' || region.region_code
)
"""
_OWN_GROUND = "region_key in (select region_key from province.my_region where is_own)"
_WITH_NATION = "region_key in (select region_key from province.my_region)"
_OWN_BRANCH = "branch_key in (select branch_key from province.my_branch)"
# Of these the nation's rows are totals; elsewhere they may name one province (which explains most of a difference).
_TOTALS = ("fct_indicator_rollup", "fct_target_attainment", "fct_credit_borrower")
_RELEASES = ("release_info", "release_history", "period_vintage")


def steps(models: Sequence[PublishedModel], reports: Mapping[str, str]) -> list[partial[None]]:
    """What brings schema `province` in line with `published`, one view each, in order; each takes a connection."""
    made = [partial(_make, name="my_region", query=_GROUND), partial(_make, name="my_branch", query=_BRANCHES)]
    made += [partial(_pass_on, name=name) for name in _RELEASES]
    made += [partial(_pass_on, name=model.name, condition=rows) for model in models if (rows := _own_rows(model))]
    return made + [partial(_make_report, name=name, text=text) for name, text in reports.items()]


def _own_rows(model: PublishedModel) -> str | None:
    """The condition of a view: all rows of a dimension, one's own of a fact; None for a fact without a place."""
    columns = {column.name for column in model.columns}
    if model.name.startswith(("dim_", "bridge_")):
        return "true"
    if "region_key" in columns:
        return _WITH_NATION if model.name in _TOTALS else _OWN_GROUND
    return _OWN_BRANCH if "branch_key" in columns else None


def _pass_on(connection: psycopg.Connection, *, name: str, condition: str = "true") -> None:
    """The view of the same name in `published`, with the rows of a condition."""
    columns = ", ".join(f'"{column}"' for column in relation_columns(connection, "published", name))
    if columns:
        _make(connection, name=name, query=f"select {columns} from published.{name} where {condition}")


def _make_report(connection: psycopg.Connection, *, name: str, text: str) -> None:
    """The report view of the same name, over the views of this schema."""
    query = re.sub(r"\bpublished\.(?=(dim|fct|bridge|report)_)", "province.", text).partition(" as\n")[2]
    _make(connection, name=name, query=query.partition(";")[0])


def _make(connection: psycopg.Connection, *, name: str, query: str) -> None:
    statement = f"create or replace view province.{name} with (security_barrier) as {query}"
    ensure_view(connection, f"province.{name}", statement)


def login_of(catalogue: Catalogue, province_code: str) -> str:
    """The login of a province's readers. Raises SettingsError when there is no such province today."""
    if catalogue.region("province", province_code, datetime.now(UTC).date()) is None:
        raise SettingsError(
            phrase(
                f"không có tỉnh, thành phố mang mã {province_code!r}: mã có trong seeds/region.csv",
                f"there is no province {province_code!r} today: codes are in seeds/region.csv",
            )
        )
    return f"province_{province_code}"


def ensure_reader(admin: psycopg.Connection, role: str) -> str:
    """Make a province's login, or give it a new password, which is returned. Whoever had the old one is out."""
    password = secrets.token_urlsafe(24)
    ensure_login(admin, role, password)
    admin.execute(sql.SQL("grant {} to {}").format(sql.Identifier(PROVINCE_READER), sql.Identifier(role)))
    return password


def drop_reader(admin: psycopg.Connection, role: str) -> bool:
    """Take a login away; whether there was one. Sessions that are open see nothing more."""
    if admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is None:
        return False
    admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
    return True
