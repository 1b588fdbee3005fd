"""Taking back the latest resubmission: the next release has the former release's numbers, and the trace shows both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vwu.build import build
from vwu.cli.reporting import _trace_lines
from vwu.database import connect
from vwu.fed import fed_by
from vwu.gate import run_gate
from vwu.intake.landing import withdraw
from vwu.intake.model import State
from vwu.intake.receive import receive
from vwu.publish import diff, publish
from vwu.rollup import open_release
from vwu.run import ReleaseState, release_state
from vwu.settings import Settings
from vwu.trace import Trace, trace

pytestmark = pytest.mark.timeout(600)

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
FACTS = ("fct_indicator_value", "fct_indicator_rollup", "fct_submission", "fct_target_attainment", "finding")


def send(settings: Settings, value: int) -> None:
    """The report of Quảng Ninh for January 2024 with one figure, received and released."""
    path = settings.home / f"P22 {value}.csv"
    line = f"BM01,1,P22,2024-01,MAIAM,SHELTERS_BUILT_REPAIRED,actual,in_period,{value},HOUSE,"
    path.write_text(f"{HEADER}\n{line}\n", "utf-8")
    assert receive(settings, str(path)).state is State.LANDED
    release(settings)


def release(settings: Settings) -> None:
    """Build, gate and publish what is in force."""
    built = build(settings)
    assert built.ok, built.failures
    verdict = run_gate(settings)
    assert verdict.passed, verdict.summary()
    assert publish(settings).is_new


def published(settings: Settings, release_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every fact of branches in one release, but for the release's own number."""
    with open_release(settings, release_id) as (connection, _):
        return {
            name: connection.execute(
                f"select to_jsonb(fact) - 'release_id' from published.{name} as fact order by 1::text"
            ).fetchall()
            for name in FACTS
        }


def traced(settings: Settings) -> Trace:
    with open_release(settings) as (connection, release):
        return trace(
            connection, release, programme_code="MAIAM", indicator_code="SHELTERS_BUILT_REPAIRED",
            region_code="22", period_code="2024-01",
        )  # fmt: skip


def receipts(found: Any) -> list[tuple[str, str]]:
    return [(each.raw_text, each.receipt_id) for each in found.contributions]


def test_withdrawing_gives_the_former_releases_numbers_and_the_trace_shows_both(database: Settings) -> None:
    send(database, 5)
    first = traced(database)
    send(database, 8)
    second = traced(database)
    assert (first.release_id, second.release_id) == (1, 2)
    assert {each.value for each in second.cells} == {8}
    with connect(database, "loader") as connection:
        withdraw(connection, receipts(second)[0][1], "officer", "nhầm tệp")
    assert release_state(database) is ReleaseState.OPEN
    release(database)
    third = traced(database)
    assert (third.release_id, receipts(third)) == (3, receipts(first))
    assert release_state(database) is ReleaseState.RELEASED
    assert publish(database).is_new is False
    assert published(database, 3) == published(database, 1) != published(database, 2)
    assert [(each.release_id, receipts(each)) for each in third.former] == [
        (2, receipts(second)), (1, receipts(first)),
    ]  # fmt: skip
    told = "\n".join(_trace_lines(third))
    for text, receipt_id in (*receipts(first), *receipts(second)):
        assert text in told
        assert receipt_id in told
    assert json.dumps(third.as_json(), default=str).count(receipts(second)[0][1]) == 1
    # And the other way: what each receipt fed, and which receipts made each row that differs.
    old, new = receipts(first)[0][1], receipts(second)[0][1]
    with open_release(database, 2) as (connection, _):
        fed = fed_by(connection, new)
        assert fed_by(connection, old) == ()
    assert {(each.table_name, each.region_code, each.value) for each in fed if each.period_code == "2024-01"} >= {
        ("fct_indicator_value", "22", 8), ("fct_indicator_rollup", "22", 8), ("fct_indicator_rollup", "VN", 8),
    }  # fmt: skip
    assert {each.boundary for each in fed} >= {None, "as_reported", "as_now"}
    made = [change for change in diff(database, 1, 2).rows if change.table_name == "fct_indicator_rollup"]
    assert made
    assert {change.receipts for change in made} == {tuple(sorted((old, new)))}
