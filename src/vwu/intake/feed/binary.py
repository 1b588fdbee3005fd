"""Arrow columns as rows of PostgreSQL's binary COPY format, without a loop over rows.

Rows whose cells have the same lengths have one shape: they are laid out as one array of fixed-width records, column by
column. A feed has few shapes, since its codes and ids have few lengths; with many it is slower, and still right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = -1
_EPOCH = (date(2000, 1, 1) - date(1970, 1, 1)).days  # PostgreSQL's day 0, in days of Arrow
_RATE_SCALE = 4
_MOST_SHAPES = 1 << 40  # below it, the number of a shape fits into 64 bits whatever column comes next


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column: the length of each cell in bytes (_NULL for null), and how to take the cells of one length."""

    lengths: np.ndarray[Any, Any]
    take: Callable[[Any, int], np.ndarray[Any, Any]]


def encode(columns: Sequence[pa.Array]) -> Iterator[memoryview]:
    """The tuples of these columns, as a few buffers; the order of the rows is lost.

    Text, whole numbers of 4 and 8 bytes, dates, UUIDs, and rates with four decimals. Raises TypeError for others.
    """
    cells = [_cells_of(column) for column in columns]
    for rows in _shapes([each.lengths for each in cells]):
        yield _records(cells, rows)


def _shapes(lengths: Sequence[np.ndarray[Any, Any]]) -> Iterator[Any]:
    """The rows of each shape, as an index into the columns."""
    import numpy as np

    shape, count = np.zeros(len(lengths[0]), np.int64), 1
    for each in lengths:
        low, span = int(each.min()), int(each.max()) - int(each.min()) + 1
        if span > 1:
            shape, count = shape * span + (each - low), count * span
            if count > _MOST_SHAPES:
                shape = np.unique(shape, return_inverse=True)[1]
                count = len(shape)
    if count == 1:
        yield slice(None)
        return
    order = np.argsort(shape, kind="stable")
    starts = np.flatnonzero(np.diff(shape[order], prepend=-1))
    yield from np.split(order, starts[1:])


def _records(cells: Sequence[_Cells], rows: Any) -> memoryview:
    import numpy as np

    taken: list[np.ndarray[Any, Any] | None] = []
    fields: list[tuple[str, str]] = [("count", ">i2")]
    lengths = [int(each.lengths[rows][0]) for each in cells]
    for number, (each, length) in enumerate(zip(cells, lengths, strict=True)):
        fields.append((f"length{number}", ">i4"))
        taken.append(each.take(rows, length) if length > 0 else None)
        if length > 0:
            fields.append((f"cell{number}", f"V{length}"))
    records = np.empty(len(cells[0].lengths[rows]), np.dtype(fields))
    records["count"] = len(cells)
    for number, (values, length) in enumerate(zip(taken, lengths, strict=True)):
        records[f"length{number}"] = length
        if values is not None:
            records[f"cell{number}"] = values.view(f"V{length}")
    return records.view(np.uint8).data


def _cells_of(column: pa.Array) -> _Cells:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _codes(column)
    if pa.types.is_string(kind):
        return _texts(column)
    if isinstance(kind, pa.UuidType):
        return _fixed(column, column.storage, "V16", 16)
    if pa.types.is_int64(kind) or pa.types.is_int32(kind):
        width = kind.bit_width // 8
        return _fixed(column, column, f"i{width}", width, lambda values: values.astype(f">i{width}"))
    if pa.types.is_date32(kind):
        return _fixed(column, column, "i4", 4, lambda values: (values - _EPOCH).astype(">i4"))
    if pa.types.is_decimal(kind) and kind.scale == _RATE_SCALE:
        return _fixed(column, column, "i8", 12, _as_numeric)
    raise TypeError(f"no binary form is known of {kind}")


def _fixed(
    column: pa.Array,
    storage: pa.Array,
    stored: str,
    length: int,
    convert: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] = lambda values: values,
) -> _Cells:
    """Cells that are stored side by side as this numpy type."""
    import numpy as np

    buffer = np.frombuffer(storage.buffers()[1], np.uint8)
    width = storage.type.byte_width
    values = buffer[storage.offset * width : (storage.offset + len(storage)) * width].view(f"V{width}")
    # The low half of a 16-byte decimal says all of a rate.
    values = values.view(stored) if np.dtype(stored).itemsize == width else values.view(np.int64)[::2]
    return _Cells(_with_nulls(column, np.full(len(column), length)), lambda rows, _: convert(values[rows]))


def _as_numeric(rates: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """PostgreSQL's numeric: number of digits to the base 10000, weight of the first, sign, decimals, the digits."""
    import numpy as np

    digits = np.zeros((len(rates), 6), ">i2")
    digits[:, 0], digits[:, 3] = 2, _RATE_SCALE
    digits[:, 4], digits[:, 5] = rates // 10**_RATE_SCALE, rates % 10**_RATE_SCALE
    return digits.view("V12")[:, 0]


def _texts(column: pa.Array) -> _Cells:
    import numpy as np

    _, ends, content = column.buffers()
    offsets = np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
    characters = np.frombuffer(content or b"", np.uint8)

    def take(rows: Any, length: int) -> np.ndarray[Any, Any]:
        if isinstance(rows, slice):  # all of them, side by side
            whole: np.ndarray[Any, Any] = characters[offsets[0] : offsets[0] + length * len(column)]
            return whole.view(f"V{length}")
        places = offsets[:-1][rows][:, None] + np.arange(length, dtype=np.int32)
        taken: np.ndarray[Any, Any] = characters[places].view(f"V{length}")
        return taken[:, 0]

    return _Cells(_with_nulls(column, np.diff(offsets)), take)


def _codes(column: pa.DictionaryArray) -> _Cells:
    """A closed list: the texts once, and for each cell which one."""
    import numpy as np

    texts = [text.encode() for text in column.dictionary.to_pylist()]
    table, lengths = np.array(texts), np.array([len(text) for text in texts])
    indices = column.indices
    stored = np.frombuffer(indices.buffers()[1], f"u{indices.type.byte_width}")
    codes = stored[indices.offset : indices.offset + len(indices)]
    if column.null_count:
        codes = np.where(_is_null(column), 0, codes)
    return _Cells(_with_nulls(column, lengths[codes]), lambda rows, length: table[codes[rows]].astype(f"S{length}"))


def _with_nulls(column: pa.Array, lengths: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.where(_is_null(column), _NULL, lengths) if column.null_count else lengths


def _is_null(column: pa.Array) -> np.ndarray[Any, Any]:
    """From the bitmap itself: Arrow's own functions load pandas, which takes longer than a whole feed is encoded in."""
    import numpy as np

    bits = np.unpackbits(np.frombuffer(column.buffers()[0], np.uint8), bitorder="little")
    return np.logical_not(bits[column.offset : column.offset + len(column)])
