"""Settings: one reading of the environment, and addresses for each role."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vwu.settings import Settings, SettingsError, load_settings


def started(home: Path, **environment: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "secrets.json").write_text(json.dumps({"bi_reader": "p@ss/word", "owner": "o", "airflow": "a"}))
    (home / "stack.json").write_text(json.dumps({"postgres_port": 5555}))
    return load_settings({"VWU_HOME": str(home), **environment})


def test_a_password_is_quoted_in_the_url(tmp_path: Path) -> None:
    assert started(tmp_path).database_url("bi_reader") == "postgresql://bi_reader:p%40ss%2Fword@127.0.0.1:5555/vwu"


def test_airflow_has_a_database_of_its_own(tmp_path: Path) -> None:
    assert started(tmp_path).database_url("airflow").endswith("127.0.0.1:5555/airflow")


def test_an_external_server_keeps_host_database_and_options(tmp_path: Path) -> None:
    settings = started(tmp_path, VWU_DATABASE_URL="postgresql://admin:x@db.example:6432/warehouse?sslmode=require")
    assert settings.database_url("owner") == "postgresql://vwu_owner:o@db.example:6432/warehouse?sslmode=require"
    assert settings.database_url("superuser") == "postgresql://admin:x@db.example:6432/warehouse?sslmode=require"


@pytest.mark.parametrize("role", ["loader", "nobody"])
def test_a_role_without_password_is_refused_with_the_remedy(tmp_path: Path, role: str) -> None:
    with pytest.raises(SettingsError, match=r"vwu up|roles are"):
        started(tmp_path).database_url(role)


def test_nothing_started_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="vwu up"):
        load_settings({"VWU_HOME": str(tmp_path)}).database_url("owner")


def test_a_key_comes_from_the_file_that_the_environment_names(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("ab" * 32)
    assert load_settings({"VWU_HOME": str(tmp_path), "VWU_TOKEN_KEY_FILE": str(path)}).key("token") == b"\xab" * 32


def test_a_missing_key_is_not_replaced_by_anything(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="token key"):
        load_settings({"VWU_HOME": str(tmp_path)}).key("token")
