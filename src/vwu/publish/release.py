"""Publishing: one transaction that makes an immutable, numbered release of exactly what the gate passed (D6).

A release costs what changed: only parts whose content is not stored yet are copied. Killed anywhere, the old release
stays in force, because its name is one row that the last statement changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from psycopg.types.json import Jsonb

from vwu.database import connect
from vwu.language import phrase
from vwu.publish.models import PublishedModel, PublishError, load_models
from vwu.publish.parts import (
    Part,
    candidate_hash,
    candidate_parts,
    candidate_table,
    cut_by_key,
    mart_columns,
    relation_columns,
    remember_versions,
)
from vwu.publish.storage import ensure_storage
from vwu.settings import Settings

_LOCK = 7_700_020  # any constant: one publication or rollback at a time in a database
_LOCK_WAIT = "120s"


@dataclass(frozen=True)
class PublishResult:
    """The release in force afterwards; `is_new` is False when the candidate already was that release."""

    release_id: int
    is_new: bool
    candidate_hash: str
    verdict: str
    parts_written: int = 0
    rows_written: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Release:
    """One row of the register."""

    release_id: int
    published_at: datetime
    verdict: str
    coverage_pct: Decimal | None
    receipts: int
    findings_open: int
    code_version: str
    candidate_hash: str
    row_counts: dict[str, int]
    is_in_force: bool


@dataclass(frozen=True)
class _Audit:
    """The gate run that lets a candidate through."""

    gate_run_id: int
    verdict: str
    build_id: int | None


def publish(settings: Settings, *, again: bool = False) -> PublishResult:
    """Publish the candidate that the gate passed; does nothing when it is in force already.

    A candidate that was published before and rolled back stays back, unless `again`.
    Raises PublishError when the gate did not pass exactly this candidate with this version of the code, and before the
    hour that VWU_EMBARGO_UNTIL names.
    """
    if settings.embargo_until and datetime.now(UTC) < settings.embargo_until:
        raise PublishError(
            phrase(
                f"chưa đến giờ công bố, {settings.embargo_until.isoformat()} (VWU_EMBARGO_UNTIL): khi đó hãy chạy "
                "`vwu publish`",
                f"under embargo until {settings.embargo_until.isoformat()} (VWU_EMBARGO_UNTIL): run `vwu publish` then",
            )
        )
    models = load_models(settings)
    with publisher(settings) as connection:
        ensure_storage(connection, models)
        with connection.transaction():
            result = publish_models(connection, models, settings, again=again)
        if result.is_new:
            _refresh_statistics(connection, models)
    return result


def publish_models(
    connection: psycopg.Connection, models: tuple[PublishedModel, ...], settings: Settings, *, again: bool = False
) -> PublishResult:
    """The work of `publish` inside the caller's REPEATABLE READ transaction, under the caller's lock."""
    parts = candidate_parts(connection, models)
    digest = candidate_hash(parts)
    audit = _audit(connection, digest, settings.code_version)
    current = _in_force(connection)
    same = _already_published(connection, digest, current)
    if same is not None and (same == current or not again):
        _remember_versions(connection, models)
        return _nothing_new(digest, audit, current, same)
    release_id = _next_number(connection)
    parts_written = _register_parts(connection, models, release_id)
    rows_written = sum(_copy_rows(connection, model, release_id) for model in models)
    _register_release(connection, models, parts, release_id, digest, audit, settings)
    _register_receipts(connection, release_id)
    _register_credit(connection, models, release_id)
    _write_manifest(connection, models, release_id)
    _remember_versions(connection, models)
    _point(connection, current, release_id, "publish", settings.who)
    return PublishResult(release_id, True, digest, audit.verdict, parts_written, rows_written)


def rollback(settings: Settings, release_id: int, reason: str = "") -> int | None:
    """Put an earlier (or later) release in force again; returns the one that was in force before.

    Raises PublishError when there is no such release. Nothing is copied or removed: it is one row.
    """
    with publisher(settings) as connection, connection.transaction():
        if connection.execute("select 1 from release.release where release_id = %s", [release_id]).fetchone() is None:
            raise PublishError(
                phrase(
                    f"không có bản phát hành {release_id}: `vwu releases` kê các bản",
                    f"there is no release {release_id}: `vwu releases` lists them",
                )
            )
        current = _in_force(connection)
        if current != release_id:
            _point(connection, current, release_id, "rollback", settings.who, reason)
        return current


def releases(settings: Settings) -> list[Release]:
    """The register, newest first."""
    with connect(settings, "publisher") as connection:
        rows = connection.execute(
            """select release_id, published_at, verdict, coverage_pct, receipts, findings_open, code_version,
                      candidate_hash, row_counts,
                      release_id = (select pointer.release_id from release.pointer as pointer) as is_in_force
               from release.release order by release_id desc"""
        ).fetchall()
    return [Release(*row) for row in rows]


def checksums(settings: Settings) -> dict[str, str]:
    """sha256 of every published table of the release in force, by table: equal content, equal sums.

    It covers the rows as a reader gets them without `release_id`, so a run that changes nothing changes no sum.
    """
    with connect(settings, "publisher") as connection:
        names = connection.execute(
            """select distinct table_name from release.manifest
               where release_id = published.current_release_id() order by table_name"""
        ).fetchall()
        return {name: _checksum(connection, name) for (name,) in names}


@contextmanager
def publisher(settings: Settings) -> Iterator[psycopg.Connection]:
    """A publisher's connection that holds the one lock; its transactions are REPEATABLE READ.

    The lock is the session's and taken before any transaction begins: a snapshot that was taken while waiting for
    another publication would not see its release.
    """
    with connect(settings, "publisher", autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", [_LOCK_WAIT])
        try:
            connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        except psycopg.errors.LockNotAvailable:
            raise PublishError(
                phrase(
                    f"một lần công bố khác đã chạy {_LOCK_WAIT}: hãy đợi nó xong rồi thử lại",
                    f"another publication has been running for {_LOCK_WAIT}: wait for it, then retry",
                )
            ) from None
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        yield connection


def _audit(connection: psycopg.Connection, digest: str, code_version: str) -> _Audit:
    """The newest gate run of exactly this candidate; anything but a pass of this code refuses."""
    row = connection.execute(
        """select gate_run_id, verdict, build_id, code_version from quality.gate_run
           where candidate_hash = %s order by gate_run_id desc limit 1""",
        [digest],
    ).fetchone()
    if row is None:
        raise PublishError(
            phrase(
                f"cửa kiểm định chưa xét bản này ({digest[:12]}): hãy chạy `vwu gate`, rồi `vwu publish`",
                f"the gate has not seen this candidate ({digest[:12]}): run `vwu gate`, then `vwu publish`",
            )
        )
    gate_run_id, verdict, build_id, gated_by = row
    if verdict not in ("publish", "publish_with_warnings"):
        raise PublishError(
            phrase(
                f"cửa kiểm định không cho công bố bản này (lần {gate_run_id}): `vwu gate` nêu lý do",
                f"the gate refused this candidate (run {gate_run_id}): `vwu gate` says why",
            )
        )
    if gated_by != code_version:
        raise PublishError(
            phrase(
                f"cửa kiểm định đã chạy với phiên bản {gated_by}, còn đây là {code_version}: hãy chạy lại `vwu gate`",
                f"the gate ran with version {gated_by}, this is {code_version}: run `vwu gate` again",
            )
        )
    return _Audit(gate_run_id, verdict, build_id)


def _in_force(connection: psycopg.Connection) -> int | None:
    row = connection.execute("select release_id from release.pointer").fetchone()
    assert row is not None, "release.pointer has one row from its migration on"
    release_id: int | None = row[0]
    return release_id


def _already_published(connection: psycopg.Connection, digest: str, current: int | None) -> int | None:
    """The release in force if it is this candidate, else the release of this content that a rollback left."""
    row = connection.execute(
        """select release.release_id from release.release as release
           where release.candidate_hash = %(digest)s
             and (release.release_id = %(current)s or release.release_id = (
                 select event.from_release_id from release.event as event
                 where event.action = 'rollback' and event.to_release_id = %(current)s
                   and event.event_id = (select max(latest.event_id) from release.event as latest)))
           order by release.release_id = %(current)s desc limit 1""",
        {"digest": digest, "current": current},
    ).fetchone()
    return row[0] if row else None


def _nothing_new(digest: str, audit: _Audit, current: int | None, same: int) -> PublishResult:
    assert current is not None, "a release of this content exists, so one is in force"
    reason = phrase("bản chờ công bố chính là bản đang có hiệu lực", "the candidate is the release in force")
    if same != current:
        reason = phrase(
            f"bản chờ công bố là bản phát hành {same}, đã bị `vwu rollback` đưa ra: `vwu publish --again` công bố lại",
            f"the candidate is release {same}, which was rolled back: `vwu publish --again` publishes it anew",
        )
    return PublishResult(current, False, digest, audit.verdict, reason=reason)


def _next_number(connection: psycopg.Connection) -> int:
    row = connection.execute("select coalesce(max(release_id), 0) + 1 from release.release").fetchone()
    assert row is not None
    number: int = row[0]
    return number


def _register_parts(connection: psycopg.Connection, models: tuple[PublishedModel, ...], release_id: int) -> int:
    """Register parts whose content is not stored yet; returns how many."""
    return sum(
        connection.execute(
            sql.SQL(
                """insert into release.part (table_name, part_key, content_hash, row_count, first_release_id)
                   select {name}, part_key, content_hash, row_count, {release} from {candidate}
                   order by part_key
                   on conflict (table_name, part_key, content_hash) do nothing"""
            ).format(name=sql.Literal(model.name), release=sql.Literal(release_id), candidate=candidate_table(model))
        ).rowcount
        for model in models
    )


def _copy_rows(connection: psycopg.Connection, model: PublishedModel, release_id: int) -> int:
    """Copy the rows of newly registered parts; raises PublishError unless each row arrived."""
    columns = sql.SQL(", ").join(map(sql.Identifier, mart_columns(connection, model)))
    copied = connection.execute(
        sql.SQL(
            """insert into {target} (part_id, {columns})
               select part.part_id, {marts} from {candidate} as candidate
               inner join release.part as part
                   on part.table_name = {name} and part.part_key = candidate.part_key
                   and part.content_hash = candidate.content_hash and part.first_release_id = {release}
               inner join {mart} as mart on {match}"""
        ).format(
            target=sql.Identifier("release", model.name),
            columns=columns,
            marts=sql.SQL(", ").join(
                sql.SQL("mart.{}").format(sql.Identifier(name)) for name in mart_columns(connection, model)
            ),
            candidate=candidate_table(model),
            name=sql.Literal(model.name),
            release=sql.Literal(release_id),
            mart=sql.Identifier(model.schema, model.relation),
            match=_match(model),
        )
    ).rowcount
    expected = connection.execute(
        "select coalesce(sum(row_count), 0) from release.part where table_name = %s and first_release_id = %s",
        [model.name, release_id],
    ).fetchone()
    if expected is None or copied != expected[0]:
        raise PublishError(
            phrase(
                f"{model.name}: đã chép {copied} dòng nhưng phải là {expected}; chưa công bố gì",
                f"{model.name}: {copied} rows copied where {expected} were announced; nothing was published",
            )
        )
    return copied


def _match(model: PublishedModel) -> sql.Composable:
    """Rows of the mart that belong to a part, by the typed columns so that an index can serve."""
    if not model.part_by:
        return sql.SQL("true")
    return sql.SQL(" and ").join(
        sql.SQL("mart.{0} = candidate.{0}").format(sql.Identifier(name)) for name in model.part_by
    )


def _write_manifest(connection: psycopg.Connection, models: tuple[PublishedModel, ...], release_id: int) -> None:
    for model in models:
        cut_by = cut_by_key(model, mart_columns(connection, model))
        connection.execute(
            sql.SQL(
                """insert into release.manifest (release_id, table_name, part_id, part_value)
                   select {release}, {name}, part.part_id, {value} from {candidate} as candidate
                   inner join release.part as part
                       on part.table_name = {name} and part.part_key = candidate.part_key
                       and part.content_hash = candidate.content_hash
                   order by part.part_id"""
            ).format(
                release=sql.Literal(release_id),
                name=sql.Literal(model.name),
                candidate=candidate_table(model),
                value=sql.Identifier("candidate", cut_by) if cut_by else sql.NULL,
            )
        )


def _remember_versions(connection: psycopg.Connection, models: tuple[PublishedModel, ...]) -> None:
    for model in models:
        remember_versions(connection, model)


def _register_release(
    connection: psycopg.Connection,
    models: tuple[PublishedModel, ...],
    parts: tuple[Part, ...],
    release_id: int,
    digest: str,
    audit: _Audit,
    settings: Settings,
) -> None:
    row_counts = {model.name: 0 for model in models}
    for part in parts:
        row_counts[part.table_name] += part.row_count
    figures: dict[str, Any] = {
        "release_id": release_id,
        "verdict": audit.verdict,
        "gate_run_id": audit.gate_run_id,
        "build_id": audit.build_id,
        "candidate_hash": digest,
        "code_version": settings.code_version,
        "coverage_pct": _coverage(connection, models),
        "receipts": _count_receipts(connection),
        "findings_open": row_counts.get("finding", 0),
        "row_counts": Jsonb(row_counts),
        "published_by": settings.who,
    }
    connection.execute(
        sql.SQL("insert into release.release ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, figures)), sql.SQL(", ").join(map(sql.Placeholder, figures))
        ),
        figures,
    )


def _coverage(connection: psycopg.Connection, models: tuple[PublishedModel, ...]) -> Decimal | None:
    """Share of expected submissions that are in, in percent; null when nothing was expected yet."""
    model = next((model for model in models if model.name == "fct_submission"), None)
    if model is None:
        return None
    row = connection.execute(
        sql.SQL(
            """select round(100.0 * count(*) filter (where receipt_id is not null) / nullif(count(*), 0), 2)
               from {} where is_expected"""
        ).format(sql.Identifier(model.schema, model.relation))
    ).fetchone()
    return row[0] if row else None


def _register_receipts(connection: psycopg.Connection, release_id: int) -> None:
    """The inputs: every receipt in force and not held, in the one state of intake that the build saw."""
    connection.execute(
        """insert into release.release_receipt (release_id, receipt_id, scope_key)
           select %s, receipt_id, scope_key from staging.stg_scope where not is_held order by scope_key""",
        [release_id],
    )


def _register_credit(connection: psycopg.Connection, models: tuple[PublishedModel, ...], release_id: int) -> None:
    """What the release shows of each bank's month, where no release has shown the same: the next is held against it."""
    if any(model.name == "fct_credit_month" for model in models):
        connection.execute(_CREDIT_BASIS, [release_id])
        connection.execute(_CREDIT_LEVELS, [release_id])


_CREDIT_BASIS = """
with content as (
    select scope_key, sum(hashtextextended(protection::text, 0)) as mark
    from intermediate.int_credit_protection as protection
    group by scope_key
),
shown as (
    select distinct on (scope_key) * from release.credit_basis order by scope_key, release_id desc
),
fresh as (
    select scope.scope_key, scope.receipt_id, scope.previous_receipt_id, scope.previous_as_of_date, content.mark
    from content
    inner join intermediate.int_credit_scope as scope using (scope_key)
    left join shown using (scope_key)
    where (shown.receipt_id, shown.previous_receipt_id, shown.mark)
        is distinct from (scope.receipt_id, scope.previous_receipt_id, content.mark)
),
family as (
    select protection.scope_key, left(level.key, -6) as family, max(level.value) as most, min(level.value) as least
    from intermediate.int_credit_protection as protection
    inner join fresh using (scope_key)
    cross join lateral jsonb_each_text(to_jsonb(protection)) as level
    where right(level.key, 6) = '_level'
    group by protection.scope_key, level.key
)
insert into release.credit_basis
    (scope_key, release_id, receipt_id, previous_receipt_id, previous_as_of_date, withheld, untold, mark)
select
    fresh.scope_key, %s, fresh.receipt_id, fresh.previous_receipt_id, fresh.previous_as_of_date,
    coalesce(string_agg(family.family, ',') filter (where family.most = '5'), ''),
    coalesce(string_agg(family.family, ',') filter (where family.least = '5'), ''), fresh.mark
from fresh
inner join family using (scope_key)
group by fresh.scope_key, fresh.receipt_id, fresh.previous_receipt_id, fresh.previous_as_of_date, fresh.mark
"""

_CREDIT_LEVELS = """
insert into release.credit_level
    (release_id, scope_key, credit_programme_key, region_key, organisation, levels)
select
    basis.release_id, protection.scope_key, protection.credit_programme_key, protection.region_key,
    protection.organisation, jsonb_object_agg(left(level.key, -6), level.value)
from intermediate.int_credit_protection as protection
inner join release.credit_basis as basis on basis.scope_key = protection.scope_key and basis.release_id = %s
cross join lateral jsonb_each(to_jsonb(protection)) as level
where right(level.key, 6) = '_level' and level.value <> '0'
group by
    basis.release_id, protection.scope_key, protection.credit_programme_key, protection.region_key,
    protection.organisation
"""


def _count_receipts(connection: psycopg.Connection) -> int:
    row = connection.execute("select count(distinct receipt_id) from staging.stg_scope where not is_held").fetchone()
    assert row is not None
    count: int = row[0]
    return count


def _point(
    connection: psycopg.Connection, expected: int | None, release_id: int, action: str, actor: str, reason: str = ""
) -> None:
    """Compare and set: the release in force changes only if it is still the one that this transaction read."""
    moved = connection.execute(
        "update release.pointer set release_id = %s where release_id is not distinct from %s", [release_id, expected]
    ).rowcount
    if moved != 1:
        raise PublishError(
            phrase(
                "trong lúc đó một bản phát hành khác đã có hiệu lực; không thay đổi gì: hãy chạy lại",
                "another release came into force meanwhile; nothing was changed: run it again",
            )
        )
    connection.execute(
        """insert into release.event (actor, action, from_release_id, to_release_id, reason)
           values (%s, %s, %s, %s, %s)""",
        [actor, action, expected, release_id, reason],
    )


def _refresh_statistics(connection: psycopg.Connection, models: tuple[PublishedModel, ...]) -> None:
    """Let the first query after a publication plan on what is stored, not on what autovacuum saw last."""
    connection.execute("select release.refresh_statistics()")
    for model in models:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier("release", model.name)))


def _checksum(connection: psycopg.Connection, table: str) -> str:
    columns = [name for name in relation_columns(connection, "published", table) if name != "release_id"]
    row = connection.execute(
        sql.SQL(
            """select encode(sha256(convert_to(
                   coalesce(string_agg(row_hash, '' order by row_hash collate "C"), ''), 'UTF8')), 'hex')
               from (select md5(row({})::text) as row_hash from {}) as hashed"""
        ).format(sql.SQL(", ").join(map(sql.Identifier, sorted(columns))), sql.Identifier("published", table))
    ).fetchone()
    assert row is not None
    checksum: str = row[0]
    return checksum
