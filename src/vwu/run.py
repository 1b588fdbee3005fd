"""The main job on what lies in the landing zone: receive → check → land → build → gate → publish → roll up.

`run_through_airflow` lets the scheduler do it and waits; `run_direct` does the same steps here. Same results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from vwu import airflow_api
from vwu.airflow_api import Airflow, DagRun
from vwu.language import phrase
from vwu.settings import Settings

INTAKE = ("branch_submissions", "bank_feeds")
RELEASE, ROLLUP = "warehouse_release", "national_rollup"
GATE_TASK = "gate_candidate"
_POLL = 1.0  # seconds

Show = Callable[[str], None]


@dataclass(frozen=True)
class Failure:
    """One step that could not be done: which, and where to read why."""

    step: str
    reason: str


class RunError(OSError):
    """The run cannot go on; the message says why and what to do."""


class ReleaseState(StrEnum):
    """How what is in force stands to the releases.

    RELEASED: the last release covers it (or nothing is in force yet). REFUSED: the gate has refused it.
    OPEN: a release of it is still to be made, or an attempt came to no end.
    """

    RELEASED = "released"
    REFUSED = "refused"
    OPEN = "open"


def release_state(settings: Settings) -> ReleaseState:
    """Whether a release is due: something landed or was withdrawn, or models or seeds changed, since the last build."""
    from vwu.build import project_hash
    from vwu.database import connect

    with connect(settings, "publisher") as connection:
        row = connection.execute(_RELEASE_STATE).fetchone()
    assert row is not None
    has_scopes, covers_scopes, code_hash, seeds_hash, verdict, is_published = row
    if not has_scopes:
        return ReleaseState.RELEASED
    if not covers_scopes or (code_hash, seeds_hash) != project_hash(settings.root):
        return ReleaseState.OPEN
    if verdict == "refuse":
        return ReleaseState.REFUSED
    return ReleaseState.RELEASED if is_published else ReleaseState.OPEN


_RELEASE_STATE = """
select
    exists (select from intake.scope),
    coalesce(build.status = 'success' and build.scopes_digest = intake.scopes_digest(), false),
    build.code_hash, build.seeds_hash, gate.verdict,
    -- An earlier release of this content (before a resubmission that was withdrawn since) is not the release of it.
    exists (
        select from release.release
        where release.candidate_hash = gate.candidate_hash
            and release.release_id in (
                (select pointer.release_id from release.pointer as pointer),
                (select max(latest.release_id) from release.release as latest)
            )
    )
from (select max(build_id) as build_id from quality.build_run) as last_build
left join quality.build_run as build on last_build.build_id = build.build_id
left join lateral (
    select gate_run.verdict, gate_run.candidate_hash
    from quality.gate_run
    where gate_run.build_id = build.build_id
    order by gate_run.gate_run_id desc
    limit 1
) as gate on true
"""


def await_arrivals(settings: Settings, patience: float = 60.0) -> int:
    """Wait until no listed file is still to be received, so that files that came together are released together.

    Returns how many are left after `patience` seconds: one that cannot be worked on must not hold up the rest.
    """
    from vwu.database import connect

    deadline = time.monotonic() + patience
    with connect(settings, "loader", autocommit=True) as connection:
        while True:
            row = connection.execute(_PENDING).fetchone()
            assert row is not None
            if not row[0] or time.monotonic() > deadline:
                return int(row[0])
            time.sleep(_POLL)


# What was listed long ago and never received was taken away again, or is written anew under another signature.
_PENDING = """
select count(*) from intake.arrival
where receipt_id is null and listed_at > clock_timestamp() - interval '10 minutes'
"""


# Through Airflow


def run_through_airflow(settings: Settings, show: Show) -> tuple[Failure, ...]:
    """Trigger both intake DAGs under one run id and wait for everything that follows from them; returns what failed.

    The stack must be up. A rejected file is no failure. Raises RunError when a DAG is paused or Airflow ends meanwhile.
    """
    from vwu.stack.airflow import USER, url

    airflow = airflow_api.sign_in(url(settings), USER, settings.secrets["airflow_admin"])
    _refuse_paused(airflow)
    before = {dag_id: _newest(airflow, dag_id) for dag_id in (RELEASE, ROLLUP)}
    run_id = f"vwu_run__{datetime.now(UTC).isoformat(timespec='milliseconds')}"
    runs = [airflow_api.trigger(airflow, dag_id, run_id) for dag_id in INTAKE]
    watch = _Watch(settings, airflow, show)
    ended = watch.wait_for(runs)
    released = watch.settle(RELEASE, before[RELEASE])
    if not released and release_state(settings) is not ReleaseState.RELEASED:
        # Nothing was announced, and yet there is something to do: a shut gate is asked again when a person asks.
        released = watch.wait_for([airflow_api.trigger(airflow, RELEASE, run_id)])
    if release_state(settings) is ReleaseState.RELEASED:
        released = []  # if one of them failed, as after a kill, another has done its work
    return tuple(_failures(airflow, [*ended, *released, *watch.settle(ROLLUP, before[ROLLUP])]))


def _refuse_paused(airflow: Airflow) -> None:
    paused = [dag_id for dag_id in (*INTAKE, RELEASE, ROLLUP) if airflow_api.is_paused(airflow, dag_id)]
    if paused:
        raise RunError(
            phrase(
                f"đang tạm dừng trong Airflow: {', '.join(paused)}; hãy bật lại ở {airflow.url}/dags rồi chạy lại",
                f"paused in Airflow: {', '.join(paused)}; switch them on at {airflow.url}/dags and run again",
            )
        )


def _newest(airflow: Airflow, dag_id: str) -> set[str]:
    """Run ids that had ended before we began: a run that was active counts as one to wait for."""
    return {run.run_id for run in airflow_api.read_runs(airflow, dag_id) if not run.is_active}


@dataclass(frozen=True)
class _Watch:
    """Waits for runs and says what they are at."""

    settings: Settings
    airflow: Airflow
    show: Show

    def wait_for(self, runs: list[DagRun]) -> list[DagRun]:
        """Wait until these runs have ended; returns them as they ended."""
        while any(run.is_active for run in runs):
            self._pause(runs)
            runs = [airflow_api.read_run(self.airflow, run.dag_id, run.run_id) for run in runs]
        return runs

    def settle(self, dag_id: str, known: set[str]) -> list[DagRun]:
        """Wait until no asset event and no run of this DAG is pending; returns the runs that were not known."""
        while True:
            # Events first: one that becomes a run between the two questions is seen by the second.
            events = airflow_api.count_queued_events(self.airflow, dag_id)
            active = airflow_api.read_runs(self.airflow, dag_id, airflow_api.ACTIVE)
            if not events and not active:
                return [run for run in airflow_api.read_runs(self.airflow, dag_id) if run.run_id not in known]
            self._pause(
                active, phrase(f"{dag_id} đợi bộ lập lịch", f"{dag_id} waits for the scheduler") if not active else ""
            )

    def _pause(self, runs: Iterable[DagRun], otherwise: str = "") -> None:
        self.show(" · ".join(self._describe(run) for run in runs if run.is_active) or otherwise)
        _refuse_dead_component(self.settings)
        time.sleep(_POLL)

    def _describe(self, run: DagRun) -> str:
        if run.state == "queued":
            return phrase(f"{run.dag_id} đang xếp hàng", f"{run.dag_id} queued")
        at = airflow_api.list_tasks(self.airflow, run, ("running", "up_for_retry"))
        done = airflow_api.count_tasks(self.airflow, run, ("success", "skipped", "failed", "upstream_failed"))
        return f"{run.dag_id} {done}/{airflow_api.count_tasks(self.airflow, run)} {', '.join(at[:2])}".rstrip()


def _refuse_dead_component(settings: Settings) -> None:
    """A scheduler that died would let us wait for ever."""
    from vwu.stack import processes
    from vwu.stack.airflow import COMPONENTS

    dead = [name for name in COMPONENTS if processes.find(settings.home, name) is None]
    if dead:
        logs = ", ".join(str(processes.log_path(settings.home, name)) for name in dead)
        raise RunError(
            phrase(
                f"{', '.join(dead)} đã tắt trong khi chạy; hãy đọc {logs}, rồi chạy lại: không mất gì",
                f"{', '.join(dead)} ended during the run; read {logs}, then run again: nothing is lost",
            )
        )


def _failures(airflow: Airflow, runs: Iterable[DagRun]) -> Iterable[Failure]:
    for run in runs:
        if run.state != "failed":
            continue
        tasks = airflow_api.list_tasks(airflow, run, ("failed",)) or [run.dag_id]
        for task in tasks:
            yield Failure(task, f"{phrase('nhật ký', 'its log')}: {airflow.url}/dags/{run.dag_id}/runs/{run.run_id}")


# Without Airflow


def run_direct(settings: Settings, show: Show) -> tuple[Failure, ...]:
    """The same steps in this process, one file after the other; returns what failed.

    A file that cannot be worked on never stops the others. A refusal of the gate shows as step `gate_candidate`.
    """
    failures = [failure for zone in INTAKE for failure in _receive_zone(settings, zone, show)]
    if release_state(settings) is not ReleaseState.RELEASED:
        failures += _release(settings, show)
    return (*failures, *_roll_up(settings, show))


def _receive_zone(settings: Settings, zone: str, show: Show) -> Iterable[Failure]:
    from vwu.intake.arrivals import list_arrivals
    from vwu.intake.receive import receive_files

    paths = list_arrivals(settings, zone)
    for number, (path, outcome) in enumerate(zip(paths, receive_files(settings, paths), strict=True), start=1):
        show(f"{phrase('nhận', 'receive')} {zone} {number}/{len(paths)} {path.rpartition('/')[2]}")
        if isinstance(outcome, Exception):
            yield Failure(f"receive_files [{Path(path).name}]", f"{type(outcome).__name__}: {outcome}")


def _release(settings: Settings, show: Show) -> Iterable[Failure]:
    from vwu.build import build
    from vwu.gate import run_gate
    from vwu.lineage import tell_build, tell_gate, tell_release
    from vwu.publish import PublishError, publish

    show(phrase("dựng", "build"))
    built = build(settings, show=show)
    tell_build(settings, built.build_id)
    if not built.ok:
        first = "; ".join(map(str, built.failures[:5]))
        yield Failure(
            "build_marts",
            phrase(
                f"lần dựng {built.build_id}, {len(built.failures)} lỗi trong quality.dbt_result, đầu tiên: {first}",
                f"build {built.build_id}, {len(built.failures)} in quality.dbt_result, the first: {first}",
            ),
        )
        return
    show(phrase("kiểm định", "gate"))
    verdict = run_gate(settings)
    tell_gate(settings, verdict.gate_run_id)
    if not verdict.passed:
        yield Failure(GATE_TASK, verdict.summary())
        return
    show(phrase("công bố", "publish"))
    try:
        release = publish(settings)
    except PublishError as error:
        yield Failure("publish_release", str(error))
        return
    if release.is_new:
        tell_release(settings, release.release_id)


def _roll_up(settings: Settings, show: Show) -> Iterable[Failure]:
    from vwu.rollup import list_due_periods, national_rollup

    for period in list_due_periods(settings):
        show(phrase(f"tổng hợp {period}", f"roll up {period}"))
        try:
            national_rollup(settings, period)
        except Exception as error:  # one period's roll-up never stops the others'
            yield Failure(f"roll_up_period [{period}]", f"{type(error).__name__}: {error}")
