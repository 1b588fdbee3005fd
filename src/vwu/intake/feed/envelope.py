"""Envelope encryption of a feed's bytes in the content store (ARCHITECTURE D9), in constant memory.

Each file has a key of its own, wrapped by the 32-byte master key. The content is cut into chunks, each sealed with
AES-256-GCM under the file's key; the nonce is the chunk's number and the last chunk is marked in its associated data,
so that a chunk that is changed, moved, left out or cut off is noticed (the STREAM construction of Hoang et al., 2015).

Layout: magic (8) | nonce of the wrap (12) | wrapped file key (48) | chunks: length of the sealed chunk (4, big endian;
the highest bit set on the last one) | sealed chunk.
"""

from __future__ import annotations

import os
import struct
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC = b"VWUENV01"
_KEY, _NONCE, _TAG = 32, 12, 16
_CHUNK = 1 << 20
_LAST = 1 << 31


class EnvelopeError(ValueError):
    """The bytes are not a whole envelope of this master key: damaged, cut short, altered, or another key."""


def encrypt(source: IO[bytes], target: IO[bytes], master_key: bytes) -> None:
    """Read plain bytes, write an envelope. Raises ValueError when the master key does not have 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    file_key, nonce = AESGCM.generate_key(_KEY * 8), os.urandom(_NONCE)
    wrapped = _master(master_key).encrypt(nonce, file_key, _MAGIC)
    target.write(_MAGIC + nonce + wrapped)
    cipher = AESGCM(file_key)
    number, chunk = 0, _read_full(source, _CHUNK)
    while True:
        following = _read_full(source, _CHUNK)
        is_last = not following
        sealed = cipher.encrypt(_nonce(number), chunk, _mark(is_last=is_last))
        target.write(struct.pack(">I", len(sealed) | (_LAST if is_last else 0)) + sealed)
        if is_last:
            return
        number, chunk = number + 1, following


def decrypt(source: IO[bytes], target: IO[bytes], master_key: bytes) -> None:
    """Read an envelope, write plain bytes. Raises EnvelopeError; then what was written must be thrown away."""
    from cryptography.exceptions import InvalidTag

    try:
        cipher = _open_file_key(source, master_key)
        number, is_last = 0, False
        while not is_last:
            sealed, is_last = _read_chunk(source)
            target.write(cipher.decrypt(_nonce(number), sealed, _mark(is_last=is_last)))
            number += 1
    except InvalidTag as error:
        raise EnvelopeError("the envelope was altered, or sealed under another master key") from error
    if source.read(1):
        raise EnvelopeError("bytes stand behind the end of the envelope")


def _open_file_key(source: IO[bytes], master_key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = _read_full(source, len(_MAGIC) + _NONCE + _KEY + _TAG)
    if len(head) != len(_MAGIC) + _NONCE + _KEY + _TAG or not head.startswith(_MAGIC):
        raise EnvelopeError("this is not an envelope of this version")
    nonce, wrapped = head[len(_MAGIC) : len(_MAGIC) + _NONCE], head[len(_MAGIC) + _NONCE :]
    return AESGCM(_master(master_key).decrypt(nonce, wrapped, _MAGIC))


def _read_chunk(source: IO[bytes]) -> tuple[bytes, bool]:
    prefix = _read_full(source, 4)
    if len(prefix) != 4:
        raise EnvelopeError("the envelope is cut short")
    (word,) = struct.unpack(">I", prefix)
    length, is_last = word & ~_LAST, bool(word & _LAST)
    if not _TAG <= length <= _CHUNK + _TAG:
        raise EnvelopeError("the envelope is damaged")
    sealed = _read_full(source, length)
    if len(sealed) != length:
        raise EnvelopeError("the envelope is cut short")
    return sealed, is_last


def _master(master_key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(master_key) != _KEY:
        raise ValueError("the master key must have 32 bytes")
    return AESGCM(master_key)


def _nonce(number: int) -> bytes:
    """A counter is safe here: a file's key seals one file once."""
    return number.to_bytes(_NONCE, "big")


def _mark(*, is_last: bool) -> bytes:
    return b"last" if is_last else b"more"


def _read_full(source: IO[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end; a raw or network stream may give less than asked at once."""
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
