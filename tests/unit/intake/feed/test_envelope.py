"""The envelope gives back what it was given, or refuses."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.intake.feed.envelope import EnvelopeError, decrypt, encrypt

KEY = bytes(range(32))
CHUNK = 1 << 20


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(content), target, key)
    return target.getvalue()


def opened(envelope: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    decrypt(io.BytesIO(envelope), target, key)
    return target.getvalue()


@given(st.binary(max_size=200))
def test_round_trip(content: bytes) -> None:
    assert opened(sealed(content)) == content


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_round_trip_at_the_edges_of_chunks(size: int) -> None:
    content = os.urandom(size)
    assert opened(sealed(content)) == content


def test_the_same_content_is_never_sealed_the_same() -> None:
    assert sealed(b"x" * 100) != sealed(b"x" * 100)


def test_nothing_of_the_content_shows() -> None:
    assert b"022187654389" not in sealed(b"022187654389," * 50)


def test_every_changed_byte_is_noticed() -> None:
    envelope = sealed(b"022187654389")
    for place in range(len(envelope)):
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises(EnvelopeError):
            opened(bytes(changed))


def test_every_truncation_is_noticed() -> None:
    envelope = sealed(b"022187654389")
    for size in range(len(envelope)):
        with pytest.raises(EnvelopeError):
            opened(envelope[:size])


def test_a_chunk_left_out_or_moved_is_noticed() -> None:
    envelope = sealed(os.urandom(3 * CHUNK))
    head, size = 68, 4 + CHUNK + 16
    chunks = [envelope[head + number * size : head + (number + 1) * size] for number in range(3)]
    assert b"".join([envelope[:head], *chunks]) == envelope
    for order in ([0, 2], [0, 1], [1, 0, 2], [0, 0, 1, 2], [2]):
        with pytest.raises(EnvelopeError):
            opened(envelope[:head] + b"".join(chunks[number] for number in order))


def test_bytes_behind_the_end_are_noticed() -> None:
    with pytest.raises(EnvelopeError, match="behind the end"):
        opened(sealed(b"abc") + b"\0")


def test_another_master_key_does_not_open_it() -> None:
    with pytest.raises(EnvelopeError, match="another master key"):
        opened(sealed(b"abc"), bytes(32))


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_master_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sealed(b"abc", bytes(size))


def test_memory_is_constant(tmp_path: Path) -> None:
    plain, envelope, back = tmp_path / "plain", tmp_path / "envelope", tmp_path / "back"
    plain.write_bytes(b"0123456789abcdef" * (40 * CHUNK // 16))
    tracemalloc.start()
    with plain.open("rb") as source, envelope.open("wb") as target:
        encrypt(source, target, KEY)
    with envelope.open("rb") as source, back.open("wb") as target:
        decrypt(source, target, KEY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * CHUNK
    assert back.read_bytes() == plain.read_bytes()
