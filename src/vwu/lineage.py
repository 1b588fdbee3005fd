"""OpenLineage events of a build, a gate run and a release: which table was made of which, and what its checks said.

A projection of what `quality` and `release` have on record, so the same run told twice has the same run ids. Without
OPENLINEAGE_URL or OPENLINEAGE_CONFIG, which the client knows, events are lines of `<home>/lineage/events.jsonl`.
Airflow's provider tells of DAGs and tasks in the same place; its task is the parent of what we tell.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psycopg
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    dataset_version_dataset,
    error_message_run,
    output_statistics_output_dataset,
    parent_run,
)
from openlineage.client.uuid import generate_static_uuid

from vwu.build import GOOD
from vwu.database import connect
from vwu.publish.models import load_models, manifest_path
from vwu.settings import LINEAGE_NAMESPACE, Settings

log = logging.getLogger(__name__)
PRODUCER = f"urn:vwu:{version('vwu')}"


def tell(settings: Settings, events: Iterable[RunEvent]) -> None:
    """Make and send events. What cannot be told is in the log and stops nothing: what counts is on record."""
    kept = settings.lineage_transport
    try:
        if kept:
            (settings.home / "lineage").mkdir(parents=True, exist_ok=True)
        client = OpenLineageClient(config={"transport": kept} if kept else None)
        for event in events:
            client.emit(event)
        client.close()
    except Exception as error:  # a transport is anybody's: a server of theirs, a queue, a full disk
        log.warning("lineage was not told: %s: %s", type(error).__name__, error)


def tell_build(settings: Settings, build_id: int, parent: str | None = None) -> None:
    """Each model of a build: what it was made of, and what its tests said."""
    tell(settings, _events(settings, parent, _Teller.build, build_id))


def tell_gate(settings: Settings, gate_run_id: int, parent: str | None = None) -> None:
    """Every table that a gate run looked at, with its checks."""
    tell(settings, _events(settings, parent, _Teller.gate, gate_run_id))


def tell_release(settings: Settings, release_id: int, parent: str | None = None) -> None:
    """Every mart and the view that it is published as, in which release."""
    tell(settings, _events(settings, parent, _Teller.release, release_id))


def _events(
    settings: Settings, parent: str | None, step: Callable[[_Teller, int], Iterator[RunEvent]], number: int
) -> Iterator[RunEvent]:
    """Read when they are sent, so that a database that is gone stops nothing either."""
    with connect(settings, "publisher") as connection:
        yield from step(_Teller(settings, connection, parent), number)


@dataclass(frozen=True)
class _Teller:
    """Reads the record and makes events of it: names, counts and verdicts. What dbt or the database said in words may
    hold a value, and stays in the record."""

    settings: Settings
    connection: psycopg.Connection
    parent: str | None

    def build(self, build_id: int) -> Iterator[RunEvent]:
        """A run for each model and seed, after the build's own."""
        started, finished, status = self._row(
            "select started_at, finished_at, status from quality.build_run where build_id = %s", build_id
        )
        results = {
            node: (kind, state, rows)
            for node, kind, state, rows in self.connection.execute(
                "select node_id, resource_type, status, rows_affected from quality.dbt_result where build_id = %s",
                [build_id],
            )
        }
        nodes = _manifest_nodes(self.settings)
        tested: dict[str, list[str]] = defaultdict(list)
        for node_id, (kind, *_) in results.items():
            if kind == "test" and node_id in nodes:
                for subject in _upstream(nodes[node_id]):
                    tested[subject].append(node_id)
        whole = self._run("build", started, build_id)
        yield self._event(
            "build", whole, finished, is_good=status == "success", error=f"{status}: quality.build_run {build_id}"
        )
        for node_id, (kind, state, rows) in results.items():
            if kind not in ("model", "seed") or node_id not in nodes:
                continue
            node = nodes[node_id]
            assertions = [
                _assertion(nodes[test]["name"], results[test][1] in GOOD, nodes[test].get("column_name"))
                for test in tested[node_id]
            ]
            made = self._output(_relation(node), rows=rows, assertions=assertions)
            yield self._event(
                f"build.{node['name']}",
                self._run(node_id, started, build_id, parent=f"{LINEAGE_NAMESPACE}/build/{whole.runId}"),
                finished,
                is_good=state in GOOD,
                error=f"{state}: quality.dbt_result, build {build_id}",
                inputs=[self._input(_relation(nodes[each])) for each in _upstream(node) if each in nodes],
                outputs=[made],
            )

    def gate(self, gate_run_id: int) -> Iterator[RunEvent]:
        """One run, whose inputs are the tables with what each check said."""
        started, finished, verdict = self._row(
            "select started_at, finished_at, verdict from quality.gate_run where gate_run_id = %s", gate_run_id
        )
        found: dict[str, list[Any]] = defaultdict(list)
        for table, rule, success, severity, reason in self.connection.execute(
            """select table_name, rule_id, success, severity, message_en from quality.check_result
               where gate_run_id = %s order by table_name, rule_id""",
            [gate_run_id],
        ):
            found[table].append(_assertion(rule, success, severity=severity, description=reason))
        yield self._event(
            "gate",
            self._run("gate", started, gate_run_id),
            finished,
            is_good=verdict != "refuse",
            error=f"{verdict}: quality.gate_run {gate_run_id}",
            inputs=[self._input(f"marts.{table}", assertions) for table, assertions in found.items()],
        )

    def release(self, release_id: int) -> Iterator[RunEvent]:
        """One run: marts in, views of `published` out, with the release as their version."""
        published_at, row_counts = self._row(
            "select published_at, row_counts from release.release where release_id = %s", release_id
        )
        models = load_models(self.settings)
        yield self._event(
            "publish",
            self._run("publish", published_at, release_id),
            published_at,
            inputs=[self._input(f"{model.schema}.{model.relation}") for model in models],
            outputs=[
                self._output(f"published.{model.name}", rows=row_counts.get(model.name), release=release_id)
                for model in models
            ],
        )

    def _row(self, query: str, number: int) -> Any:
        row = self.connection.execute(query.encode(), [number]).fetchone()
        assert row is not None, (query, number)
        return row

    def _run(self, name: str, started: datetime, number: int, parent: str | None = None) -> Run:
        """The same run has the same id, however often it is told. `parent`: namespace/job/run id."""
        run_id = str(generate_static_uuid(started, f"{self._server}/{name}/{number}".encode()))
        within = parent or self.parent
        if not within:
            return Run(runId=run_id)
        namespace, job, parent_id = within.rsplit("/", 2)
        facet = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=parent_id), job=parent_run.Job(namespace=namespace, name=job)
        )
        return Run(runId=run_id, facets={"parent": facet})

    def _event(
        self,
        job: str,
        run: Run,
        ended: datetime | None,
        *,
        is_good: bool = True,
        error: str = "",
        inputs: Sequence[InputDataset] = (),
        outputs: Sequence[OutputDataset] = (),
    ) -> RunEvent:
        if not is_good:
            run.facets = {
                **(run.facets or {}),
                "errorMessage": error_message_run.ErrorMessageRunFacet(error, programmingLanguage="SQL"),
            }
        return RunEvent(
            eventType=RunState.COMPLETE if is_good else RunState.FAIL,
            eventTime=(ended or datetime.now(UTC)).astimezone(UTC).isoformat(),
            run=run,
            job=Job(namespace=LINEAGE_NAMESPACE, name=job),
            producer=PRODUCER,
            inputs=list(inputs),
            outputs=list(outputs),
        )

    @property
    def _server(self) -> str:
        info = self.connection.info
        return f"postgres://{info.host}:{info.port}"

    def _name(self, relation: str) -> str:
        return f"{self.connection.info.dbname}.{relation}"

    def _input(self, relation: str, assertions: Sequence[Any] = ()) -> InputDataset:
        said = {"dataQualityAssertions": _assertions(assertions)} if assertions else {}
        return InputDataset(self._server, self._name(relation), inputFacets=said)

    def _output(
        self, relation: str, *, rows: int | None = None, release: int | None = None, assertions: Sequence[Any] = ()
    ) -> OutputDataset:
        facets: dict[str, Any] = {"dataQualityAssertions": _assertions(assertions)} if assertions else {}
        if release is not None:
            facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=str(release))
        counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
        return OutputDataset(
            self._server,
            self._name(relation),
            outputFacets={} if rows is None else {"outputStatistics": counted},
            facets=facets,
        )


def _assertion(
    name: str, success: bool, column: str | None = None, severity: str | None = None, description: str | None = None
) -> Any:
    return data_quality_assertions_dataset.Assertion(
        assertion=name, success=success, column=column, severity=severity, description=description or None
    )


def _assertions(found: Sequence[Any]) -> Any:
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions=list(found))


def _manifest_nodes(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """Models, seeds, tests and sources of the last build, by dbt's id."""
    manifest = json.loads(manifest_path(settings).read_text("utf-8"))
    return {**manifest["nodes"], **manifest["sources"]}


def _upstream(node: Mapping[str, Any]) -> Sequence[str]:
    """What a node reads; a seed reads nothing."""
    found: Sequence[str] = node["depends_on"].get("nodes", ())
    return found


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node.get('identifier') or node.get('alias') or node['name']}"
