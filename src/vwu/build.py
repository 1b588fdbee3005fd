"""Build the star: one dbt run in this process, proportional to what changed in force since the last one (D10).

Models and their tests run on every build; seeds, and models that only seeds decide (tag `reference`), only when seeds
or models changed, and then everything is made anew. What dbt did, node by node, is kept in `quality.build_run` and
`quality.dbt_result`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from vwu.database import connect
from vwu.language import phrase
from vwu.revision import hold_revisions
from vwu.settings import Settings

if TYPE_CHECKING:
    import psycopg
    from dbt.cli.main import dbtRunnerResult

LOCK = 7_700_010  # any constant: one build at a time in a database, and none while a gate looks
GOOD = ("success", "pass", "no-op")  # what dbt says of a node that is as it should be
Show = Callable[[str], None]


class BuildError(Exception):
    """dbt did not come as far as running models; the message is dbt's own."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What dbt said of one model, seed, test or hook."""

    node_id: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    failures: int | None
    message: str

    @property
    def is_good(self) -> bool:
        return self.status in GOOD

    def __str__(self) -> str:
        return f"{self.node_id}: {self.status}{f' ({self.message})' if self.message else ''}"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """One build: whether the candidate may go to the gate, and every node that was not good."""

    ok: bool
    build_id: int
    is_full_refresh: bool
    models: int
    tests: int
    failures: tuple[NodeResult, ...]
    seconds: float


def build(settings: Settings, full_refresh: bool = False, show: Show | None = None) -> BuildResult:
    """Bring seeds and star up to date as `vwu_builder`; a second build in the same database waits for the first.

    A correction that would tell of too few people is held first (`vwu.revision`).
    Everything is made anew when it is asked for, when models or seeds changed, or when an earlier attempt at that
    did not end well. Raises BuildError when dbt could not start, psycopg.OperationalError without a database.
    """
    started = time.monotonic()
    code_hash, seeds_hash = project_hash(settings.root)
    with connect(settings, "builder", autocommit=True) as connection, _alone(connection):
        hold_revisions(settings)
        is_full = full_refresh or not _is_current(connection, code_hash, seeds_hash)
        build_id = _open_run(connection, code_hash, seeds_hash, is_full)
        nodes: tuple[NodeResult, ...] = ()
        try:
            nodes = run_dbt(settings, *_BUILD, *(["--full-refresh"] if is_full else _WHAT_CHANGED), show=show)
        finally:
            ok = bool(nodes) and all(node.is_good for node in nodes)
            _close_run(connection, build_id, nodes, ok)
    return BuildResult(
        ok=ok,
        build_id=build_id,
        is_full_refresh=is_full,
        models=sum(node.resource_type == "model" for node in nodes),
        tests=sum(node.resource_type == "test" for node in nodes),
        failures=tuple(node for node in nodes if not node.is_good),
        seconds=time.monotonic() - started,
    )


def project_hash(root: Path) -> tuple[str, str]:
    """sha256 of the dbt project and of the seeds: what decides whether stored rows are what it would make, and pass.

    The words beside models are in it too, for their yml holds the contracts and tests that stored rows have passed.
    """
    return (
        _hash_files(root / "dbt_project", ("*.sql", "*.yml")),
        _hash_files(root / "seeds", ("*.csv", "*.yml")),
    )


def _hash_files(folder: Path, patterns: Sequence[str]) -> str:
    digest = hashlib.sha256()
    paths = sorted({path for pattern in patterns for path in folder.rglob(pattern)})
    if not paths:
        raise BuildError(
            phrase(
                f"không có gì để dựng: {folder} không có {' hoặc '.join(patterns)}",
                f"nothing to build: {folder} has no {' or '.join(patterns)}",
            )
        )
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("select pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [LOCK])


def _is_current(connection: psycopg.Connection, code_hash: str, seeds_hash: str) -> bool:
    """The last success made everything from these very files and it is there, and nothing after it was begun anew."""
    row = connection.execute(
        """select
               to_regclass('intermediate.loaded_scope') is not null  -- else restored from a backup, which has no marts
               and count(*) filter (where status = 'success') > 0
               and bool_and(code_hash = %(code)s and seeds_hash = %(seeds)s)
               and count(*) filter (where is_full_refresh and status <> 'success') = 0
           from quality.build_run
           where build_id >= (select max(build_id) from quality.build_run where status = 'success')""",
        {"code": code_hash, "seeds": seeds_hash},
    ).fetchone()
    return bool(row and row[0])


def _open_run(connection: psycopg.Connection, code_hash: str, seeds_hash: str, is_full: bool) -> int:
    row = connection.execute(
        """insert into quality.build_run (code_hash, seeds_hash, is_full_refresh, status, scopes_digest)
           values (%s, %s, %s, 'running', intake.scopes_digest()) returning build_id""",
        [code_hash, seeds_hash, is_full],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _close_run(connection: psycopg.Connection, build_id: int, nodes: tuple[NodeResult, ...], ok: bool) -> None:
    with connection.transaction():
        with connection.cursor().copy(
            "copy quality.dbt_result"
            " (build_id, node_id, resource_type, status, seconds, rows_affected, failures, message) from stdin"
        ) as copy:
            for node in nodes:
                copy.write_row((
                    build_id, node.node_id, node.resource_type, node.status, node.seconds, node.rows_affected,
                    node.failures, node.message,
                ))  # fmt: skip
        connection.execute(
            "update quality.build_run set status = %s, finished_at = clock_timestamp() where build_id = %s",
            ["success" if ok else "failed", build_id],
        )


# Unit tests are run by `make test`, on fixed rows, not on every build.
_BUILD = ("build", "--exclude-resource-type", "unit_test")
_WHAT_CHANGED = ("--select", "resource_type:model", "--exclude", "tag:reference")


def run_dbt(settings: Settings, *arguments: str, show: Show | None = None) -> tuple[NodeResult, ...]:
    """Run one dbt command in this process, as `vwu_builder`; returns what became of each node.

    Raises BuildError when dbt did not come as far as running nodes.
    """
    outcome = _invoke(settings, *arguments, show=show)
    results = getattr(outcome.result, "results", None)
    if outcome.exception is not None or results is None:
        raise BuildError(
            phrase(
                f"dbt không làm được {arguments[0]}: {outcome.exception} (nhật ký: {_logs(settings)})",
                f"dbt could not {arguments[0]}: {outcome.exception} (log: {_logs(settings)})",
            )
        )
    return tuple(_node_result(result) for result in results)


def describe_models(settings: Settings) -> Path:
    """dbt's own page on the models, their SQL, tests and lineage: one file; from what the last build left.

    Raises BuildError when dbt could not make it.
    """
    outcome = _invoke(settings, "docs", "generate", "--static", "--no-compile")
    page = settings.home / "dbt" / "target" / "static_index.html"
    if not outcome.success or not page.exists():
        raise BuildError(
            phrase(
                f"dbt không mô tả được các mô hình của nó: {outcome.exception} (nhật ký: {_logs(settings)})",
                f"dbt could not describe its models: {outcome.exception} (log: {_logs(settings)})",
            )
        )
    return page


def _invoke(settings: Settings, *arguments: str, show: Show | None = None) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    home = settings.home / "dbt"
    folders = {
        "--project-dir": settings.root / "dbt_project",
        "--profiles-dir": settings.root / "dbt_project",
        "--target-path": home / "target",
        "--log-path": home / "logs",
    }
    everything = [
        *arguments,
        "--vars",
        json.dumps({"small_cell": settings.small_cell, "dominance_pct": settings.dominance_pct}),
        "--quiet",
        "--log-level-file",
        "info",
        *(str(part) for pair in folders.items() for part in pair),
    ]
    with _environment(_profile(settings.database_url("builder"))):
        return dbtRunner(callbacks=[_progress(show)] if show else []).invoke(everything)


def _logs(settings: Settings) -> Path:
    return settings.home / "dbt" / "logs" / "dbt.log"


def _profile(url: str) -> dict[str, str]:
    """The variables that dbt_project/profiles.yml reads, from the builder's URI."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    profile = {
        "DBT_HOST": parts.hostname or query.get("host", ["localhost"])[0],
        "DBT_PORT": str(parts.port or query.get("port", ["5432"])[0]),
        "DBT_USER": unquote(parts.username or ""),
        "DBT_ENV_SECRET_PASSWORD": unquote(parts.password or ""),
        "DBT_DATABASE": unquote(parts.path.lstrip("/")),
    }
    if "sslmode" in query:
        profile["DBT_SSLMODE"] = query["sslmode"][0]
    if "sslrootcert" in query:
        profile["PGSSLROOTCERT"] = query["sslrootcert"][0]  # libpq's own: dbt's profile takes it from no query
    return profile


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """dbt reads its profile from the environment; nothing of it stays there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _progress(show: Show) -> Callable[[Any], None]:
    """Tell which node is done, of how many."""

    def tell(event: Any) -> None:
        data = event.data
        if event.info.name in ("LogModelResult", "LogSeedResult", "LogTestResult"):
            # dbt gives the same number two names.
            total = data.num_models if event.info.name == "LogTestResult" else data.total
            show(f"{phrase('dựng', 'build')} {data.index}/{total} {data.node_info.node_name}")

    return tell


def _node_result(result: Any) -> NodeResult:
    response = result.adapter_response or {}
    rows = response.get("rows_affected")
    return NodeResult(
        node_id=result.node.unique_id,
        resource_type=str(result.node.resource_type),
        status=str(result.status),
        seconds=result.execution_time,
        rows_affected=rows if isinstance(rows, int) and rows >= 0 else None,
        failures=result.failures,
        message=(result.message or "") if str(result.status) not in GOOD else "",
    )
