"""The linear programmes of the gate: what is told is found, what is not proven is not taken for safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vwu.gate.attack import MOST_CELLS, Cell, UnsolvedError, too_narrow

SMALL, LARGE = Cell("a block", (), 50.0, 60.0), Cell("a block", (), 80.0, 85.0)


def test_two_cells_of_a_block_hide_each_other() -> None:
    assert too_narrow([SMALL, LARGE], 30) == []


def test_a_cell_beside_its_own_total_is_seen_through() -> None:
    alone = replace(SMALL, sums=(1,))
    assert too_narrow([alone, LARGE], 30) == [alone, LARGE]


def test_sums_that_cut_two_blocks_tell_by_their_difference() -> None:
    """Block 1 = a + b, block 2 = c + d; a + c and a + c + d are stated: d, and with it c, a and b follow."""
    cells = [
        Cell("1", (1, 2), 10.0, 12.0),
        Cell("1", (), 20.0, 24.0),
        Cell("2", (1, 2), 30.0, 36.0),
        Cell("2", (2,), 40.0, 48.0),
    ]
    assert too_narrow(cells, 30) == cells
    one_sum = [replace(cell, sums=tuple(number for number in cell.sums if number == 1)) for cell in cells]
    assert too_narrow(one_sum, 30) == []


def test_what_is_withheld_altogether_may_be_anything() -> None:
    assert too_narrow([replace(SMALL, block=None)], 30) == []


@pytest.mark.parametrize(("cells", "seconds"), [([SMALL, LARGE], 0.0), ([SMALL] * (MOST_CELLS + 1), 30.0)])
def test_what_is_not_solved_is_not_safe(cells: list[Cell], seconds: float) -> None:
    with pytest.raises(UnsolvedError):
        too_narrow(cells, seconds)
