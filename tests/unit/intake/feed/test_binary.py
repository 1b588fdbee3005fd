"""What is encoded is what PostgreSQL's own description of the format reads back, whatever the shapes of the rows."""

from __future__ import annotations

import struct
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwu.intake.feed.binary import encode
from vwu.intake.feed.table import open_engine

LIST = "enum('active', 'paid', 'Đủ')"
ROW = st.tuples(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=9),
    st.none() | st.sampled_from(["TO1", "TO22", ""]),
    st.none() | st.sampled_from(["active", "paid", "Đủ"]),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(0, 2**31 - 1),
    st.none() | st.dates(date(1850, 1, 1), date(2200, 12, 31)),
    st.uuids(),
    st.decimals(0, 100, places=4),
)
READERS = (
    bytes.decode,
    bytes.decode,
    bytes.decode,
    lambda cell: struct.unpack(">q", cell)[0],
    lambda cell: struct.unpack(">i", cell)[0],
    lambda cell: date(2000, 1, 1) + timedelta(struct.unpack(">i", cell)[0]),
    lambda cell: UUID(bytes=cell),
    lambda cell: _numeric(*struct.unpack(">hhhhhh", cell)),
)


def _numeric(count: int, weight: int, sign: int, scale: int, whole: int, decimals: int) -> Decimal:
    assert (count, weight, sign, scale) == (2, 0, 0, 4)
    return whole + Decimal(decimals).scaleb(-4)


def _read(encoded: bytes) -> list[tuple[Any, ...]]:
    rows, place = [], 0
    while place < len(encoded):
        (count,) = struct.unpack_from(">h", encoded, place)
        assert count == len(READERS)
        place += 2
        row = []
        for read in READERS:
            (length,) = struct.unpack_from(">i", encoded, place)
            place += 4
            row.append(None if length == -1 else read(encoded[place : place + length]))
            place += max(length, 0)
        rows.append(tuple(row))
    return rows


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=1, max_size=60))
def test_each_row_is_there_once_and_whole(rows: list[tuple[Any, ...]]) -> None:
    with open_engine() as engine:
        engine.execute(
            f"""create table sent (name varchar, team varchar, status {LIST}, amount bigint, days integer, born date,
                token uuid, rate decimal(9, 4))"""
        )
        engine.executemany("insert into sent values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        for size in (7, 1000):  # a batch may begin anywhere in its buffers
            batches = engine.sql("from sent").to_arrow_reader(size)
            encoded = [b"".join(encode(batch.columns)) for batch in batches]
            assert Counter(_read(b"".join(encoded))) == Counter(rows)


def test_a_part_of_a_batch_is_encoded_as_if_it_were_all() -> None:
    rows = [(f"n{number}", None if number % 3 else "T", "paid", number, None, None, UUID(int=number), Decimal("6.6000"))
            for number in range(50)]  # fmt: skip
    with open_engine() as engine:
        engine.execute(
            f"""create table sent (name varchar, team varchar, status {LIST}, amount bigint, days integer, born date,
                token uuid, rate decimal(9, 4))"""
        )
        engine.executemany("insert into sent values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        (batch,) = engine.sql("from sent").to_arrow_reader(1000)
    assert Counter(_read(b"".join(encode(batch.slice(13, 21).columns)))) == Counter(rows[13:34])


def test_more_shapes_than_fit_into_a_number_are_still_told_apart() -> None:
    """Thirty columns of texts of 1 to 40 bytes."""
    with open_engine() as engine:
        columns = ", ".join(f"repeat('x', (i * {number + 7} % 40 + 1)::bigint) as c{number}" for number in range(30))
        (batch,) = engine.sql(f"select {columns} from range(90) as number (i)").to_arrow_reader(1000)
        encoded = b"".join(encode(batch.columns))
    assert len(encoded) == sum(2 + sum(4 + i * (number + 7) % 40 + 1 for number in range(30)) for i in range(90))


def test_a_type_without_a_form_is_refused() -> None:
    with open_engine() as engine:
        (batch,) = engine.sql("select [1, 2] as list").to_arrow_reader(10)
        with pytest.raises(TypeError, match="no binary form"):
            list(encode(batch.columns))
