"""Which models are published and what is said of them, read from dbt's manifest so that nothing can drift apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vwu.language import phrase
from vwu.settings import Settings, SettingsError


class PublishError(Exception):
    """Nothing was published; the message says why and what to do."""


class ManifestError(PublishError):
    """The manifest or a mart is not what publishing needs; the message names the model and the remedy."""


@dataclass(frozen=True)
class Column:
    """One column as the model's yml describes it."""

    name: str
    description_en: str = ""
    description_vi: str = ""

    @property
    def comment(self) -> str:
        return " · ".join(text for text in (self.description_en, self.description_vi) if text)


@dataclass(frozen=True)
class PublishedModel:
    """A mart that people read. `part_by` names the columns that cut it into parts; empty means one part.

    `relation` is the mart whose rows are published as `name`: another one where what is published is protected.
    """

    name: str
    schema: str
    relation: str
    part_by: tuple[str, ...]
    key: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    columns: tuple[Column, ...] = ()
    description: str = ""
    description_vi: str = ""

    @property
    def comment(self) -> str:
        return " · ".join(text for text in (self.description, self.description_vi) if text)


def manifest_path(settings: Settings) -> Path:
    """Where the build leaves dbt's manifest."""
    return settings.home / "dbt" / "target" / "manifest.json"


def load_models(settings: Settings) -> tuple[PublishedModel, ...]:
    """The published models of the last build. Raises SettingsError when nothing was built yet."""
    path = manifest_path(settings)
    if not path.exists():
        raise SettingsError(
            phrase(
                f"chưa dựng gì (thiếu {path}): hãy chạy `vwu build` trước",
                f"nothing is built yet ({path} is missing): run `vwu build` first",
            )
        )
    return published_models(json.loads(path.read_text("utf-8")))


def published_models(manifest: Mapping[str, Any]) -> tuple[PublishedModel, ...]:
    """Every model with `meta.published`, by name. Raises ManifestError when there is none or one is unclear."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    models = [_model(node) for node in nodes if _meta(node).get("published") is not None]
    if not models:
        raise ManifestError(
            phrase(
                "không mô hình nào trong manifest có `meta: {published: …}`: không có gì để công bố",
                "no model of the manifest says `meta: {published: …}`: there is nothing to publish",
            )
        )
    return tuple(sorted(models, key=lambda model: model.name))


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """`meta` of a node or column, wherever this dbt version keeps it."""
    meta: Mapping[str, Any] = node.get("config", {}).get("meta") or node.get("meta") or {}
    return meta


def _model(node: Mapping[str, Any]) -> PublishedModel:
    name, published = node["name"], _meta(node)["published"]
    if not isinstance(published, Mapping) or not isinstance(published.get("part_by"), list):
        raise ManifestError(
            phrase(
                f"mô hình {name}: hãy ghi `meta: {{published: {{part_by: [các cột…]}}}}`; [] nghĩa là một phần",
                f"model {name}: write `meta: {{published: {{part_by: [columns…]}}}}`; [] means one part",
            )
        )
    columns = tuple(_column(name, text) for name, text in node.get("columns", {}).items())
    unknown = {*published["part_by"], *published.get("key", [])} - {column.name for column in columns}
    if unknown and columns:
        raise ManifestError(
            phrase(
                f"mô hình {name}: part_by hoặc key nêu những cột mà tệp yml không có: {sorted(unknown)}",
                f"model {name}: part_by or key names columns that its yml does not: {sorted(unknown)}",
            )
        )
    return PublishedModel(
        name=published.get("as", name),
        schema=node["schema"],
        relation=name,
        part_by=tuple(published["part_by"]),
        key=tuple(published.get("key") or _primary_key(node)),
        indexes=tuple(tuple(index) for index in published.get("indexes", [])),
        columns=columns,
        description=node.get("description", "").strip(),
        description_vi=str(_meta(node).get("vi", "")).strip(),
    )


def _column(name: str, text: Mapping[str, Any]) -> Column:
    return Column(name, text.get("description", "").strip(), str(_meta(text).get("vi", "")).strip())


def _primary_key(node: Mapping[str, Any]) -> list[str]:
    """Columns of the contract's primary key, on the model or on one column; empty when there is none."""
    for constraint in node.get("constraints", []):
        if constraint["type"] == "primary_key":
            return list(constraint["columns"])
    for name, column in node.get("columns", {}).items():
        if any(constraint["type"] == "primary_key" for constraint in column.get("constraints", [])):
            return [name]
    return []
