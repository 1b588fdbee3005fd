"""What is said of a report view's columns: the words of the column that each comes from."""

from __future__ import annotations

import pytest

from vwu.publish.models import Column, PublishedModel, PublishError
from vwu.publish.storage import report_comments

MODELS = (
    PublishedModel("fct_x", "marts", "fct_x", (), columns=(Column("value", "What was said", "Số đã báo"),)),
    PublishedModel("dim_region", "marts", "dim_region", (), columns=(Column("region_code", "Official code", "Mã"),)),
)
VIEW = """create or replace view published.report_x as
select
    x.value,
    province.region_code as province_code,
    x.release_id
from published.fct_x as x
left join published.dim_region as province on province.region_key = x.region_key;
"""


def test_a_dimensions_column_says_whose_it_is() -> None:
    assert report_comments(VIEW, MODELS) == {
        "value": "What was said · Số đã báo",
        "province_code": "Province: Official code · Tỉnh, thành phố: Mã",
        "release_id": "Release that the row is read from · Bản phát hành",
    }


def test_a_column_that_nobody_described_is_not_published() -> None:
    with pytest.raises(PublishError, match=r"fct_x\.other is published and described nowhere"):
        report_comments(VIEW.replace("x.value", "x.other"), MODELS)
