from __future__ import annotations

import errno
import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vwu.settings import ROLES, load_settings
from vwu.stack import StackError, state


def test_prepare_makes_private_secrets_and_keys(tmp_path: Path) -> None:
    settings = load_settings({"VWU_HOME": str(tmp_path / "home")})

    state.prepare(settings)

    known = state.reread(settings).secrets
    assert set(ROLES) | {"superuser", "airflow_admin", "airflow_fernet"} <= set(known)
    assert len(set(known.values())) == len(known), "every secret is its own"
    private = [settings.home / "secrets.json", *(settings.home / "keys").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert len(state.reread(settings).key("token")) == state.KEY_BYTES
    assert state.reread(settings).key("token") != state.reread(settings).key("store")


def test_prepare_hides_what_arrives_from_others(tmp_path: Path) -> None:
    settings = load_settings({"VWU_HOME": str(tmp_path / "home")})

    state.prepare(settings)

    assert stat.S_IMODE(Path(settings.landing).stat().st_mode) == 0o700
    assert sorted(path.name for path in Path(settings.landing).iterdir()) == ["bank_feeds", "branch_submissions"]


def test_prepare_keeps_what_exists_and_adds_what_is_missing(tmp_path: Path) -> None:
    settings = load_settings({"VWU_HOME": str(tmp_path / "home")})
    state.prepare(settings)
    first, key = state.reread(settings).secrets, state.reread(settings).key("store")
    shorter = {name: value for name, value in first.items() if name != "airflow_jwt"}
    state.write_private(settings.home / "secrets.json", json.dumps(shorter))

    state.prepare(settings)

    second = state.reread(settings).secrets
    assert {name: second[name] for name in shorter} == shorter
    assert second["airflow_jwt"] != first["airflow_jwt"]
    assert state.reread(settings).key("store") == key


def test_addresses_are_merged_and_read_back(tmp_path: Path) -> None:
    settings = load_settings({"VWU_HOME": str(tmp_path / "home")})
    state.prepare(settings)

    settings = state.record_addresses(state.reread(settings), {"postgres_port": 21000})
    settings = state.record_addresses(settings, {"airflow_port": 21001})

    assert load_settings({"VWU_HOME": str(settings.home)}).stack == {
        "host": "127.0.0.1",
        "postgres_port": 21000,
        "airflow_port": 21001,
    }
    assert ":21000/" in settings.database_url("owner")


def test_a_disk_without_space_is_refused_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=rf"the disk of {tmp_path} is full: .* MB free, 1000000000 MB needed"):
        state.require_space(tmp_path, needed=10**15)


def test_a_disk_that_fills_up_is_explained(tmp_path: Path) -> None:
    full = state.explain_full_disk(OSError(errno.ENOSPC, "No space left on device", "/somewhere/file"), tmp_path)

    assert full is not None
    assert "the disk of /somewhere/file filled up; 500 MB are needed" in str(full)


def test_other_errors_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    assert state.explain_full_disk(PermissionError(errno.EACCES, "no"), tmp_path) is None


def test_lock_waits_for_the_other_holder_and_says_so(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from vwu.stack import state\n"
        "with state.lock(Path(sys.argv[1]), print):\n"
        "    print('held', flush=True); time.sleep(0.5)\n"
    )
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        began = time.monotonic()
        with state.lock(tmp_path, said.append):
            waited = time.monotonic() - began

    assert said == ["another vwu up or down is at work here; waiting for it"]
    assert waited > 0.2
