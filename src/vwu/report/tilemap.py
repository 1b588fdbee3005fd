"""The tile map of today's 34 provinces with Hoàng Sa and Trường Sa, as SVG drawn here: no library, no request.

The layout (`seeds/tile_grid.csv`) was drawn for this product. The archipelago tiles take their province's colour and
carry no number of their own. Colour is never the only sign: each tile says its state in words and in a mark.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from vwu.report.wording import Words

_WIDTH, _HEIGHT, _GAP = 74, 48, 5
_LINE = 13  # from one line of text to the next
_KINDS = ("Tỉnh ", "Thành phố ", "Quần đảo ")


@dataclass(frozen=True, slots=True)
class Tile:
    """One place of the grid; an archipelago has a `tile_code` other than its province's code."""

    tile_code: str
    region_code: str
    name_vi: str
    row: int
    column: int

    @property
    def is_archipelago(self) -> bool:
        return self.tile_code != self.region_code


@dataclass(frozen=True, slots=True)
class TileState:
    """How a province is shown: a class of the page's style sheet, a short mark, and the state in words."""

    css_class: str
    mark: str
    words: Words


def read_grid(path: Path) -> tuple[Tile, ...]:
    """The tiles of `seeds/tile_grid.csv`, in its order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Tile(row["tile_code"], row["region_code"], row["name_vi"], int(row["grid_row"]), int(row["grid_col"]))
            for row in csv.DictReader(lines)
        )


def draw(tiles: Sequence[Tile], states: Mapping[str, TileState], unknown: TileState, title: Words) -> str:
    """The map as one `svg` element with a description; provinces without a state are shown as `unknown`."""
    width = max(tile.column for tile in tiles) * (_WIDTH + _GAP)
    height = max(tile.row for tile in tiles) * (_HEIGHT + _GAP)
    drawn = "".join(_tile(tile, states.get(tile.region_code, unknown)) for tile in tiles)
    return (
        f'<svg class="tiles" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title.vi)}">'
        f"<desc>{escape(title.vi)} · {escape(title.en)}</desc>{drawn}</svg>"
    )


def _tile(tile: Tile, state: TileState) -> str:
    left, top = (tile.column - 1) * (_WIDTH + _GAP), (tile.row - 1) * (_HEIGHT + _GAP)
    lines = [(line, "") for line in _name_lines(tile.name_vi)]
    lines += [(state.mark, ' class="mark"')] if state.mark and not tile.is_archipelago else []
    first = top + (_HEIGHT - _LINE * len(lines)) / 2 + 10.5
    texts = "".join(
        f'<text{css} x="{left + _WIDTH / 2:g}" y="{first + _LINE * number:g}">{escape(line)}</text>'
        for number, (line, css) in enumerate(lines)
    )
    kind = "tile islands" if tile.is_archipelago else "tile"
    return (
        f'<g class="{kind} {state.css_class}"><title>{escape(tile.name_vi)}: {escape(state.words.vi)} · '
        f'{escape(state.words.en)}</title><rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f"{texts}</g>"
    )


def _name_lines(name: str) -> tuple[str, ...]:
    """A name without its kind, on two lines where it is long (`Hồ Chí / Minh`); an archipelago without its province."""
    short = name.split(" (")[0]
    for kind in _KINDS:
        short = short.removeprefix(kind)
    if len(short) <= 8:
        return (short,)
    *head, tail = short.split(" ")
    return " ".join(head), tail
