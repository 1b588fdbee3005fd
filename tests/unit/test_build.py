"""What of a build needs no database: its hashes, its profile, what it says of a node, what it leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vwu.build import BuildError, NodeResult, _environment, _profile, project_hash
from vwu.settings import load_settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A root folder with one model and one seed."""
    for name, text in (("dbt_project/models/a.sql", "select 1"), ("seeds/unit.csv", "unit_code\nPERSON\n")):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    return tmp_path


def test_hashes_follow_content_and_name_and_nothing_else(project: Path) -> None:
    code, seeds = project_hash(project)
    os.utime(project / "dbt_project/models/a.sql", (0, 0))
    assert project_hash(project) == (code, seeds)
    (project / "dbt_project/models/a.yml").write_text("# a test more", "utf-8")
    assert project_hash(project)[0] != code
    code, seeds = project_hash(project)
    (project / "seeds/unit.csv").write_text("unit_code\nHOUSEHOLD\n", "utf-8")
    assert project_hash(project)[0] == code
    assert project_hash(project)[1] != seeds
    (project / "dbt_project/models/a.sql").rename(project / "dbt_project/models/b.sql")
    assert project_hash(project)[0] != code


def test_the_real_project_has_a_hash() -> None:
    assert all(len(digest) == 64 for digest in project_hash(load_settings().root))


def test_a_project_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nothing to build"):
        project_hash(tmp_path)


def test_the_profile_comes_from_the_uri() -> None:
    query = "sslmode=verify-full&sslrootcert=/ca.crt"
    assert _profile(f"postgresql://vwu_builder:p%40ss%2Fword@db.example:6543/vwu?{query}") == {
        "DBT_HOST": "db.example",
        "DBT_PORT": "6543",
        "DBT_USER": "vwu_builder",
        "DBT_ENV_SECRET_PASSWORD": "p@ss/word",
        "DBT_DATABASE": "vwu",
        "DBT_SSLMODE": "verify-full",
        "PGSSLROOTCERT": "/ca.crt",
    }


def test_a_uri_may_name_its_socket_in_the_query() -> None:
    profile = _profile("postgresql://vwu_builder@/vwu?host=/run/postgresql&port=5433")
    assert (profile["DBT_HOST"], profile["DBT_PORT"]) == ("/run/postgresql", "5433")
    assert "DBT_SSLMODE" not in profile


def test_nothing_stays_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_HOST", "before")
    monkeypatch.delenv("DBT_ENV_SECRET_PASSWORD", raising=False)

    def fail() -> None:
        with _environment({"DBT_HOST": "during", "DBT_ENV_SECRET_PASSWORD": "secret"}):
            assert os.environ["DBT_ENV_SECRET_PASSWORD"] == "secret"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert os.environ["DBT_HOST"] == "before"
    assert "DBT_ENV_SECRET_PASSWORD" not in os.environ


@pytest.mark.parametrize(
    ("status", "is_good"),
    [
        *((word, True) for word in ("success", "pass", "no-op")),
        *((word, False) for word in ("fail", "skipped", "warn")),
    ],
)
def test_only_what_did_its_work_is_good(status: str, is_good: bool) -> None:
    node = NodeResult("test.vwu.unique", "test", status, 0.1, None, 3, "" if is_good else "Got 3 results")
    assert node.is_good is is_good
    assert str(node) == f"test.vwu.unique: {status}" + ("" if is_good else " (Got 3 results)")
