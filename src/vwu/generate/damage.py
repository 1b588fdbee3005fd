"""Workbook packages that arrive damaged, dressed up or dangerous, made from sound ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)
_WORKBOOK, _SHEET = "xl/workbook.xml", "xl/worksheets/sheet1.xml"
_TOO_MUCH = 40_000_000


def with_macros(package: bytes) -> bytes:
    """The package with a part that holds macros."""
    return _with_parts(package, {"xl/vbaProject.bin": b"macro"})


def with_embedded_object(package: bytes) -> bytes:
    """The package with another document in it."""
    return _with_parts(package, {"xl/embeddings/oleObject1.bin": b"object"})


def with_much_inside(package: bytes) -> bytes:
    """The package with a part that unpacks to 40 MB of nothing."""
    return _with_parts(package, {"xl/media/image1.png": bytes(_TOO_MUCH)})


def with_declared_type(package: bytes) -> bytes:
    """The package with a document type in its sheet."""
    return _changed(package, _SHEET, lambda part: b'<!DOCTYPE a [<!ENTITY b "c">]>' + part.partition(b"?>\n")[2])


def with_unknown_encoding(package: bytes) -> bytes:
    """The package with a sheet that claims an encoding which is none."""
    return _changed(
        package, _SHEET, lambda part: b'<?xml version="1.0" encoding="khong-co"?>' + part.partition(b"?>\n")[2]
    )


def cut_off(package: bytes) -> bytes:
    """The first half of the package."""
    return package[: len(package) // 2]


def encrypted() -> bytes:
    """A container as Excel writes one for a workbook with a password: OLE2 with the streams that say so ([MS-CFB])."""
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[none] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, end, *[none] * 126)
    directory = b""
    for name, kind in (("Root Entry", 5), ("EncryptionInfo", 2), ("EncryptedPackage", 2)):
        spelled = (name + "\0").encode("utf-16-le")
        directory += struct.pack("<64sHBB", spelled, len(spelled), kind, 1) + struct.pack("<3I", none, none, none)
        directory += bytes(36) + struct.pack("<IQ", end, 0)
    return header + table + directory.ljust(512, b"\0")


def _changed(package: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(package)) as source:
        return _with_parts(package, {name: change(source.read(name))})


def _with_parts(package: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The package with these parts added or in place of their namesakes."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        kept = {name: source.read(name) for name in source.namelist()}
        for name, content in (kept | dict(parts)).items():
            target.writestr(zipfile.ZipInfo(name, _ENTRY_TIME), content, zipfile.ZIP_DEFLATED)
    return changed.getvalue()
