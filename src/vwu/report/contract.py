"""`datacontract.yaml`: what readers of `published` may rely on, as an Open Data Contract (ODCS 3.0.2).

Made from the database's own views and their comments, like the dictionary, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vwu.report.package import ViewColumn
    from vwu.rollup import Release

# PostgreSQL's types in the words of ODCS.
_LOGICAL = {
    "bigint": "integer", "integer": "integer", "smallint": "integer", "numeric": "number", "boolean": "boolean",
    "date": "date", "timestamp with time zone": "date", "jsonb": "object",
}  # fmt: skip


def data_contract(columns: Iterable[ViewColumn], release: Release) -> str:
    """The contract as YAML; host and credentials are left to whoever reads (`vwu dsn --role bi_reader`)."""
    import yaml

    views: dict[str, list[ViewColumn]] = {}
    for column in columns:
        views.setdefault(column.view, []).append(column)
    contract = {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": "vwu-published",
        "name": "Kho dữ liệu Hội Liên hiệp Phụ nữ Việt Nam · Vietnam Women's Union warehouse",
        "version": release.code_version,
        "status": "active",
        "description": {
            "purpose": "Figures of programmes and entrusted credit · Số liệu chương trình và tín dụng",
            "limitations": "Columns may be added, never renamed or removed without a new major version. "
            "One statement sees one release; pin it for several: set local vwu.release = '…'.",
            "usage": "Read as bi_reader.",
        },
        "servers": [
            {
                "server": "published",
                "type": "postgres",
                "host": "127.0.0.1",
                "port": 5432,
                "database": "vwu",
                "schema": "published",
            }
        ],
        "schema": [_view(name, own) for name, own in sorted(views.items())],
    }
    return yaml.safe_dump(contract, allow_unicode=True, sort_keys=False, width=120)


def _view(name: str, columns: Iterable[ViewColumn]) -> dict[str, Any]:
    return {
        "name": name,
        "physicalName": name,
        "physicalType": "view",
        "logicalType": "object",
        "properties": [
            {
                "name": column.name,
                "logicalType": _LOGICAL.get(column.data_type, "string"),
                "physicalType": column.data_type,
            }
            | ({"description": column.comment} if column.comment else {})
            for column in columns
        ],
    }
