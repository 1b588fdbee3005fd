"""What a cell may hold, held against plain definitions over any text that a CSV can carry."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vwu.identities import masked, masked_in_words
from vwu.intake.feed.columns import SEXES, Column, Form
from vwu.intake.feed.mask import shown
from vwu.intake.feed.table import find_cell_faults, load_lines, open_engine

KEY = Column("key")
# No line ends and no NUL: a feed has one record a line, and CSV knows no NUL.
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=25)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[-+]?[0-9]{0,4}[.,eE ]?[0-9]{0,3}", fullmatch=True),
    st.decimals(-200, 200, places=3).map(str),
)
DATES = st.one_of(st.dates().map(str), st.from_regex(r"[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}", fullmatch=True))


def is_amount(text: str) -> bool:
    return bool(re.fullmatch(r"0|-?[1-9][0-9]*", text, re.ASCII)) and abs(int(text)) < 2**63


def is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and 1850 <= date.fromisoformat(text).year <= 2200
    except ValueError:
        return False


def is_rate(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,4})?|100(\.0{1,4})?", text))


CASES: list[tuple[Form, tuple[str, ...], Callable[[str], bool], Callable[[str], object]]] = [
    (Form.SIGNED_AMOUNT, (), is_amount, int),
    (Form.AMOUNT, (), lambda text: is_amount(text) and int(text) >= 0, int),
    (Form.COUNT, (), lambda text: is_amount(text) and 0 <= int(text) < 2**31, int),
    (Form.DATE, (), is_date, date.fromisoformat),
    (Form.RATE, (), is_rate, float),
    (Form.TEXT, SEXES, lambda text: text in SEXES, str),
    (Form.TEXT, (), lambda _text: True, str),
]


@pytest.mark.parametrize(("form", "choices", "is_valid", "read"), CASES, ids=lambda case: str(case)[:20])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(TEXT | NUMBERS | DATES | st.sampled_from(["F", "M", "0", "-0", ""]), min_size=1, max_size=60))
def test_exactly_what_the_form_allows_is_taken(
    form: Form,
    choices: tuple[str, ...],
    is_valid: Callable[[str], bool],
    read: Callable[[str], object],
    cells: list[str],
    tmp_path: Path,
) -> None:
    layout = (KEY, Column("cell", form, choices=choices))
    path = tmp_path / "cells.csv"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["key", "cell"], *([f"k{number}", cell] for number, cell in enumerate(cells))])
    path.write_bytes(buffer.getvalue().encode())
    with open_engine() as engine:
        assert load_lines(engine, path, ["key", "cell"], layout) == len(cells)
        found = find_cell_faults(engine, path, ["key", "cell"], layout)
        values = engine.execute("select cell from line order by rowid").fetchall()
    expected = [read(cell) if cell and is_valid(cell) else None for cell in cells]
    assert [None if value is None else read(str(value)) for (value,) in values] == expected
    assert sum(each.line_count for each in found) == sum(value is None for value in expected)


@given(st.text(max_size=40))
def test_an_identity_is_never_shown_whole(text: str) -> None:
    hidden = shown(Column("full_name", is_identity=True), text)
    assert len(text) < 1 or hidden != text or set(text) == {"•"}
    assert len(text) < 9 or hidden == text[:4] + "•" * min(len(text) - 6, 12) + text[-2:]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (Column("citizen_id", is_identity=True), "022187654389", "0221••••••89"),
        (Column("full_name", is_identity=True), "Hoa", "•••"),
        (Column("lent", Form.AMOUNT), "1.000đ", "1.000•"),
        (Column("lent", Form.AMOUNT), "Nguyễn Thị Hoa", "•••••• ••• •••"),
        (Column("born", Form.DATE), "31/01/2024", "31/01/2024"),
        (Column("sex", choices=SEXES), "Nữ", "Nữ"),
        (Column("sex", choices=SEXES), "1987-03-01", "1987••••01"),
        (Column("sex", choices=SEXES), "022187654389", "0221••••••89"),
        (Column("sex", choices=SEXES), "Trần Thị Hoa", "Trần••••••oa"),
        (None, "L0001", "L0001"),
        (Column("lent", Form.AMOUNT), "022187654389", "0221••••••89"),
        (Column("commune_code"), "22187654389", "2218•••••89"),
        (Column("commune_code"), "Hoa Trần", "••••••••"),
        (Column("loan_id"), "66001234567890", "66001234567890"),
        (Column("loan_id"), "+84 912 345 678", "+84 •••••••••78"),
    ],
)
def test_what_slipped_into_another_column_is_hidden_too(column: Column | None, value: str, expected: str) -> None:
    assert shown(column, value) == expected


def test_mask_keeps_four_and_two() -> None:
    assert masked("022187654389") == "0221••••••89"


def test_what_spills_is_unreadable_and_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "cells.csv"
    path.write_text("key,cell\n" + "".join(f"k{number},{'Nguyễn Thị Hoa ' * 20}\n" for number in range(400_000)))
    layout = (KEY, Column("cell"))
    with open_engine() as engine:
        engine.execute("set memory_limit = '100MB'")
        assert load_lines(engine, path, ["key", "cell"], layout) == 400_000
        (folder,) = tmp_path.glob("vwu-feed-*")
        spilled = b"".join(each.read_bytes() for each in folder.iterdir())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(spilled) > 1_000_000
    assert "Nguyễn".encode() not in spilled
    assert not folder.exists()


def test_what_a_killed_process_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    left, running = tmp_path / f"vwu-feed-{gone.pid}-abc", tmp_path / f"vwu-feed-{os.getpid()}-abc"
    for folder in (left, running):
        folder.mkdir()
        (folder / "spill").write_bytes(b"x")
    with open_engine():
        assert not left.exists()
    assert running.exists()


@pytest.mark.parametrize("number", ["022187654389", "022 187 654 389", "022.187.654.389", "0912-345-678", "0912345678"])
def test_a_number_of_a_person_is_masked_in_words(number: str) -> None:
    shown_words = masked_in_words(f"khách {number} gửi nhầm ngày 31/01/2024, 12 món")
    assert shown_words == f"khách {masked(number)} gửi nhầm ngày 31/01/2024, 12 món"
