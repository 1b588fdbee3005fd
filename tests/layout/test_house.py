"""The house is as ARCHITECTURE and STYLE say: names, one .yml a model, a suite a published table, no loose ends."""

from __future__ import annotations

import ast
import re
from itertools import chain
from typing import Any

import pytest
import yaml

# fmt: off
TOP_LEVEL = {
    "dags", "dbt_project", "expectations", "seeds", "docker-compose.yml", "tests", "README.md", "CONTRIBUTING.md",
    "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.txt", ".env.example", "Dockerfile", "src",
    "benchmarks", "docs",
}
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "legacy", "deprecated", "old", "v2"}
# fmt: on
TEXT = {".cfg", ".csv", ".in", ".ini", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml", ""}
# Written in parts, so that this file does not find itself.
LOOSE_ENDS = re.compile(
    "|".join(
        ["TO" + "DO", "FIX" + "ME", r"\bXX" + r"X\b", "raise NotImplemented" + "Error", "/wo" + "rk/", "/ro" + "ot/"]
    )
)
EXCUSES = {"pytest.skip", "pytest.xfail", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}
BARE_EXCUSES = re.compile(r"# no" + r"qa(?!:)|# type:\s*ig" + r"nore(?!\[)")


def test_top_level_names_exist(project: Any) -> None:
    assert sorted(name for name in TOP_LEVEL if not (project.root / name).exists()) == []


def test_no_drawer_for_odds_and_ends(project: Any) -> None:
    words = {path: {*re.split(r"[_\-.]", path.stem.lower()), *path.parts} for path in project.files}
    assert [str(path) for path in words if words[path] & FORBIDDEN_NAMES] == []


def test_no_loose_ends(project: Any) -> None:
    offenders = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in project.files
        if path.suffix in TEXT
        for number, line in enumerate((project.root / path).read_text("utf-8", errors="replace").splitlines(), start=1)
        if LOOSE_ENDS.search(line) or (path.suffix == ".py" and BARE_EXCUSES.search(line))
    ]
    assert offenders == []


def test_nothing_is_skipped_without_a_reason(project: Any) -> None:
    offenders = [
        f"{project.name(path)}:{line}"
        for path in project.find("tests", "*.py")
        for line in unexcused(path.read_text("utf-8"))
    ]
    assert offenders == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("@pytest.mark.skip\ndef test(): ...", [1]),
        ("pytest.skip()", [1]),
        ("pytest.skip('')", [1]),
        ("@pytest.mark.xfail(strict=True)\ndef test(): ...", [1]),
        ("pytest.skip('no Citus here')", []),
        ("@pytest.mark.skipif(True, reason='no Citus here')\ndef test(): ...", []),
    ],
)
def test_an_excuse_needs_words(source: str, lines: list[int]) -> None:
    assert unexcused(source) == lines


def unexcused(source: str) -> list[int]:
    """Lines that skip or expect failure, in any of pytest's ways, and do not say why."""
    nodes = list(ast.walk(ast.parse(source)))
    excused = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _says_why(node)}
    return [
        node.lineno
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node) in EXCUSES and id(node) not in excused
    ]


def _says_why(call: ast.Call) -> bool:
    words = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if not ast.unparse(call.func).startswith("pytest.mark."):
        words += call.args[:1]
    return any(not (isinstance(word, ast.Constant) and not word.value) for word in words)


def test_each_model_has_its_yml_and_says_its_grain(project: Any) -> None:
    models = project.find("dbt_project/models", "*.sql")
    offenders = [project.name(path) for path in models if not path.with_suffix(".yml").exists()]
    offenders += [
        project.name(path) for path in models if not path.read_text("utf-8").startswith("-- grain: one row per ")
    ]
    assert offenders == []


def test_each_yml_has_its_model(project: Any) -> None:
    files = project.find("dbt_project/models", "*.yml")
    alone = {project.name(path) for path in files if not path.with_suffix(".sql").exists()}
    texts = {name: (project.root / name).read_text("utf-8") for name in alone}
    declared = {name for name, text in texts.items() if "sources:" in text or "exposures:" in text}
    assert sorted(alone - declared) == []


def test_each_seed_has_its_yml_with_an_origin(project: Any) -> None:
    seeds = project.find("seeds", "*.csv")
    assert [path.name for path in seeds if not path.with_suffix(".yml").exists()] == []


def test_each_published_table_has_its_suite(project: Any) -> None:
    suites = {path.stem for path in (project.root / "expectations").glob("*.y*ml")} - {"catalogue"}
    assert _published(project)
    assert suites == _published(project)


def test_what_is_published_is_exposed(project: Any) -> None:
    content = yaml.safe_load((project.root / "dbt_project/models/exposures.yml").read_text("utf-8"))
    models = {name for name in _published(project) if (project.root / f"dbt_project/models/marts/{name}.yml").exists()}
    exposed = [set(exposure["depends_on"]) for exposure in content["exposures"]]
    # The truth behind what is protected bears the published name and is not exposed.
    assert exposed == [{f"ref('{name}')" for name in models - {"fct_credit_month"}}] * 2


def _published(project: Any) -> set[str]:
    """Names of the models whose .yml says that they are published, and the names that they are published as."""
    files = chain((project.root / "dbt_project/models").rglob("*.yml"), (project.root / "seeds").glob("*.yml"))
    nodes: list[dict[str, Any]] = [
        node
        for path in files
        for content in [yaml.safe_load(path.read_text("utf-8")) or {}]
        for node in [*content.get("models", []), *content.get("seeds", [])]
    ]
    found = [(node["name"], ((node.get("config") or {}).get("meta") or {}).get("published")) for node in nodes]
    return {each for name, published in found if published is not None for each in (name, published.get("as", name))}


def test_decisions_are_numbered_one_after_the_other(project: Any) -> None:
    pages = [page for page in project.find("docs/decisions", "*.md") if page.name != "README.md"]
    assert sorted(int(page.name[:4]) for page in pages) == list(range(1, len(pages) + 1))
    assert [page.name for page in pages if not page.read_text("utf-8").startswith(f"# {int(page.name[:4])}. ")] == []


def test_each_decision_is_linked(project: Any) -> None:
    pages = project.find("docs/decisions", "*.md")
    linked = "\n".join(
        path.read_text("utf-8") for path in [project.root / "README.md", *(project.root / "docs").rglob("*.md")]
    )
    assert [page.name for page in pages if page.name != "README.md" and f"{page.name})" not in linked] == []
