"""The gate: may this candidate be published? One verdict of three, and nothing that fails open (ARCHITECTURE D7)."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vwu.build import GOOD, project_hash
from vwu.database import connect
from vwu.gate.attack import attack
from vwu.gate.docs import write_docs
from vwu.gate.moment import one_moment
from vwu.gate.narrowing import Judged, checked_with, judged, narrow
from vwu.gate.record import GateRun, record
from vwu.gate.suites import Expected, read_expected
from vwu.gate.validation import CheckResult, open_context, run_suite
from vwu.publish.models import load_models
from vwu.publish.parts import candidate_hash, model_parts
from vwu.rights import audit
from vwu.settings import Settings

PUBLISH, WITH_WARNINGS, REFUSE = "publish", "publish_with_warnings", "refuse"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one gate run over one candidate.

    `judged_release_id`: the release in force whose unchanged parts were not looked at again (`vwu.gate.narrowing`).
    """

    gate_run_id: int
    outcome: str
    candidate_hash: str
    expected_checks: int
    results: tuple[CheckResult, ...]
    problems: tuple[str, ...]
    seconds: float
    judged_release_id: int | None = None

    @property
    def passed(self) -> bool:
        return self.outcome in (PUBLISH, WITH_WARNINGS)

    @property
    def executed_checks(self) -> int:
        return sum(not result.failure for result in self.results)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """Checks that did not hold, the gravest first."""
        order = ("error", "warning", "info")
        failed = (result for result in self.results if not result.success)
        return tuple(sorted(failed, key=lambda result: (order.index(result.check.severity), result.check.rule_id)))

    def summary(self) -> str:
        """One line for a log: the outcome, how much ran, and what stands in the way."""
        reasons = [*self.problems, *(f"{result.check.rule_id} ({result.check.severity})" for result in self.failed)]
        text = f"{self.outcome}: {self.executed_checks} of {self.expected_checks} checks ran"
        return f"{text}; {'; '.join(reasons)}" if reasons else text


def run_gate(settings: Settings, expectations: Path | None = None, *, whole: bool = False) -> Verdict:
    """Check the candidate in `marts`, record what was found in `quality`, write the Data Docs.

    `expectations` is the folder of suites, by default the project's; `whole` reads and checks what did not change too.
    Raises SettingsError when nothing is built; whatever else goes wrong is a problem in the verdict, and shuts it.
    """
    started = datetime.now(UTC)
    folder = expectations or settings.root / "expectations"
    models = load_models(settings)
    # Where what is published is protected, the truth behind it bears the published name, and has its checks too.
    expected = read_expected(folder, [table for model in models for table in (model.name, model.relation)])
    with one_moment(settings) as (connection, snapshot):
        known = checked_with(settings, folder)
        former = Judged() if whole else judged(connection, known)
        with ThreadPoolExecutor(1) as beside:
            # PostgreSQL hashes table by table while this process imports the library and checks the tables before.
            hashed = {model.name: beside.submit(model_parts, connection, model, whole) for model in models}
            with open_context(settings, snapshot) as context:
                results = tuple(
                    result
                    for suite in expected.suites
                    for result in run_suite(context, narrow(suite, models, lambda name: hashed[name].result(), former))
                )
                digest = candidate_hash(part for parts in hashed.values() for part in parts.result())
                problems = [
                    *expected.problems,
                    *_unrun(expected, results),
                    *_build_problems(settings),
                    *_rights_problems(settings),
                    *attack(connection, settings),
                    *_write_docs(settings, context),
                ]
        run = GateRun(digest, judge(results, problems), known, former.release_id, started)
        with connect(settings, "publisher") as history:
            gate_run_id = record(history, settings, run, expected, results, problems)
    seconds = (datetime.now(UTC) - started).total_seconds()
    return Verdict(
        gate_run_id, run.verdict, digest, expected.count, results, tuple(problems), seconds, former.release_id
    )


def judge(results: Iterable[CheckResult], problems: Iterable[str]) -> str:
    """The verdict: any problem or failed error refuses, a failed warning is published beside the figures."""
    failed = {result.check.severity for result in results if result.failure or not result.success}
    if list(problems) or "error" in failed:
        return REFUSE
    return WITH_WARNINGS if "warning" in failed else PUBLISH


def _unrun(expected: Expected, results: tuple[CheckResult, ...]) -> list[str]:
    """Expected = executed, or the gate is shut."""
    problems = [f"{result.check.rule_id} could not run: {result.failure}" for result in results if result.failure]
    if len(results) != expected.count:
        problems.append(f"{expected.count} checks are expected and {len(results)} ran")
    return problems


def _build_problems(settings: Settings) -> list[str]:
    """The candidate must come from a build that succeeded in every node, made by this very code."""
    with connect(settings, "publisher") as connection:
        build = connection.execute(
            "select build_id, status, code_hash, seeds_hash from quality.build_run order by build_id desc limit 1"
        ).fetchone()
        if build is None:
            return ["no build is recorded: run `vwu build`"]
        build_id, status, *hashes = build
        failed = connection.execute(
            """select node_id, status from quality.dbt_result
               where build_id = %s and status <> all(%s) order by node_id""",
            [build_id, list(GOOD)],
        ).fetchall()
    problems = [f"build {build_id}: {node} is {outcome}" for node, outcome in failed]
    if status != "success":
        problems.append(f"build {build_id} is {status}: run `vwu build`")
    if tuple(hashes) != project_hash(settings.root):
        problems.append(f"build {build_id} was made by other models or seeds than these: run `vwu build`")
    return problems


def _rights_problems(settings: Settings) -> list[str]:
    """Nothing is published while somebody can read or change what is not theirs."""
    with connect(settings, "publisher") as connection:
        return [f"{excess}: revoke it, or add it to vwu.rights" for excess in audit(connection)]


def _write_docs(settings: Settings, context: Any) -> list[str]:
    """A gate whose findings nobody can read is shut too."""
    try:
        write_docs(context, settings.home / "site" / "data_docs")
    except OSError as error:
        return [f"the Data Docs could not be written: {error}"]
    return []
