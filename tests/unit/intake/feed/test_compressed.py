"""Compressed feeds that are damaged, or that unpack to far more than a machine holds: refused, in little memory."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import zstandard

from vwu.catalogue import Catalogue
from vwu.intake.feed.check import check_feed

OPEN: dict[str, Callable[..., Any]] = {".csv.gz": gzip.open, ".csv.zst": zstandard.open}
_MEGABYTE = 1 << 20
# So many empty lines would be slow to go through one by one.
_UNPACKED, _EMPTY = 320, 40
SEEDS = Path(__file__).parents[4] / "seeds"
_MOST_MEMORY = 250
_CHECK = """
import json, re, sys
from datetime import date
from pathlib import Path
from vwu.catalogue import load_catalogue
from vwu.intake.feed.check import check_feed
path = Path(sys.argv[1])
control = path.with_name(path.name + ".control.json").read_bytes()
with check_feed(path, control, load_catalogue(Path(sys.argv[2])), date(2024, 2, 5)) as checked:
    found = [(each.rule_id, each.position) for each in checked.findings]
# Not ru_maxrss, which begins with the memory of the process that started this one.
most = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps([found, most]))
"""


@pytest.mark.parametrize("suffix", sorted(OPEN))
def test_a_flipped_bit_never_passes(suffix: str, make_feed: Any, tmp_path: Path, catalogue: Catalogue) -> None:
    feed = make_feed("loan")
    feed.name = f"feed{suffix}"
    path, control = feed.write(tmp_path)
    whole = path.read_bytes()
    drawn = random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[drawn.randrange(len(whole))] ^= 1 << drawn.randrange(8)
        path.write_bytes(damaged)
        with check_feed(path, control, catalogue, date(2024, 2, 5)) as checked:
            assert any(each.severity == "error" for each in checked.findings)


def _zeros(_: bytes) -> Iterator[bytes]:
    yield from (bytes(_MEGABYTE) for _ in range(_UNPACKED))


def _one_line(header: bytes) -> Iterator[bytes]:
    yield header
    yield from (b"a" * _MEGABYTE for _ in range(_UNPACKED))


def _empty_lines(header: bytes) -> Iterator[bytes]:
    yield header
    yield from (b"\n" * _MEGABYTE for _ in range(_EMPTY))


BOMBS = [
    pytest.param(_zeros, "FEED_COLUMN_UNKNOWN", ":1", id="zeros"),
    pytest.param(_one_line, "FEED_LINE_BROKEN", ":2", id="one line"),
    pytest.param(_empty_lines, "FEED_UNREADABLE", "", id="empty lines", marks=pytest.mark.campaign),
]


@pytest.mark.parametrize("suffix", sorted(OPEN))
@pytest.mark.parametrize(("content", "rule_id", "place"), BOMBS)
def test_a_bomb_is_refused_in_little_memory(
    content: Callable[[bytes], Iterator[bytes]], rule_id: str, place: str, suffix: str, make_feed: Any, tmp_path: Path
) -> None:
    """A process of its own says what it found, and how much memory it took at most."""
    feed = make_feed("group")
    feed.name = f"feed{suffix}"
    path, _ = feed.write(tmp_path)
    with OPEN[suffix](path, "wb") as target:
        for part in content(feed.text().splitlines(keepends=True)[0]):
            target.write(part)
    assert path.stat().st_size < 3 * _MEGABYTE
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, str(path), str(SEEDS)], capture_output=True, check=True, text=True
    )
    found, megabytes = json.loads(done.stdout)
    assert [rule_id, f"{path.name}{place}"] in found
    assert megabytes < _MOST_MEMORY
