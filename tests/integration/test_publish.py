"""Releases on a real PostgreSQL: numbered, immutable, whole or not at all, and cheap where little changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import psycopg
import pytest
from psycopg import sql
from small_candidate import MODELS, answer, build, gate, make_candidate, write_manifest

from vwu.database import connect
from vwu.publish import PublishError, checksums, diff, publish, releases, rollback
from vwu.publish.models import ManifestError
from vwu.rights import allowed
from vwu.settings import Settings


@pytest.fixture
def candidate(database: Settings) -> Settings:
    """A warehouse with a candidate of two months, two provinces and one receipt, gated and ready."""
    return make_candidate(database)


def test_first_release_is_number_one_and_shows_what_the_marts_hold(candidate: Settings) -> None:
    result = publish(candidate)
    assert (result.release_id, result.is_new, result.parts_written, result.rows_written) == (1, True, 5, 14)
    assert answer(
        candidate, "select count(*), sum(value), min(release_id), max(release_id) from published.fct_sample"
    ) == [(12, 240, 1, 1)]
    assert answer(candidate, "select release_id, verdict, receipts, findings_open from published.release_info") == [
        (1, "publish", 1, 0)
    ]
    assert [release.row_counts for release in releases(candidate)] == [{"dim_period": 2, "fct_sample": 12}]


def test_same_candidate_publishes_nothing_and_no_byte_changes(candidate: Settings) -> None:
    publish(candidate)
    before = checksums(candidate)
    build(candidate, "create table marts.again as table marts.fct_sample", "drop table marts.fct_sample",
          "alter table marts.again rename to fct_sample")  # fmt: skip
    result = publish(candidate)
    assert (result.release_id, result.is_new) == (1, False)
    assert "in force" in result.reason
    assert checksums(candidate) == before
    assert set(before) == {"dim_period", "fct_sample"}


def test_only_changed_parts_are_written(candidate: Settings) -> None:
    publish(candidate)
    build(
        candidate,
        "update marts.fct_sample set value = 99 where period_key = 2 and province_code = '19' and line_no = 1",
    )
    gate(candidate)
    result = publish(candidate)
    assert (result.release_id, result.parts_written, result.rows_written) == (2, 1, 3)
    assert answer(candidate, "select sum(value) from published.fct_sample") == [(329,)]


@pytest.mark.parametrize(
    ("verdict", "code_version", "says"),
    [(None, None, "has not seen"), ("refuse", None, "refused"), ("publish", "0.0.0-other", "version")],
)
def test_what_the_gate_did_not_pass_stays_out(
    candidate: Settings, verdict: str | None, code_version: str | None, says: str
) -> None:
    publish(candidate)
    build(candidate, "update marts.fct_sample set value = 0")
    if verdict:
        gate(candidate, verdict, code_version)
    with pytest.raises(PublishError, match=says):
        publish(candidate)
    assert answer(candidate, "select sum(value), max(release_id) from published.fct_sample") == [(240, 1)]


def test_a_later_refusal_of_the_same_candidate_shuts_the_gate(candidate: Settings) -> None:
    gate(candidate, "refuse")
    with pytest.raises(PublishError, match="refused"):
        publish(candidate)


def test_rollback_is_quick_and_the_rolled_back_candidate_does_not_come_back_by_itself(candidate: Settings) -> None:
    publish(candidate)
    build(candidate, "update marts.fct_sample set value = 1")
    gate(candidate)
    publish(candidate)
    started = time.monotonic()
    assert rollback(candidate, 1, "wrong figures") == 2
    assert time.monotonic() - started < 1
    assert answer(candidate, "select sum(value) from published.fct_sample") == [(240,)]
    result = publish(candidate)
    assert (result.release_id, result.is_new) == (1, False)
    assert "rolled back" in result.reason
    again = publish(candidate, again=True)
    assert (again.release_id, again.is_new, again.rows_written) == (3, True, 0)
    with pytest.raises(PublishError, match="no release 9"):
        rollback(candidate, 9)


def test_a_session_can_pin_any_release_and_only_a_release(candidate: Settings) -> None:
    publish(candidate)
    build(candidate, "update marts.fct_sample set value = 1")
    gate(candidate)
    publish(candidate)
    total = "select sum(value), max(release_id) from published.fct_sample"
    assert answer(candidate, total) == [(12, 2)]
    assert answer(candidate, total, "set local vwu.release = '1'") == [(240, 1)]
    assert answer(candidate, total, "select published.as_of_release(1)") == [(240, 1)]
    assert answer(candidate, total, "set vwu.release = '1'", "select published.as_of_release(null)") == [(12, 2)]
    for wrong in ("7", "-1", "1; drop", "latest"):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            answer(candidate, total, f"set vwu.release = '{wrong}'")


def test_diff_names_parts_rows_and_receipts(candidate: Settings) -> None:
    publish(candidate)
    build(
        candidate,
        "update marts.fct_sample set value = 99, receipt_id = 'b' "
        "where period_key = 2 and province_code = '19' and line_no = 1",
        "delete from marts.fct_sample where period_key = 2 and province_code = '19' and line_no = 2",
        "insert into marts.fct_sample values (2, '19', 7, 5, 'b')",
        "insert into staging.stg_scope values ('s3', 'b', false)",
    )
    gate(candidate)
    publish(candidate)
    found = diff(candidate, 1, 2)
    assert found.parts_removed == found.parts_added == (("fct_sample", "2|19"),)
    assert [(change.kind, change.key, change.columns) for change in found.rows] == [
        ("changed", (2, "19", 1), ("value", "receipt_id")),
        ("removed", (2, "19", 2), ("period_key", "province_code", "line_no", "value", "receipt_id")),
        ("added", (2, "19", 7), ("period_key", "province_code", "line_no", "value", "receipt_id")),
    ]
    assert (found.receipts_added, found.receipts_removed) == ((("b", "s3"),), ())
    assert diff(candidate, 2, 2).rows == ()
    with pytest.raises(PublishError, match="no release 5"):
        diff(candidate, 1, 5)


def test_nothing_stored_can_be_changed_even_by_the_publisher(candidate: Settings) -> None:
    publish(candidate)
    for statement in (
        "update release.fct_sample set value = 0", "delete from release.fct_sample", "truncate release.fct_sample",
        "update release.part set row_count = 1", "delete from release.manifest", "truncate release.event",
        "delete from release.release_receipt", "update release.release set verdict = 'publish'",
    ):  # fmt: skip
        with connect(candidate, "publisher") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL(statement))


def test_a_new_column_is_appended_and_somebodys_own_view_keeps_working(candidate: Settings) -> None:
    publish(candidate)
    with connect(candidate, "owner") as owner:
        owner.execute("create view public.mine as select province_code, sum(value) as total from published.fct_sample "
                      "group by province_code")  # fmt: skip
    build(candidate, "alter table marts.fct_sample add column note text default 'x'")
    write_manifest(candidate, note="A note")
    gate(candidate)
    publish(candidate)
    with connect(candidate, "owner") as owner:
        assert owner.execute("select * from public.mine order by 1").fetchall() == [("19", 120), ("22", 120)]
    columns = "select column_name from information_schema.columns where table_name = 'fct_sample' and table_schema = " \
              "'published' order by ordinal_position"  # fmt: skip
    assert [name for (name,) in answer(candidate, columns)] == [
        "period_key", "province_code", "line_no", "value", "receipt_id", "release_id", "note",
    ]  # fmt: skip
    assert answer(candidate, "select distinct note from published.fct_sample") == [("x",)]
    assert answer(candidate, "select distinct note from published.fct_sample", "set vwu.release = '1'") == [(None,)]


@pytest.mark.parametrize(
    "change",
    [
        "alter table marts.fct_sample rename column value to amount",
        "alter table marts.fct_sample alter value type text",
    ],
)
def test_a_lost_or_retyped_column_is_refused(candidate: Settings, change: str) -> None:
    publish(candidate)
    build(candidate, change)
    gate(candidate)
    with pytest.raises(ManifestError, match="never renamed"):
        publish(candidate)
    assert answer(candidate, "select sum(value) from published.fct_sample") == [(240,)]


def test_a_part_key_with_nulls_is_refused(candidate: Settings) -> None:
    build(candidate, "update marts.fct_sample set province_code = null where line_no = 1")
    with pytest.raises(ManifestError, match="nulls"):
        publish(candidate)


def test_an_emptied_table_is_published_empty_and_the_past_keeps_its_rows(candidate: Settings) -> None:
    publish(candidate)
    build(candidate, "truncate marts.dim_period")
    gate(candidate)
    assert publish(candidate).is_new
    assert answer(candidate, "select count(*) from published.dim_period") == [(0,)]
    assert answer(candidate, "select count(*) from published.dim_period", "set vwu.release = '1'") == [(2,)]


def test_comments_come_from_the_models_yml(candidate: Settings) -> None:
    publish(candidate)
    with connect(candidate, "bi_reader") as reader:
        found = reader.execute(
            """select obj_description(view), col_description(view, 4), col_description(view, 6)
               from cast('published.fct_sample' as regclass) as view"""
        ).fetchone()
    assert found == (
        "About fct_sample · Về fct_sample",
        "Said · Nghĩa",
        "Release that the row is read from · Bản phát hành",
    )


def test_indexes_come_from_the_models_yml(candidate: Settings) -> None:
    publish(candidate)
    with connect(candidate, "publisher") as connection:
        found = connection.execute(
            "select indexdef from pg_indexes where schemaname = 'release' and tablename = 'fct_sample'"
        ).fetchall()
    assert sorted(text.partition(" USING ")[2] for (text,) in found) == ["btree (part_id)", "btree (province_code)"]


@pytest.mark.parametrize("table", ["dim_period", "fct_sample"])
def test_a_publication_that_dies_leaves_the_old_release(candidate: Settings, table: str) -> None:
    """The server ends the publisher's session while it waits for a table that this test holds."""
    publish(candidate)
    build(candidate, "update marts.fct_sample set value = 1", "update marts.dim_period set period_code = 'x'")
    gate(candidate)
    failures: list[BaseException] = []
    with connect(candidate, "publisher") as blocker:
        blocker.execute(sql.SQL("lock table release.{} in exclusive mode").format(sql.Identifier(table)))
        worker = threading.Thread(target=_publish_quietly, args=(candidate, failures))
        worker.start()
        _end_waiting_publisher(candidate, blocker.info.backend_pid)
        worker.join(30)
    assert len(failures) == 1
    assert isinstance(failures[0], psycopg.OperationalError)
    assert answer(candidate, "select sum(value), max(release_id) from published.fct_sample") == [(240, 1)]
    assert publish(candidate).release_id == 2


def test_two_publications_at_once_make_one_release(candidate: Settings) -> None:
    failures: list[BaseException] = []
    workers = [threading.Thread(target=_publish_quietly, args=(candidate, failures)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failures == []
    assert [release.release_id for release in releases(candidate)] == [1]


def test_readers_never_see_two_releases_in_one_statement(candidate: Settings) -> None:
    """Readers ask while releases come and go; each answer is one release's and exactly that release's figures."""
    publish(candidate)
    expected = {1: 240}
    stop, wrong, answers = threading.Event(), [], []

    def read() -> None:
        with connect(candidate, "bi_reader", autocommit=True) as reader:
            while not stop.is_set():
                rows = reader.execute(
                    "select sum(value), min(release_id), max(release_id), "
                    "(select release_id from published.release_info) from published.fct_sample"
                ).fetchall()
                answers.append(rows[0])

    reading = [threading.Thread(target=read) for _ in range(2)]
    for thread in reading:
        thread.start()
    for number in range(2, 8):
        build(candidate, f"update marts.fct_sample set value = {number}")
        gate(candidate)
        expected[publish(candidate).release_id] = 12 * number
    rollback(candidate, 1)
    stop.set()
    for thread in reading:
        thread.join(30)
    wrong = [row for row in answers if not (row[1] == row[2] == row[3] and row[0] == expected[row[1]])]
    assert wrong == []
    assert len(answers) > 50
    assert len({row[1] for row in answers}) > 1


def test_bi_reader_reads_what_is_written_and_nothing_else(candidate: Settings) -> None:
    publish(candidate)
    with connect(candidate, "owner") as owner:
        relations = owner.execute(
            """select namespace.nspname, relation.relname from pg_class as relation
               inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
               where relation.relkind in ('r', 'v', 'm', 'p', 'S', 'f')
                 and namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1, 2"""
        ).fetchall()
    real = dict(_rights(candidate, "bi_reader", relations))
    assert {schema for schema, _ in relations} >= {"intake", "raw", "vault", "marts", "quality", "release", "published"}
    assert {name for name, rights in real.items() if rights} == {
        (schema, name) for schema, name in relations if allowed("bi_reader", schema, name)
    }
    assert {tuple(rights) for rights in real.values()} == {(), ("select",)}


def _rights(
    settings: Settings, role: str, relations: Iterable[tuple[str, str]]
) -> Iterable[tuple[tuple[str, str], list[str]]]:
    """What a role can really do: schema usage and each verb, as PostgreSQL itself judges."""
    verbs = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
    with connect(settings, "owner") as owner:
        for schema, name in relations:
            usable = owner.execute("select has_schema_privilege(%s, %s, 'usage')", [role, schema]).fetchone() == (True,)
            relation = f'"{schema}"."{name}"'
            kind = owner.execute("select relkind from pg_class where oid = %s::regclass", [relation]).fetchone()
            check = "has_sequence_privilege" if kind == ("S",) else "has_table_privilege"
            tried = ("usage", "select", "update") if kind == ("S",) else verbs
            yield (
                (schema, name),
                [
                    verb
                    for verb in tried
                    if usable
                    and owner.execute(sql.SQL(f"select {check}(%s, %s, %s)"), [role, relation, verb]).fetchone()
                    == (True,)
                ],
            )


def _publish_quietly(settings: Settings, failures: list[BaseException]) -> None:
    try:
        publish(settings)
    except (psycopg.Error, PublishError) as error:
        failures.append(error)


def _end_waiting_publisher(settings: Settings, blocker_pid: int) -> None:
    """End the session that waits for the blocker; fails the test when none waits within ten seconds."""
    with connect(settings, "publisher", autocommit=True) as connection:
        for _ in range(200):
            waiting = connection.execute(
                "select pid from pg_stat_activity where %s = any(pg_blocking_pids(pid))", [blocker_pid]
            ).fetchone()
            if waiting:
                connection.execute("select pg_terminate_backend(%s)", [waiting[0]])
                return
            time.sleep(0.05)
    pytest.fail("no publication waited for the locked table")


def test_what_is_cut_by_one_key_is_found_by_its_parts(candidate: Settings) -> None:
    """The view takes that key from the manifest, so a question for a month reads the parts of that month."""
    cut = {"part_by": ["period_key"], "key": ["period_key", "province_code", "line_no"],
           "indexes": [["period_key", "province_code"]]}  # fmt: skip
    write_manifest(candidate, MODELS | {"fct_sample": cut})
    gate(candidate)
    publish(candidate)
    build(candidate, "update marts.fct_sample set value = value + 1 where period_key = 2")
    gate(candidate)
    publish(candidate)
    with connect(candidate, "publisher") as connection:
        parts = connection.execute(
            """select release_id, part_value, part_key from release.manifest inner join release.part using (part_id)
               where part.table_name = 'fct_sample' order by release_id, part_value"""
        ).fetchall()
        indexes = connection.execute("select indexdef from pg_indexes where tablename = 'fct_sample'").fetchall()
    assert parts == [(1, 1, "1"), (1, 2, "2"), (2, 1, "1"), (2, 2, "2")]
    assert any("(part_id, province_code)" in definition for (definition,) in indexes)
    asked = "select sum(value), min(period_key), max(period_key) from published.fct_sample where period_key = 2"
    assert answer(candidate, asked) == [(126, 2, 2)]
    assert answer(candidate, asked, "set vwu.release = '1'") == [(120, 2, 2)]
