"""A data file that is written, compressed and digested as it comes, in constant memory."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CHUNK = 1 << 18
_GZIP_LEVEL, _ZSTD_LEVEL = 5, 3


class DataFile:
    """Takes lines; `sha256` is that of the bytes on disk once the file is closed."""

    def __init__(self, plain: IO[bytes], digest: Any) -> None:
        self._plain, self._digest = plain, digest

    def write(self, content: bytes) -> None:
        self._plain.write(content)

    @property
    def sha256(self) -> str:
        return str(self._digest.hexdigest())


@contextmanager
def open_data_file(path: Path) -> Iterator[DataFile]:
    """A new data file; its ending says how it is compressed. It appears under its name only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    digest = hashlib.sha256()
    try:
        with ExitStack() as open_files:
            raw = open_files.enter_context(part.open("wb"))
            digesting = cast("IO[bytes]", _Digesting(raw, digest.update))
            yield DataFile(_compressing(path.name, digesting, open_files), digest)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def copy_lines(engine: DuckDBPyConnection, query: str, target: DataFile) -> None:
    """Append the rows of a query as CSV without a header. Raises duckdb.Error or OSError."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(max_workers=1) as beside:
        copying = beside.submit(_copy, engine, query, writing)
        try:
            while chunk := os.read(reading, _CHUNK):
                target.write(chunk)
        finally:
            os.close(reading)  # a copy that is still at work sees a broken pipe and ends
        copying.result()


def _copy(engine: DuckDBPyConnection, query: str, writing: int) -> None:
    try:
        engine.execute(f"copy ({query}) to '/dev/fd/{writing}' (format csv, header false, use_tmp_file false)")
    finally:
        os.close(writing)


class _Digesting:
    """A file that tells a digest what is written to it."""

    def __init__(self, file: IO[bytes], update: Callable[[bytes], None]) -> None:
        self._file, self._update = file, update

    def write(self, content: bytes) -> int:
        self._update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()


def _compressing(name: str, file: IO[bytes], open_files: ExitStack) -> IO[bytes]:
    if name.endswith(".gz"):
        # Neither name nor time in the header: the same lines give the same bytes.
        return cast("IO[bytes]", open_files.enter_context(gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0)))
    if name.endswith(".zst"):
        import zstandard

        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        return cast("IO[bytes]", open_files.enter_context(compressor.stream_writer(file, closefd=False)))
    return file
