"""The content store: byte-exact, once per content, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.intake import store

KEY = bytes(range(32))


@given(content=st.binary(max_size=4096), encrypted=st.booleans())
def test_what_was_kept_reads_back(tmp_path_factory: pytest.TempPathFactory, content: bytes, encrypted: bool) -> None:
    folder = tmp_path_factory.mktemp("store")
    source = folder / "source"
    source.write_bytes(content)
    sha256 = store.sha256_of(source)
    key = KEY if encrypted else None
    place = store.keep(str(folder / "kept"), source, sha256, key)
    assert store.read(str(folder / "kept"), sha256, key) == content
    assert Path(place).read_bytes() == content or encrypted


def test_keeping_twice_writes_once(tmp_path: Path) -> None:
    source = tmp_path / "báo cáo.xlsx"
    source.write_bytes(b"content")
    sha256 = store.sha256_of(source)
    places = {store.keep(str(tmp_path / "kept"), source, sha256) for _ in range(2)}
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == [Path(place) for place in places]


def test_an_interrupted_copy_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "feed.csv"
    source.write_bytes(b"content")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_copy", fail)
    with pytest.raises(OSError, match="No space left"):
        store.keep(str(tmp_path / "kept"), source, store.sha256_of(source))
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def test_damage_in_the_store_is_found(tmp_path: Path) -> None:
    source = tmp_path / "report.csv"
    source.write_bytes(b"content")
    sha256 = store.sha256_of(source)
    Path(store.keep(str(tmp_path / "kept"), source, sha256)).write_bytes(b"another")
    with pytest.raises(ValueError, match="damaged"):
        store.read(str(tmp_path / "kept"), sha256)


def test_unknown_content_is_said_to_be_unknown(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file with sha256"):
        store.read(str(tmp_path / "kept"), "0" * 64)


def test_a_receipt_is_named_by_the_first_sixteen_digits() -> None:
    assert store.receipt_id_of("0123456789abcdef" + "0" * 48) == "0123456789abcdef"
