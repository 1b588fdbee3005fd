"""The REST calls against a server that answers as Airflow does: what is sent, what is made of the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vwu import airflow_api
from vwu.airflow_api import Airflow, AirflowError, DagRun

RUN = {"dag_id": "bank_feeds", "dag_run_id": "vwu_run__1", "state": "queued", "run_type": "manual"}


class Server(ThreadingHTTPServer):
    """Answers each path with a prepared status and object, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, list[str]], str | None, Any]] = []
        self.broken = 0  # so many of the next requests fail for a fault of the server's own
        self.silent = 0  # so many of the next requests get no answer while the test runs
        self.over = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        parts = urlsplit(self.path)
        token = self.headers.get("Authorization")
        self.server.asked.append((self.command, parts.path, parse_qs(parts.query), token, body))
        if self.server.silent:
            self.server.silent -= 1
            self.server.over.wait()
            return
        if self.server.broken:
            self.server.broken -= 1
            self.send_error(500, "Serious error when handling your request")
            return
        status, answer = self.server.answers.get(parts.path, (404, {"detail": "not found"}))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        """Nothing: the test's output is the test's."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def client(server: Server) -> Airflow:
    return Airflow(f"http://127.0.0.1:{server.server_port}", "a token")


def test_sign_in_exchanges_the_password_for_a_token(server: Server, client: Airflow) -> None:
    server.answers["/auth/token"] = (201, {"access_token": "fresh"})
    signed_in = airflow_api.sign_in(client.url, "admin", "secret")
    assert signed_in.token == "fresh"
    assert "fresh" not in repr(signed_in)
    assert server.asked[0][4] == {"username": "admin", "password": "secret"}


def test_trigger_names_the_run_and_carries_the_token(server: Server, client: Airflow) -> None:
    server.answers["/api/v2/dags/bank_feeds/dagRuns"] = (200, RUN)
    run = airflow_api.trigger(client, "bank_feeds", "vwu_run__1")
    assert run == DagRun("bank_feeds", "vwu_run__1", "queued", "manual")
    assert run.is_active
    _, _, _, token, body = server.asked[0]
    assert token == "Bearer a token"
    assert body == {"dag_run_id": "vwu_run__1", "logical_date": None, "conf": {}}


def test_runs_are_asked_for_newest_first_by_state(server: Server, client: Airflow) -> None:
    server.answers["/api/v2/dags/bank_feeds/dagRuns"] = (200, {"dag_runs": [RUN]})
    assert [run.run_id for run in airflow_api.read_runs(client, "bank_feeds", airflow_api.ACTIVE)] == ["vwu_run__1"]
    assert server.asked[0][2] == {"order_by": ["-id"], "limit": ["50"], "state": ["queued", "running"]}


def test_a_mapped_task_is_called_by_its_file(server: Server, client: Airflow) -> None:
    tasks = [
        {"task_id": "list_arrivals", "map_index": -1, "rendered_map_index": None},
        {"task_id": "receive_files", "map_index": 3, "rendered_map_index": "báo cáo.xlsx"},
        {"task_id": "receive_files", "map_index": 4, "rendered_map_index": None},
    ]
    server.answers["/api/v2/dags/bank_feeds/dagRuns/vwu_run__1/taskInstances"] = (200, {"task_instances": tasks})
    run = DagRun("bank_feeds", "vwu_run__1", "running", "manual")
    names = airflow_api.list_tasks(client, run, ("failed",))
    assert names == ["list_arrivals", "receive_files [báo cáo.xlsx]", "receive_files [4]"]


def test_a_run_id_is_quoted_in_the_address(server: Server, client: Airflow) -> None:
    with pytest.raises(AirflowError):
        airflow_api.read_run(client, "bank_feeds", "scheduled__2024-01-01T00:00:00+00:00")
    assert server.asked[0][1].endswith("/dagRuns/scheduled__2024-01-01T00%3A00%3A00%2B00%3A00")


def test_a_refusal_says_which_call_and_why(client: Airflow) -> None:
    with pytest.raises(AirflowError, match=r"refuses GET /api/v2/dags/unknown: 404 .*not found"):
        airflow_api.is_paused(client, "unknown")


def test_an_airflow_that_is_not_there_is_said_so() -> None:
    with pytest.raises(AirflowError, match="does not answer"):
        airflow_api.sign_in("http://127.0.0.1:9", "admin", "secret")


def test_reading_is_tried_again_after_a_fault_of_airflows_own(
    server: Server, client: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_api, "_PAUSE", 0)
    server.answers["/api/v2/dags/bank_feeds"] = (200, {"is_paused": False})
    server.broken = 2
    assert airflow_api.is_paused(client, "bank_feeds") is False
    server.broken = 100
    with pytest.raises(AirflowError, match="refuses GET /api/v2/dags/bank_feeds: 500"):
        airflow_api.is_paused(client, "bank_feeds")
    assert server.broken == 96
    with pytest.raises(AirflowError, match="refuses POST"):
        airflow_api.trigger(client, "bank_feeds", "vwu_run__1")
    assert server.broken == 95, "what changes something is asked once"


def test_reading_is_tried_again_when_the_machine_is_busy_and_asking_for_a_run_is_not(
    server: Server, client: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_api, "_PATIENCE", 0.1)
    monkeypatch.setattr(airflow_api, "_PAUSE", 0)
    server.answers["/api/v2/dags/bank_feeds"] = (200, {"is_paused": False})
    server.silent = 1
    with monkeypatch.context() as patient:
        patient.setattr(airflow_api, "_ATTEMPTS", 100)
        assert airflow_api.is_paused(client, "bank_feeds") is False
    assert len(server.asked) >= 2
    server.silent = 100
    asked = len(server.asked)
    with pytest.raises(AirflowError, match="does not answer GET"):
        airflow_api.is_paused(client, "bank_feeds")
    assert len(server.asked) == asked + 4
    with pytest.raises(AirflowError, match="does not answer POST"):
        airflow_api.trigger(client, "bank_feeds", "vwu_run__1")
    assert len(server.asked) == asked + 5
