"""The content store: every received file under its sha256, byte for byte, for ever (ARCHITECTURE D4).

The store is a folder or any fsspec URL. What came is kept encrypted: feeds hold identities, and a report may (D9).
"""

from __future__ import annotations

import hashlib
import io
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from vwu.language import phrase

_CHUNK = 1 << 20
# Nobody writes one file for a day.
PARTIAL_SECONDS = 86_400.0


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def receipt_id_of(sha256: str) -> str:
    """The receipt of these bytes: the first 16 hexadecimal digits of their sha256."""
    return sha256[:16]


def keep(store: str, path: Path, sha256: str, master_key: bytes | None = None) -> str:
    """Put a file into the store and return its place there; a file that is there already is left alone.

    With a master key (32 bytes) the bytes are encrypted. The file appears whole or not at all.
    """
    file_system, place = _locate(store, sha256, encrypted=master_key is not None)
    if file_system.exists(place):
        return place
    # A name of its own, so that two writers of the same bytes cannot mix; the last rename wins with equal content.
    partial = f"{_partial_folder(store)[1]}/{uuid.uuid4().hex}"
    for folder in (file_system._parent(place), file_system._parent(partial)):
        file_system.makedirs(folder, exist_ok=True)
    try:
        with path.open("rb") as source, file_system.open(partial, "wb") as target:
            _copy(source, target, master_key)
        file_system.mv(partial, place)
    except BaseException:
        if file_system.exists(partial):
            file_system.rm(partial)
        raise
    return place


def sweep(store: str, older_than: float = PARTIAL_SECONDS) -> int:
    """Remove what writers that were killed have left half-written, once nobody can be at it; returns how many."""
    file_system, folder = _partial_folder(store)
    if not file_system.exists(folder):
        return 0
    left = [each for each in file_system.ls(folder, detail=True) if time.time() - modified(each) > older_than]
    for each in left:
        with suppress(FileNotFoundError):  # another copy of the product sweeps too
            file_system.rm(each["name"])
    return len(left)


def modified(info: dict[str, Any]) -> float:
    """Modification time in seconds of what a file system tells; object stores give a datetime under another name."""
    value = info.get("mtime") or info.get("LastModified") or info.get("last_modified") or info.get("created") or 0
    return float(value.timestamp()) if hasattr(value, "timestamp") else float(value)


def read(store: str, sha256: str, master_key: bytes | None = None) -> bytes:
    """The bytes kept under this sha256. Raises FileNotFoundError when they were never kept, ValueError when damaged."""
    for encrypted in (False, True):
        file_system, place = _locate(store, sha256, encrypted=encrypted)
        if file_system.exists(place):
            content = _open_content(file_system, place, master_key if encrypted else None)
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ValueError(f"{place} in the content store is damaged: its bytes do not have this sha256")
            return content
    raise FileNotFoundError(
        phrase(
            f"kho tệp {store} không có tệp với sha256 {sha256}",
            f"the content store {store} has no file with sha256 {sha256}",
        )
    )


def copy_out(store: str, sha256: str, target: IO[bytes], master_key: bytes) -> None:
    """Write the bytes of a kept feed into a file, in constant memory. Raises FileNotFoundError, ValueError."""
    from vwu.intake.feed.envelope import decrypt

    file_system, place = _locate(store, sha256, encrypted=True)
    with file_system.open(place, "rb") as source:
        decrypt(source, target, master_key)


def remove(store: str, sha256: str) -> None:
    """Remove a feed's bytes, if they are there; only what is kept encrypted can go."""
    file_system, place = _locate(store, sha256, encrypted=True)
    if file_system.exists(place):
        file_system.rm(place)


def _open_content(file_system: Any, place: str, master_key: bytes | None) -> bytes:
    with file_system.open(place, "rb") as source:
        if master_key is None:
            return bytes(source.read())
        from vwu.intake.feed.envelope import decrypt

        plain = io.BytesIO()
        decrypt(source, plain, master_key)
        return plain.getvalue()


def _partial_folder(store: str) -> tuple[Any, str]:
    """Where files are written before they are moved to their place: one folder, so that sweeping it is cheap."""
    from fsspec.core import url_to_fs

    file_system, folder = url_to_fs(store)
    return file_system, f"{folder}/partial"


def _locate(store: str, sha256: str, *, encrypted: bool) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    file_system, folder = url_to_fs(store)
    return file_system, f"{folder}/{sha256[:2]}/{sha256}{'.enc' if encrypted else ''}"


def _copy(source: IO[bytes], target: IO[bytes], master_key: bytes | None) -> None:
    if master_key is not None:
        from vwu.intake.feed.envelope import encrypt

        encrypt(source, target, master_key)
        return
    while chunk := source.read(_CHUNK):
        target.write(chunk)
