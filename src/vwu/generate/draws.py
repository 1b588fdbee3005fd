"""Chance that is none: numbers drawn in SQL from a seed, a name and a key, the same on every machine, in any order.

DuckDB's own `hash` may change with its version; this is arithmetic on 64 bits (two rounds of the multiply-and-fold of
wyhash), whose constants come from the SHA-256 of seed and name. Measured: some 15 ns a draw and core.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FIRST, _SECOND = 11_400_714_819_323_198_485, 15_755_334_117_463_894_493


def prepare_draws(engine: DuckDBPyConnection) -> None:
    """Define the macros that `draw` uses."""
    engine.execute(
        """create or replace macro fold(x, c) as
           xor(((x::uhugeint * c) & 18446744073709551615)::ubigint, ((x::uhugeint * c) >> 64)::ubigint)"""
    )
    engine.execute(
        f"""create or replace macro mix(key, salt) as
            fold(xor(fold(xor(key::ubigint, salt), {_FIRST}::ubigint), salt), {_SECOND}::ubigint)"""
    )


def draw(seed: int, name: str, key: str) -> str:
    """SQL of 64 bits (ubigint) for a key, which is SQL of a whole number of zero or more."""
    salt = int.from_bytes(hashlib.sha256(f"{seed}|{name}".encode()).digest()[:8], "big") | 1
    return f"mix({key}, {salt}::ubigint)"


def part(word: str, shift: int, size: int) -> str:
    """SQL of a number from 0 to size - 1 out of 16 bits of a drawn word (at shift 0, 16, 32 or 48)."""
    return f"((({word} >> {shift}) & 65535) % {size})::bigint"
