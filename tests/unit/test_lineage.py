"""Where lineage goes, and that what cannot be told stops nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from vwu.lineage import tell, tell_build, tell_gate, tell_release
from vwu.settings import load_settings

EVENT = RunEvent(
    eventType=RunState.COMPLETE, eventTime="2026-07-01T00:00:00+00:00", producer="https://example.org/",
    run=Run(runId="01890f00-0000-7000-8000-000000000000"), job=Job(namespace="vwu", name="gate"),
)  # fmt: skip


def test_events_are_lines_of_a_file_in_the_home_folder(tmp_path: Path) -> None:
    settings = replace(load_settings({}), home=tmp_path)
    for _ in range(2):
        tell(settings, [EVENT])
    lines = (tmp_path / "lineage" / "events.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["job"]["name"] for line in lines] == ["gate", "gate"]


def test_the_clients_own_environment_decides_when_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    settings = replace(load_settings({}), home=tmp_path)
    assert settings.lineage_transport is None


def test_what_cannot_be_told_is_logged_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "lineage").write_text("a file where the folder should be")
    tell(replace(load_settings({}), home=tmp_path), [EVENT])
    assert "lineage was not told" in caplog.text


def test_without_a_database_it_stops_nothing_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for told in (tell_build, tell_gate, tell_release):
        caplog.clear()
        told(replace(load_settings({}), home=tmp_path), 1)
        assert "lineage was not told: SettingsError" in caplog.text
