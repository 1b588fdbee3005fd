from __future__ import annotations

from pathlib import Path

import pytest

from vwu.settings import load_settings
from vwu.stack.status import describe, read_status


def test_a_home_that_was_never_started_is_stopped_and_stays_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "never"

    status = read_status(load_settings({"VWU_HOME": str(home)}))

    assert status["database"]["state"] == "stopped"
    assert {component["state"] for component in status["airflow"]["components"]} == {"stopped"}
    assert status["release"] is None
    assert "PostgreSQL  stopped" in describe(status)
    assert describe(status).startswith("home  ")
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert describe(status).startswith("thư mục  ")
    assert not home.exists()


def test_an_unreachable_external_server_is_named_with_its_reason(tmp_path: Path) -> None:
    url = "postgresql://boss:x@127.0.0.1:1/vwu"

    status = read_status(load_settings({"VWU_HOME": str(tmp_path), "VWU_DATABASE_URL": url}))

    assert status["database"]["state"] == "unreachable"
    assert "PostgreSQL  unreachable: " in describe(status)
