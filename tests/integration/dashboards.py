"""The dashboards of bi/assets as data, and what of them can be wrong without Superset."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Dashboards:
    """Each kind of asset by its uuid."""

    datasets: dict[str, Any]
    charts: dict[str, Any]
    dashboards: dict[str, Any]


def read_dashboards(root: Path) -> Dashboards:
    """Every asset of bi/assets."""

    def kind(name: str) -> dict[str, Any]:
        found = [yaml.safe_load(path.read_text("utf-8")) for path in (root / "bi" / "assets" / name).rglob("*.yaml")]
        return {each["uuid"]: each for each in found}

    return Dashboards(kind("datasets"), kind("charts"), kind("dashboards"))


def names_of(query: dict[str, Any]) -> set[str]:
    """Every column and metric that a chart's query names."""
    columns = [each if isinstance(each, str) else each["sqlExpression"] for each in query["columns"]]
    return {
        *columns,
        *query.get("metrics", []),
        *(name for name, _ in query.get("orderby", [])),
        *(each["col"] for each in query["filters"]),
    }


def queries_of(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The queries that the chart's saved context asks."""
    queries: list[dict[str, Any]] = json.loads(chart["query_context"])["queries"]
    return queries


def relations_of(sql: str) -> set[str]:
    """Every relation of a schema that a text of SQL reads."""
    return set(re.findall(r"(?:from|join)\s+(\w+\.\w+)", sql))
