"""A keyed token in place of an identity (ARCHITECTURE D9): HMAC-SHA256 (RFC 2104), its first 16 bytes as a UUID.

The id space is small, so a plain hash could be turned back by trying all ids; without the key a token cannot. The key
comes as an argument, is bound to the engine's memory for the while of one landing, and is in no SQL text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BLOCK = 64
_SEPARATOR = "\x1f"


def citizen_token(key: bytes, citizen_id: str) -> UUID:
    """The token of a person, the same in every bank."""
    return UUID(bytes=hmac.digest(key, f"citizen{_SEPARATOR}{citizen_id}".encode(), "sha256")[:16])


def key_id(key: bytes) -> str:
    """Which key made a token: eight hexadecimal digits that say nothing else about the key."""
    return hmac.digest(key, b"key id", "sha256").hex()[:8]


CITIZEN_TOKEN = "citizen_token_of(citizen_id)"  # noqa: S105  # SQL, no password
"""SQL of the token, as 32 hexadecimal digits, inside `token_function`."""


@contextmanager
def token_function(engine: DuckDBPyConnection, key: bytes) -> Iterator[None]:
    """Lend the engine the key: within, CITIZEN_TOKEN can be computed in its SQL.

    HMAC is two nested digests over the key mixed with two constants; the engine has the digest but not the HMAC.
    """
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    engine.execute("set variable inner_pad = ?", [bytes(byte ^ 0x36 for byte in block)])
    engine.execute("set variable outer_pad = ?", [bytes(byte ^ 0x5C for byte in block)])
    engine.execute(
        """create or replace temp macro token_of(message) as
           left(sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(message)))), 32)"""
    )
    engine.execute(
        "create or replace temp macro citizen_token_of(citizen_id) as token_of('citizen' || chr(31) || citizen_id)"
    )
    try:
        yield
    finally:
        engine.execute("reset variable inner_pad")
        engine.execute("reset variable outer_pad")
