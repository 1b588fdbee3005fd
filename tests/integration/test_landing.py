"""Scopes in force: replacement, order of arrival, withdrawal, and nothing half-landed (D5)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from vwu.database import connect
from vwu.intake import landing
from vwu.intake.model import Kind, Quantity, State, Submission, SubmissionScope, SubmissionValue
from vwu.settings import Settings

SCOPE = SubmissionScope("P22", "2024-01", "BM01")


def submission(*figures: int, scope: SubmissionScope = SCOPE) -> Submission:
    values = tuple(
        SubmissionValue(
            programme_code="DA939",
            indicator_code=f"INDICATOR_{number}",
            scenario="actual",
            basis="in_period",
            quantity=Quantity(Decimal(figure), "exact", Decimal(figure), Decimal(figure), "reported"),
            unit_code="PERSON",
            position=f"BaoCao!G{number}",
            raw_text=str(figure),
        )
        for number, figure in enumerate(figures, start=14)
    )
    return Submission(scope, "1", values)


def land(connection: psycopg.Connection, what: Submission, precedence: int, content: str) -> tuple[str, State]:
    """Land one submission as `receive` does; its receipt and state."""
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    receipt_id = sha256[:16]
    assert what.scope is not None
    landing.open_receipt(connection, receipt_id, sha256, Kind.SUBMISSION, content, len(content), "test")
    landing.open_scope(connection, what.scope)
    landing.insert_values(connection, receipt_id, [what])
    return receipt_id, landing.put_in_force(
        connection, receipt_id, {what.scope: None}, precedence, "test", len(what.values)
    )


def figures_in_force(connection: psycopg.Connection) -> list[int]:
    rows = connection.execute(
        """select submission_value.value from raw.submission_value
           inner join intake.scope
               on scope.scope_key = submission_value.scope_key and scope.receipt_id = submission_value.receipt_id
           order by submission_value.line_no"""
    ).fetchall()
    return [int(value) for (value,) in rows]


def state_of(connection: psycopg.Connection, receipt_id: str) -> str:
    row = connection.execute("select state from intake.receipt where receipt_id = %s", [receipt_id]).fetchone()
    assert row is not None
    return str(row[0])


def test_a_resubmission_replaces_the_whole_scope(database: Settings) -> None:
    with connect(database, "loader") as connection:
        first, _ = land(connection, submission(1, 2, 3), 1, "first")
        second, _ = land(connection, submission(5), 2, "second")
        assert figures_in_force(connection) == [5]
        assert (state_of(connection, first), state_of(connection, second)) == ("superseded", "landed")


def test_an_earlier_arrival_that_lands_late_does_not_win(database: Settings) -> None:
    with connect(database, "loader") as connection:
        land(connection, submission(5), 2, "later arrival")
        receipt_id, state = land(connection, submission(1), 1, "earlier arrival")
        assert figures_in_force(connection) == [5]
        assert state is State.SUPERSEDED
        assert state_of(connection, receipt_id) == "superseded"


def test_withdrawing_gives_the_former_figures_back(database: Settings) -> None:
    with connect(database, "loader") as connection:
        first, _ = land(connection, submission(1), 1, "first")
        second, _ = land(connection, submission(2), 2, "second")
        assert landing.withdraw(connection, second, "test", "wrong file") == [SCOPE.key]
        assert figures_in_force(connection) == [1]
        assert (state_of(connection, first), state_of(connection, second)) == ("landed", "withdrawn")
        landing.withdraw(connection, first, "test", "that too")
        assert figures_in_force(connection) == []


def test_what_never_landed_cannot_be_withdrawn(database: Settings) -> None:
    with connect(database, "loader") as connection:
        with pytest.raises(landing.IntakeError, match="no receipt"):
            landing.withdraw(connection, "0" * 16, "test", "reason")
        receipt_id, _ = land(connection, submission(1), 1, "first")
        landing.withdraw(connection, receipt_id, "test", "reason")
        with pytest.raises(landing.IntakeError, match="withdrawn"):
            landing.withdraw(connection, receipt_id, "test", "again")


def test_an_error_in_the_middle_leaves_nothing(database: Settings) -> None:
    odd = Quantity(None, "exact", None, None, "reported")  # a reported figure without a value
    value = SubmissionValue("DA939", "X", "actual", "as_of", odd, "PERSON", "BaoCao!G99", "")
    broken = Submission(SCOPE, "1", (*submission(1, 2).values, value))
    with pytest.raises(psycopg.errors.CheckViolation), connect(database, "loader") as connection:
        land(connection, broken, 1, "broken")
    with connect(database, "loader") as connection:
        assert connection.execute("select count(*) from intake.receipt").fetchone() == (0,)
        assert connection.execute("select count(*) from raw.submission_value").fetchone() == (0,)


def test_every_step_is_in_the_log(database: Settings) -> None:
    with connect(database, "loader") as connection:
        land(connection, submission(1), 1, "first")
        second, _ = land(connection, submission(2), 2, "second")
        landing.withdraw(connection, second, "officer", "wrong file")
        actions = [row[0] for row in connection.execute("select action from intake.event order by event_id")]
    assert actions == ["receive", "land", "receive", "supersede", "land", "withdraw", "restore"]


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([1, 2, 3, 4]), withdrawn=st.sets(st.sampled_from([1, 2, 3, 4])))
def test_the_highest_arrival_that_stands_is_in_force(
    database: Settings, order: Sequence[int], withdrawn: set[int]
) -> None:
    """In whatever order tasks land files and officers withdraw them."""
    with connect(database, "loader") as connection:
        receipts = {number: land(connection, submission(number), number, f"file {number}")[0] for number in order}
        for number in sorted(withdrawn):
            landing.withdraw(connection, receipts[number], "test", "withdrawn")
        standing = [number for number in order if number not in withdrawn]
        assert figures_in_force(connection) == ([max(standing)] if standing else [])
        assert sum(state_of(connection, each) == "landed" for each in receipts.values()) == bool(standing)
        connection.rollback()


def test_bi_sees_what_came_and_what_is_held_and_why_but_no_name_of_a_file(database: Settings) -> None:
    with connect(database, "loader") as connection:
        replaced, _ = land(connection, submission(1), 1, "Nguyễn Thị A.xlsx")
        held, _ = land(connection, submission(2, 3), 2, "Nguyễn Thị B.xlsx")
        connection.execute(
            """insert into intake.finding (finding_id, receipt_id, check_no, rule_id, family, severity, scope_key,
                   value, message_vi, message_en)
               values (%s, %s, 0, 'FAR_FROM_HISTORY', 'plausibility', 'warning', %s, 'Thị C', '', '')""",
            ["0123456789abcdef", held, SCOPE.key],
        )
        landing.hold(connection, held, "bà Nguyễn Thị D báo sai", "officer")
        connection.commit()
        with connect(database, "bi_reader") as reader, reader.cursor(row_factory=dict_row) as cursor:
            came = {row["receipt_id"]: row for row in cursor.execute("select * from quality.arrival").fetchall()}
            (kept,) = cursor.execute("select * from quality.held").fetchall()
        assert (came[replaced]["state"], came[replaced]["superseded_by"]) == ("superseded", held)
        assert (came[held]["state"], came[held]["forms"], came[held]["scopes"]) == ("held", ["BM01"], 1)
        assert (came[held]["row_count"], came[held]["warnings"], came[held]["errors"]) == (2, 1, 0)
        assert (kept["scope_key"], kept["held_for"], kept["rule_ids"]) == (SCOPE.key, "by_hand", ["FAR_FROM_HISTORY"])
        assert (kept["days_held"], kept["branch_code"], kept["period_code"]) == (0, "P22", "2024-01")
        assert "Thị" not in str((came, kept))
        landing.lift(connection, held, "đúng", "officer")
        connection.commit()
        assert held_reports(database) == 0


def held_reports(settings: Settings) -> int:
    with connect(settings, "bi_reader") as reader:
        row = reader.execute("select count(*) from quality.held").fetchone()
    assert row is not None
    return int(row[0])
