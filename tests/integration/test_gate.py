"""The gate on a real candidate: every check is seen to fail, and every way to lose a check shuts it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from gate_mutations import CITIZEN, MUTATIONS
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from vwu.build import build, run_dbt
from vwu.database import connect
from vwu.example import write_example
from vwu.gate import Verdict, run_gate
from vwu.gate.moment import one_moment
from vwu.gate.narrowing import checked_with, judged, narrow
from vwu.gate.suites import Check, Suite, read_expected
from vwu.gate.validation import CheckResult, open_context, run_suite, session
from vwu.intake.arrivals import list_arrivals
from vwu.intake.receive import receive
from vwu.publish import PublishError, publish
from vwu.publish.models import PublishedModel, load_models
from vwu.publish.parts import Part, candidate_hash, candidate_parts, model_parts
from vwu.publish.parts import changed_parts as known_changes
from vwu.settings import Settings
from vwu.stack.server import admin_url

# One built warehouse serves them all.

PROJECT = Path(__file__).resolve().parents[2]
SUITES = {path.stem: path for path in (PROJECT / "expectations").glob("*.yml") if path.stem != "catalogue"}
CHECKS = {check.rule_id: check for check in read_expected(PROJECT / "expectations", SUITES).checks}


@pytest.fixture(scope="module")
def built(module_database: Settings) -> Settings:
    """The example, received, built, gated and published as release 1."""
    write_example(Path(module_database.landing))
    for zone in ("branch_submissions", "bank_feeds"):
        for path in list_arrivals(module_database, zone):
            receive(module_database, path)
    result = build(module_database)
    assert result.ok, result.failures
    verdict = run_gate(module_database)
    assert verdict.outcome == "publish_with_warnings", verdict.summary()
    assert publish(module_database).release_id == 1
    return module_database


@pytest.fixture
def copy(built: Settings) -> Iterator[Settings]:
    """A copy of the built warehouse to spoil."""
    source = urlsplit(built.database_url("owner")).path.lstrip("/")
    name = f"{source}_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url(built, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(source)))
        admin.execute(sql.SQL("grant connect, temporary on database {} to public").format(sql.Identifier(name)))
    yield _named(built, name)
    with psycopg.connect(admin_url(built, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def baseline(built: Settings) -> dict[str, CheckResult]:
    """What each check says of the unspoiled candidate."""
    with open_context(built) as context:
        expected = read_expected(PROJECT / "expectations", SUITES)
        return {result.check.rule_id: result for suite in expected.suites for result in run_suite(context, suite)}


def _named(settings: Settings, name: str) -> Settings:
    if settings.external_url is None:
        return replace(settings, database=name)
    return replace(settings, external_url=urlsplit(settings.external_url)._replace(path=f"/{name}").geturl())


def test_every_published_table_has_a_suite_and_every_check_a_mutation(built: Settings) -> None:
    assert {name for model in load_models(built) for name in (model.name, model.relation)} == set(SUITES)
    assert set(MUTATIONS) == set(CHECKS)


def test_every_check_runs_on_the_real_candidate_and_none_raises(baseline: dict[str, CheckResult]) -> None:
    assert set(baseline) == set(CHECKS)
    assert [result.failure for result in baseline.values() if result.failure] == []
    failed = {rule for rule, result in baseline.items() if not result.success}
    # The example is of 2024: whatever was due since has not come.
    assert failed == {
        "GATE_FINDING_OPEN", "GATE_RECONCILIATION_DIFFERS", "GATE_SUBMISSION_FRESH", "GATE_CREDIT_FRESH",
    }  # fmt: skip


@pytest.mark.parametrize("rule_id", sorted(CHECKS))
def test_a_planted_fault_is_reported_by_its_own_check(
    built: Settings, baseline: dict[str, CheckResult], rule_id: str
) -> None:
    """Release 1 is in force and these checks let it through: what is like it, those that judge parts do not see."""
    check, mutation = CHECKS[rule_id], MUTATIONS[rule_id]
    suite = suite_of(check.table_name)
    with spoiled(built, check.table_name, mutation.statements):
        narrowed = narrowed_suite(built, suite) if check.judges_parts else suite
        for asked in [suite] if narrowed == suite else [suite, narrowed]:
            with open_context(built) as context:
                results = run_suite(context, asked)
            assert [result.failure for result in results if result.failure] == []
            worse = {result.check.rule_id for result in results if is_worse(result, baseline)}
            assert worse == {rule_id, *mutation.also}


def narrowed_suite(settings: Settings, suite: Suite) -> Suite:
    """What the gate would ask of the candidate as it is now."""
    models = load_models(settings)
    with connect(settings, "publisher") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = {model.name: model_parts(connection, model) for model in models}
        return narrow(
            suite, models, found.__getitem__, judged(connection, checked_with(settings, PROJECT / "expectations"))
        )


def test_checks_that_judge_parts_see_none_of_what_is_in_force(built: Settings) -> None:
    """And what such a check reads beside its own rows is what PostgreSQL says that its query rests on."""
    judging = [check for check in CHECKS.values() if check.judges_parts]
    assert len(judging) > 20
    with connect(built, "publisher") as connection:
        for check in judging:
            (narrowed,) = narrowed_suite(built, Suite(check.table_name, (check,))).checks
            assert "any(array[]" in (narrowed.query or ""), check.rule_id
            query = (check.query or "").format(batch=f"marts.{check.table_name}")
            connection.execute("set search_path to marts")
            connection.execute(f"create temporary view asked as {query}".encode())
            read = connection.execute(
                """select distinct relation.relnamespace::regnamespace || '.' || relation.relname
                   from pg_rewrite as rule
                   inner join pg_depend as rests on rests.objid = rule.oid and rests.classid = 'pg_rewrite'::regclass
                   inner join pg_class as relation
                       on relation.oid = rests.refobjid and rests.refclassid = 'pg_class'::regclass
                   where rule.ev_class = 'pg_temp.asked'::regclass and relation.oid <> rule.ev_class"""
            ).fetchall()
            connection.execute("drop view pg_temp.asked")
            assert {name for (name,) in read} == {f"marts.{name}" for name in {check.table_name, *check.reads}}


def test_a_changed_dimension_lets_a_check_see_all_that_rests_on_it(built: Settings) -> None:
    """No row of the roll-up changed; the measure of an indicator that it has figures of did."""
    statement = (
        "update {table} set measure = 'undetermined' where indicator_key in "
        "(select indicator_key from marts.fct_indicator_rollup where value is not null)"
    )
    suite = Suite("fct_indicator_rollup", (CHECKS["GATE_ROLLUP_UNDETERMINED"],))
    with spoiled(built, "dim_indicator", (statement,)), open_context(built) as context:
        (result,) = run_suite(context, narrowed_suite(built, suite))
    assert not result.failure
    assert not result.success


def test_a_run_says_which_release_it_rests_on(copy: Settings, expectations: Path) -> None:
    with connect(copy, "builder") as builder:  # behind the triggers: not seen, and not published either
        builder.execute("alter table marts.fct_indicator_value disable trigger user")
        builder.execute("update marts.fct_indicator_value set upper_bound = value - 1 where value = 2238")
        for name in ("insert_new", "delete_old", "update_old", "update_new", "truncate_all"):
            builder.execute(f"alter table marts.fct_indicator_value enable always trigger tell_{name}".encode())
    part, whole = run_gate(copy), run_gate(copy, whole=True)
    assert (part.judged_release_id, part.passed, publish(copy).is_new) == (1, True, False)
    assert (whole.judged_release_id, whole.outcome) == (None, "refuse")
    assert "GATE_VALUE_BOUNDS" in {result.check.rule_id for result in whole.failed}
    assert whole.candidate_hash != part.candidate_hash
    assert run_gate(replace(copy, small_cell=10)).judged_release_id is None
    change(expectations / "dim_period.yml", lambda suite: suite.update(notes="another"))
    assert run_gate(copy, expectations).judged_release_id is None


TELLING = ("fct_indicator_rollup", "fct_indicator_value", "protected_credit_month")
A_ROW = "ctid = (select min(ctid) from {table})"
CHANGES = {
    "nothing": (),
    "one row": (f"update {{table}} set period_key = period_key where {A_ROW}",),
    "to another period": (
        "update {table} set period_key = (select max(period_key) from marts.dim_period) "
        f"where {A_ROW}",
    ),
    "a row less": (f"delete from {{table}} where {A_ROW}",),
    "a row more": (
        "insert into {table} select (jsonb_populate_record(original, jsonb_build_object('period_key', "
        "(select max(period_key) from marts.dim_period)))).* from {table} as original limit 1",
    ),
    "a period less": ("delete from {table} where period_key = (select min(period_key) from {table})",),
    "and taken back": ("savepoint before", f"delete from {{table}} where {A_ROW}", "rollback to savepoint before"),
    "everything": ("truncate {table}",),
    "everything, and a row": (
        "create temporary table kept on commit drop as select * from {table} limit 1", "truncate {table}",
        "insert into {table} select * from kept",
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", TELLING)
def test_what_is_known_of_parts_is_what_reading_them_would_find(copy: Settings, table: str) -> None:
    """Whatever changes, and however: with what the triggers told, and with all rows read, the parts are the same."""
    (model,) = (model for model in load_models(copy) if model.relation == table)
    assert (changed_parts(copy, model)) == []
    assert changed_parts(copy, replace(model, relation="dim_region")) is None
    for name, statements in CHANGES.items():
        with connect(copy, "builder") as builder:
            for statement in statements:
                builder.execute(statement.replace("{table}", f"marts.{table}").encode())
        told = found_parts(copy, model)
        assert changed_parts(copy, model) is not None
        with connect(copy, "builder") as builder:
            builder.execute(f"alter table marts.{table} disable trigger tell_insert_new".encode())
        assert changed_parts(copy, model) is None
        assert told == found_parts(copy, model), name
        with connect(copy, "builder") as builder:
            builder.execute(f"alter table marts.{table} enable always trigger tell_insert_new".encode())


def test_dbt_tests_the_parts_that_were_not_published_as_they_are(copy: Settings) -> None:
    def failed() -> list[str]:
        found = run_dbt(copy, "test", "--select", "fct_indicator_value,test_type:generic")
        assert len(found) > 5
        return [node.node_id.split(".")[2] for node in found if not node.is_good]

    assert failed() == []
    with connect(copy, "builder") as builder:
        builder.execute(f"update marts.fct_indicator_value set scenario = 'other' where {A_ROW}".format(
            table="marts.fct_indicator_value"
        ).encode())  # fmt: skip
    assert failed() == ["accepted_values_fct_indicator_value_scenario__actual__plan"]
    with connect(copy, "publisher") as publisher:  # as if these rows had been published
        publisher.execute(
            """insert into release.part_of_version (version, part_id)
               select version, (select max(part_id) from release.part) from quality.part_version
               on conflict do nothing"""
        )
    assert failed() == []
    with connect(copy, "builder") as builder:
        builder.execute("alter table marts.fct_indicator_value disable trigger tell_delete_old")
    assert failed() == ["accepted_values_fct_indicator_value_scenario__actual__plan"]


def found_parts(settings: Settings, model: PublishedModel) -> list[Part]:
    with connect(settings, "publisher") as connection:
        return sorted(model_parts(connection, model))


def changed_parts(settings: Settings, model: PublishedModel) -> list[int] | None:
    with connect(settings, "publisher") as connection:
        return known_changes(connection, model)


def test_a_gate_sees_one_moment(copy: Settings) -> None:
    """A change that comes while it looks is not seen by its checks, and no table is replaced under it."""
    suite = suite_of("fct_indicator_value")
    with one_moment(copy) as (connection, snapshot), open_context(copy, snapshot) as context:
        models = load_models(copy)
        before = candidate_hash(candidate_parts(connection, models))
        with connect(copy, "builder") as builder:
            assert builder.execute("update marts.fct_indicator_value set upper_bound = value - 1").rowcount > 1
        with connect(copy, "builder") as builder:
            builder.execute("set lock_timeout to '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                builder.execute("alter table marts.fct_indicator_value rename to replaced")
        assert all(result.success for result in run_suite(context, suite))
        with connect(copy, "publisher") as other:
            assert candidate_hash(candidate_parts(other, models)) != before
    with open_context(copy) as context:
        failed = [result.check.rule_id for result in run_suite(context, suite) if not result.success]
    assert "GATE_VALUE_BOUNDS" in failed


GRAINS = sorted(rule_id for rule_id, check in CHECKS.items() if rule_id.endswith("_GRAIN") and check.query)


@pytest.mark.parametrize("rule_id", GRAINS)
def test_a_row_that_is_there_twice_is_named_twice_by_its_key(built: Settings, rule_id: str) -> None:
    check = CHECKS[rule_id]
    query = check.query
    assert query is not None
    with spoiled(built, check.table_name, MUTATIONS[rule_id].statements), connect(built, "publisher") as connection:
        first, second = connection.execute(query.format(batch=f"marts.{check.table_name} as batch").encode()).fetchall()
    assert first == second


def test_a_column_added_later_is_scanned_for_identity_numbers(built: Settings) -> None:
    later = ("alter table {table} add column remark varchar", f"update {{table}} set remark = {CITIZEN}")
    with spoiled(built, "fct_indicator_rollup", later), open_context(built) as context:
        results = run_suite(context, suite_of("fct_indicator_rollup"))
        assert [result.check.rule_id for result in results if not result.success] == ["GATE_ROLLUP_IDENTITY_NUMBER"]


NUMBERS = ["022161770616", "0912770616", "+84912770616"]
VALUES = {
    "bigint": st.integers(-(2**63), 2**63 - 1) | st.sampled_from([22161770616, -912770616, 84912770616]),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.sampled_from(["NaN", "-Infinity", "0.022161770616", "-00912770616", "+84912770616", "912770616e-9"]),
    "boolean": st.booleans(),
    "date": st.dates().map(date.isoformat) | st.sampled_from(["infinity", "0044-03-15 BC", "5874897-12-31"]),
    "text": st.text('0239+84.-,"\\\\()xă ', max_size=14)
    | st.builds("{}{}{}".format, *map(st.sampled_from, (["", " ", '"', ".", "x"], NUMBERS, ["", "-", "1"]))),
}


def test_the_few_texts_of_the_roll_up_show_every_identity_number_of_a_row(built: Settings) -> None:
    """The check, which looks at rows only where a text has one, says of any row what a look at the row says."""
    query = CHECKS["GATE_ROLLUP_IDENTITY_NUMBER"].query
    assert query is not None
    row = "(select * from jsonb_populate_record(null::marts.fct_indicator_rollup, %(row)s)) as batch"
    seen = set()
    with connect(built, "publisher") as connection:
        for name, value in session(built).items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        columns = connection.execute(
            """select attname, atttypid::regtype::text from pg_attribute
               where attrelid = 'marts.fct_indicator_rollup'::regclass and attnum > 0 and not attisdropped"""
        ).fetchall()

        @given(st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in columns}))
        @hypothesis_settings(max_examples=400)
        def judge(content: dict[str, Any]) -> None:
            parameters = {"row": Jsonb(content)}
            found = connection.execute(query.replace("{batch}", row).encode(), parameters).fetchall()
            whole = f"select batch::text, batch::text ~ current_setting('vwu.identity_number') from {row}"
            text, is_one = connection.execute(whole.encode(), parameters).fetchone() or ("", False)
            assert bool(found) is is_one, text
            seen.add(is_one)

        judge()
    assert seen == {True, False}


# Nothing may be open, and nothing may be comparable: the only tables that are rightly empty.
MAY_BE_EMPTY = {"fct_credit_correction", "fct_reconciliation", "fct_target_attainment", "finding"}


@pytest.mark.parametrize("table", sorted(set(SUITES) - MAY_BE_EMPTY))
def test_an_empty_table_shuts_the_gate(built: Settings, baseline: dict[str, CheckResult], table: str) -> None:
    with spoiled(built, table, ("delete from {table}",)), open_context(built) as context:
        results = run_suite(context, suite_of(table))
    assert any(result.check.severity == "error" for result in results if is_worse(result, baseline))


@contextmanager
def spoiled(settings: Settings, table: str, statements: tuple[str, ...]) -> Iterator[None]:
    """While this lasts, a spoiled copy stands in the mart's place, without the constraints that would refuse the fault.

    Each statement must change something.
    """
    mart, saved = sql.Identifier("marts", table), sql.Identifier(f"{table}_saved")
    with connect(settings, "builder") as builder:
        builder.execute(sql.SQL("alter table {} rename to {}").format(mart, saved))
        builder.execute(sql.SQL("create table {} as table marts.{}").format(mart, saved))
        for statement in statements:
            done = builder.execute(sql.SQL(statement.replace("{table}", f"marts.{table}")))
            assert done.rowcount != 0, f"the fault was not planted: {statement}"
    try:
        yield
    finally:
        with connect(settings, "builder") as builder:
            builder.execute(sql.SQL("drop table {}").format(mart))
            builder.execute(sql.SQL("alter table marts.{} rename to {}").format(saved, sql.Identifier(table)))


def suite_of(table: str) -> Suite:
    return Suite(table, tuple(check for check in CHECKS.values() if check.table_name == table))


def is_worse(result: CheckResult, baseline: dict[str, CheckResult]) -> bool:
    before = baseline[result.check.rule_id]
    if before.success or result.success:
        return not result.success
    return (result.unexpected_count or 0) > (before.unexpected_count or 0)


@pytest.fixture
def expectations(tmp_path: Path) -> Path:
    """A copy of the suites to spoil."""
    shutil.copytree(PROJECT / "expectations", tmp_path / "expectations")
    return tmp_path / "expectations"


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = yaml.safe_load(path.read_text("utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda suite: suite["expectations"][0].update(type="expect_something_unknown"), "could not be loaded"),
        (lambda suite: suite["expectations"][1]["kwargs"].update(column="no_such_column"), "could not run"),
        (lambda suite: suite["expectations"].pop(), "in no suite"),
    ],
    ids=["unknown type", "raises", "check removed"],
)
def test_a_check_that_is_lost_or_throws_shuts_the_gate(
    copy: Settings, expectations: Path, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    change(expectations / "dim_bank.yml", edit)
    verdict = run_gate(copy, expectations)
    assert verdict.outcome == "refuse"
    assert any(says in problem for problem in verdict.problems), verdict.problems
    assert_release_stays(copy, verdict)


def test_an_injected_fault_shuts_the_gate_and_names_its_rows(copy: Settings) -> None:
    with connect(copy, "builder") as builder:
        builder.execute("update marts.fct_indicator_value set upper_bound = value - 1 where value = 2238")
    verdict = run_gate(copy)
    assert verdict.outcome == "refuse"
    assert [result.check.rule_id for result in verdict.failed if result.check.severity == "error"] == [
        "GATE_VALUE_BOUNDS"
    ]
    with connect(copy, "publisher") as connection:
        rows = connection.execute(
            "select row_content ->> 'position', receipt_id is not null from quality.failed_row "
            "where gate_run_id = %s and rule_id = 'GATE_VALUE_BOUNDS'",
            [verdict.gate_run_id],
        ).fetchall()
        recorded = connection.execute(
            "select count(*), count(*) filter (where not success) from quality.check_result where gate_run_id = %s",
            [verdict.gate_run_id],
        ).fetchone()
    assert rows == [("BaoCao!I14", True)]
    assert recorded == (len(CHECKS), len(verdict.failed))
    assert_release_stays(copy, verdict)


HELD_CHECKS = {"GATE_SUBMISSION_HELD_SHARE", "GATE_SUBMISSION_HELD_TOO_LONG", "GATE_CREDIT_HELD_SHARE"}


def test_what_may_be_held_is_a_setting(copy: Settings) -> None:
    """One submission and one feed are held: the strict house refuses and names them, the patient one publishes."""
    with connect(copy, "builder") as builder:
        builder.execute(
            """update marts.fct_submission set state = 'held', held_since = current_date - 10
               where receipt_id = (select min(receipt_id) from marts.fct_submission)"""
        )
        builder.execute(
            """update marts.fct_credit_month set is_outdated = true
               where scope_key = (select min(scope_key) from marts.fct_credit_month)"""
        )
    strict = run_gate(replace(copy, max_held_share=0.0, max_held_feed_share=0.0, max_held_days=9))
    assert {result.check.rule_id for result in strict.failed if result.check.severity == "error"} == HELD_CHECKS
    with connect(copy, "publisher") as connection:
        rows = connection.execute(
            "select distinct rule_id from quality.failed_row where gate_run_id = %s", [strict.gate_run_id]
        ).fetchall()
    assert {rule_id for (rule_id,) in rows} >= HELD_CHECKS
    patient = run_gate(replace(copy, max_held_share=1.0, max_held_feed_share=1.0, max_held_days=10))
    assert patient.outcome == "publish_with_warnings"
    assert {result.check.rule_id for result in patient.failed} >= {"GATE_SUBMISSION_HELD", "GATE_CREDIT_HELD"}


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("update quality.build_run set code_hash = 'other'", "other models or seeds"),
        ("update quality.dbt_result set status = 'fail' where node_id = (select min(node_id) from quality.dbt_result)",
         "is fail"),
        ("grant select on raw.loan to bi_reader", "bi_reader can SELECT raw.loan"),
    ],
    ids=["other code", "failed dbt test", "a right too many"],
)  # fmt: skip
def test_a_candidate_of_no_good_build_or_unguarded_is_refused(copy: Settings, statement: str, says: str) -> None:
    with psycopg.connect(admin_url(copy, urlsplit(copy.database_url("owner")).path.lstrip("/"))) as admin:
        admin.execute("set session_replication_role = 'replica'")  # neither triggers nor foreign keys
        admin.execute(statement.encode())
    verdict = run_gate(copy)
    assert verdict.outcome == "refuse"
    assert any(says in problem for problem in verdict.problems), verdict.problems


def test_data_docs_open_from_a_file_and_hold_no_password(built: Settings) -> None:
    site = built.home / "site" / "data_docs"
    pages = list(site.rglob("*.html"))
    assert site / "index.html" in pages
    assert {path.stem for path in (site / "expectations").glob("*.html")} == set(SUITES)
    for path in site.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert built.secrets["publisher"].encode() not in content
            if path.suffix == ".html":
                assert b'src="http' not in content
                assert b'<link rel="stylesheet" href="http' not in content


def assert_release_stays(settings: Settings, verdict: Verdict) -> None:
    """A shut gate: publish refuses what changed, and readers still see release 1."""
    assert not verdict.passed
    with pytest.raises(PublishError):
        publish(settings)
    with connect(settings, "bi_reader") as reader:
        found = reader.execute(
            "select value, release_id from published.report_indicator where indicator_code = 'WOMEN_STARTUP_SUPPORTED' "
            "and basis = 'programme_to_date' and value is not null"
        ).fetchall()
    assert found == [(2238, 1)]


def test_unknown_rules_are_not_hidden() -> None:
    assert all(isinstance(check, Check) for check in CHECKS.values())
    assert len(CHECKS) > 100
