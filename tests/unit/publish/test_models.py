"""Publication is read from dbt's manifest; what is unclear there is refused, not guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vwu.publish.models import Column, ManifestError, load_models, published_models
from vwu.settings import SettingsError, load_settings


def node(name: str = "fct_a", published: Any = None, **more: Any) -> dict[str, Any]:
    meta = {"vi": "Về"} | ({} if published is None else {"published": published})
    columns = {
        "a_key": {"description": "Key ", "config": {"meta": {"vi": "Khóa"}}},
        "value": {"description": "Value"},
    }
    return {
        "resource_type": "model", "name": name, "schema": "marts", "description": "About",
        "config": {"meta": meta}, "columns": columns,
    } | more  # fmt: skip


def manifest(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"nodes": {f"model.vwu.{number}": each for number, each in enumerate(nodes)}}


def test_only_what_says_so_is_published_and_all_of_it_is_read() -> None:
    published = {"part_by": ["a_key"], "key": ["a_key"], "indexes": [["value"]]}
    [model] = published_models(manifest(node("int_b"), node(published=published)))
    assert (model.name, model.schema, model.part_by, model.key, model.indexes) == (
        "fct_a", "marts", ("a_key",), ("a_key",), (("value",),),
    )  # fmt: skip
    assert model.columns == (Column("a_key", "Key", "Khóa"), Column("value", "Value", ""))
    assert model.comment == "About · Về"
    assert [column.comment for column in model.columns] == ["Key · Khóa", "Value"]


def test_the_key_is_the_contracts_primary_key_unless_said_otherwise() -> None:
    constraint = {"constraints": [{"type": "primary_key", "columns": ["a_key", "value"]}]}
    [model] = published_models(manifest(node(published={"part_by": []}, **constraint)))
    assert model.key == ("a_key", "value")


@pytest.mark.parametrize("published", [True, [], {"part_by": "a_key"}, {}])
def test_unclear_publication_is_refused(published: Any) -> None:
    with pytest.raises(ManifestError, match="fct_a"):
        published_models(manifest(node(published=published)))


def test_a_part_by_column_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(ManifestError, match="'month'"):
        published_models(manifest(node(published={"part_by": ["month"]})))


def test_a_manifest_with_nothing_to_publish_is_refused() -> None:
    with pytest.raises(ManifestError, match="nothing to publish"):
        published_models(manifest(node()))


def test_without_a_build_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="vwu build"):
        load_models(load_settings({"VWU_HOME": str(tmp_path)}))
