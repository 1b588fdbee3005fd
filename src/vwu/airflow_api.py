"""A few calls of Airflow's REST API v2: sign in, trigger a run, read runs and tasks.

The package never imports Airflow; this speaks to a running one over HTTP, the local stack's or any other.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from vwu.language import phrase

ACTIVE = ("queued", "running")
_PATIENCE = 30.0  # seconds for one answer
_ITS_OWN_FAULT = 500
_PAUSE = 1.0  # seconds before it is asked again
_ATTEMPTS = 4  # to read, which a busy machine may delay; what changes something is asked once


class AirflowError(OSError):
    """Airflow does not answer, or refuses; the message says which call and why."""


class NoAnswerError(AirflowError):
    """Airflow did not answer in time, or could not; it may do so later."""


@dataclass(frozen=True)
class Airflow:
    """One Airflow and our token for it."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG."""

    dag_id: str
    run_id: str
    state: str
    run_type: str

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


def sign_in(url: str, user: str, password: str) -> Airflow:
    """Exchange a password for a token. Raises AirflowError."""
    answer = _call(url, "POST", "/auth/token", body={"username": user, "password": password})
    return Airflow(url, answer["access_token"])


def is_paused(airflow: Airflow, dag_id: str) -> bool:
    """Whether somebody has paused the DAG: its runs would wait for ever. Raises AirflowError when it is unknown."""
    return bool(_get(airflow, f"/dags/{dag_id}")["is_paused"])


def trigger(airflow: Airflow, dag_id: str, run_id: str, conf: Mapping[str, Any] | None = None) -> DagRun:
    """Ask for a run now. Raises AirflowError."""
    body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
    answer = _call(airflow.url, "POST", f"/api/v2/dags/{dag_id}/dagRuns", body=body, token=airflow.token)
    return _run(answer)


def read_runs(airflow: Airflow, dag_id: str, states: Sequence[str] = (), limit: int = 50) -> list[DagRun]:
    """The newest runs of a DAG, of these states (all when empty), newest first."""
    query = [("order_by", "-id"), ("limit", str(limit)), *(("state", state) for state in states)]
    return [_run(each) for each in _get(airflow, f"/dags/{dag_id}/dagRuns", query)["dag_runs"]]


def read_run(airflow: Airflow, dag_id: str, run_id: str) -> DagRun:
    """One run. Raises AirflowError when it is unknown."""
    return _run(_get(airflow, f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"))


def count_queued_events(airflow: Airflow, dag_id: str) -> int:
    """Asset events that wait to become a run of this DAG."""
    return int(_get(airflow, f"/dags/{dag_id}/assets/queuedEvents")["total_entries"])


def count_tasks(airflow: Airflow, run: DagRun, states: Sequence[str] = ()) -> int:
    """Task instances of a run in these states; in all states when empty."""
    return int(_tasks(airflow, run, states, limit=1)["total_entries"])


def list_tasks(airflow: Airflow, run: DagRun, states: Sequence[str]) -> list[str]:
    """Names of the task instances in these states: the task's id, and of a mapped task the name of its instance."""
    found = _tasks(airflow, run, states, limit=50)["task_instances"]
    return [each["task_id"] + _instance(each) for each in found]


def _instance(task: Mapping[str, Any]) -> str:
    if task["map_index"] < 0:
        return ""
    return f" [{task.get('rendered_map_index') or task['map_index']}]"


def _tasks(airflow: Airflow, run: DagRun, states: Sequence[str], limit: int) -> dict[str, Any]:
    query = [("limit", str(limit)), *(("state", state) for state in states)]
    return _get(airflow, f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances", query)


def _run(answer: Mapping[str, Any]) -> DagRun:
    return DagRun(answer["dag_id"], answer["dag_run_id"], answer["state"], answer["run_type"])


def _get(airflow: Airflow, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    asked = f"/api/v2{path}" + (f"?{urlencode(query)}" if query else "")
    for _ in range(1, _ATTEMPTS):
        with suppress(NoAnswerError):
            return _call(airflow.url, "GET", asked, token=airflow.token)
        time.sleep(_PAUSE)
    return _call(airflow.url, "GET", asked, token=airflow.token)


def _call(
    url: str, method: str, path: str, *, body: Mapping[str, Any] | None = None, token: str = ""
) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, headers, method=method)  # noqa: S310  # http(s) by design
    # The local stack is on loopback: no proxy of the caller's environment may stand between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            content: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        detail = error.read(2000).decode("utf-8", "replace")
        # What it could not do itself (5xx: its database was slow or locked) it may do later; what is wrong with a call
        # stays wrong.
        kind = NoAnswerError if error.code >= _ITS_OWN_FAULT else AirflowError
        raise kind(
            phrase(
                f"Airflow từ chối {method} {path}: {error.code} {detail}",
                f"Airflow refuses {method} {path}: {error.code} {detail}",
            )
        ) from error
    except TimeoutError as error:
        raise NoAnswerError(
            phrase(
                f"Airflow không trả lời {method} {url}{path} trong {_PATIENCE:.0f} giây",
                f"Airflow does not answer {method} {url}{path} within {_PATIENCE:.0f} s",
            )
        ) from error
    except (OSError, ValueError) as error:
        raise AirflowError(
            phrase(
                f"Airflow không trả lời {method} {url}{path}: {error}",
                f"Airflow does not answer {method} {url}{path}: {error}",
            )
        ) from error
    return content
