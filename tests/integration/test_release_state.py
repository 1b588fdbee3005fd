"""Whether a release is due, as the warehouse's own record says; and waiting for files that arrive together."""

from __future__ import annotations

import pytest

from vwu.build import project_hash
from vwu.database import connect
from vwu.run import ReleaseState, await_arrivals, release_state
from vwu.settings import Settings

CANDIDATE = "ab" * 32


def execute(settings: Settings, role: str, statement: str, *values: object) -> None:
    with connect(settings, role) as connection:
        connection.execute(statement.encode(), values)


def land(settings: Settings, branch: str = "P22") -> None:
    execute(
        settings, "loader",
        """insert into intake.scope (scope_key, kind, branch_code, period_code, form)
           values (%s, 'submission', %s, '2024-01', 'BM01')""",
        f"submission|{branch}|2024-01|BM01", branch,
    )  # fmt: skip


def build(settings: Settings, status: str = "success", seeds_hash: str | None = None) -> None:
    code, seeds = project_hash(settings.root)
    execute(
        settings, "builder",
        """insert into quality.build_run (code_hash, seeds_hash, is_full_refresh, status, scopes_digest)
           values (%s, %s, true, %s, intake.scopes_digest())""",
        code, seeds_hash or seeds, status,
    )  # fmt: skip


def gate(settings: Settings, verdict: str) -> None:
    execute(
        settings, "publisher",
        """insert into quality.gate_run (candidate_hash, verdict, code_version, build_id, expected_checks,
               executed_checks, started_at, finished_at)
           values (%s, %s, '0', (select max(build_id) from quality.build_run), 1, 1, now(), now())""",
        CANDIDATE, verdict,
    )  # fmt: skip


def publish(settings: Settings) -> None:
    execute(
        settings, "publisher",
        """insert into release.release (release_id, verdict, gate_run_id, candidate_hash, code_version, receipts,
               findings_open, row_counts, published_by)
           select 1, 'publish', max(gate_run_id), %s, '0', 1, 0, '{}', 'test' from quality.gate_run""",
        CANDIDATE,
    )  # fmt: skip


def test_an_empty_warehouse_has_nothing_to_release(database: Settings) -> None:
    assert release_state(database) is ReleaseState.RELEASED


def test_a_release_is_due_from_landing_until_publication(database: Settings) -> None:
    land(database)
    assert release_state(database) is ReleaseState.OPEN
    build(database)
    assert release_state(database) is ReleaseState.OPEN, "built by hand, or the gate came to no end"
    gate(database, "publish")
    assert release_state(database) is ReleaseState.OPEN, "publication came to no end"
    publish(database)
    assert release_state(database) is ReleaseState.RELEASED


def test_what_lands_later_is_due_again(database: Settings) -> None:
    land(database)
    build(database)
    gate(database, "publish")
    publish(database)
    land(database, "P19")
    assert release_state(database) is ReleaseState.OPEN


def test_what_was_written_before_a_build_and_committed_after_it_began_is_due(database: Settings) -> None:
    land(database)
    with connect(database, "loader") as slow:
        slow.execute("update intake.scope set is_held = true, changed_at = clock_timestamp()")
        build(database)
        gate(database, "publish")
        publish(database)
        assert release_state(database) is ReleaseState.RELEASED
    assert release_state(database) is ReleaseState.OPEN


def test_a_clock_that_is_set_back_hides_nothing(database: Settings) -> None:
    land(database)
    build(database)
    gate(database, "publish")
    publish(database)
    execute(database, "loader", "update intake.scope set is_held = true, changed_at = '1999-01-01'")
    assert release_state(database) is ReleaseState.OPEN


def test_a_refusal_stands_until_something_changes(database: Settings) -> None:
    land(database)
    build(database)
    gate(database, "refuse")
    assert release_state(database) is ReleaseState.REFUSED
    land(database, "P19")
    assert release_state(database) is ReleaseState.OPEN


@pytest.mark.parametrize("status", ["failed", "running"])
def test_a_build_that_did_not_succeed_covers_nothing(database: Settings, status: str) -> None:
    land(database)
    build(database)
    gate(database, "publish")
    publish(database)
    build(database, status)
    assert release_state(database) is ReleaseState.OPEN


def test_changed_seeds_make_a_release_due(database: Settings) -> None:
    land(database)
    build(database, seeds_hash="of other seeds")
    gate(database, "publish")
    publish(database)
    assert release_state(database) is ReleaseState.OPEN


def test_listed_files_are_waited_for_but_not_for_ever(database: Settings) -> None:
    assert await_arrivals(database, patience=0) == 0
    execute(database, "loader", "insert into intake.arrival (path, signature) values ('a.xlsx', '1:1')")
    assert await_arrivals(database, patience=0.1) == 1


def test_what_was_listed_long_ago_is_not_waited_for(database: Settings) -> None:
    execute(
        database, "loader",
        """insert into intake.arrival (path, signature, listed_at)
           values ('gone.xlsx', '1:1', now() - interval '1 hour')""",
    )  # fmt: skip
    assert await_arrivals(database, patience=0) == 0
