"""The list of migrations, before any database."""

from __future__ import annotations

from pathlib import Path

import pytest

from vwu.migrate import MigrationError, list_migrations


def test_our_own_are_numbered_without_a_gap() -> None:
    assert [step.number for step in list_migrations()] == list(range(1, len(list_migrations()) + 1))


@pytest.mark.parametrize("names", [[], ["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_gaps_and_doubles_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1")
    with pytest.raises(MigrationError, match="not numbered"):
        list_migrations(tmp_path)
