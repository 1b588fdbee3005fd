"""Who may import what (ARCHITECTURE, the house, rules 1 and 2)."""

from __future__ import annotations

from typing import Any

# Importing one of these costs from 0.1 s to 6 s: it happens inside the function that needs it.
HEAVY = {"cryptography", "dbt", "duckdb", "great_expectations", "jinja2", "numpy", "openpyxl", "pandas", "pyarrow",
         "sqlalchemy"}  # fmt: skip
FORBIDDEN_IN_DAGS = {"great_expectations", "os", "psycopg", "subprocess"}
# Parsers are pure: bytes in, records and findings out.
FORBIDDEN_IN_PARSERS = {"airflow", "os", "psycopg", "requests", "socket", "subprocess", "time", "urllib"}


def test_only_dags_import_airflow(project: Any) -> None:
    assert [each for each in project.imports("src") if each.package == "airflow"] == []
    assert [each for each in project.imports("dags") if each.package == "airflow"] != []


def test_dags_do_nothing_themselves(project: Any) -> None:
    assert [each for each in project.imports("dags") if each.package in FORBIDDEN_IN_DAGS] == []


def test_every_dag_file_calls_vwu(project: Any) -> None:
    for path in project.find("dags", "*.py"):
        assert "vwu" in {each.package for each in project.imports_of(path)}, path.name


def test_nothing_heavy_is_imported_at_module_level(project: Any) -> None:
    found = project.imports("src", "dags")
    assert [each for each in found if each.is_eager and each.package in HEAVY] == []
    assert {each.package for each in found if not each.is_eager} & HEAVY, "the test sees no heavy import at all"


def test_parsers_are_pure(project: Any) -> None:
    found = [
        *project.imports("src/vwu/intake/submission"),
        *project.imports_of(project.root / "src/vwu/catalogue.py"),
    ]
    assert [each for each in found if each.package in FORBIDDEN_IN_PARSERS] == []
