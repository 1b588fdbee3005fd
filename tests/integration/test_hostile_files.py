"""Generated hostile and random files: each is landed, rejected or held with a reason, within 10 s and 500 MB, and the
next one is received as if nothing had been.

`make test` takes some of each kind, the campaign a thousand:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_hostile_files.py
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hostile_files import HEADER, KINDS, LINE, SAVED, hostile_file, sheet_for_each_commune

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.intake import landing
from vwu.intake.arrivals import list_arrivals
from vwu.intake.check import check, today
from vwu.intake.model import Kind, Outcome
from vwu.intake.receive import receive, receive_files
from vwu.intake.submission.template import write_template
from vwu.settings import Settings

MOST_SECONDS, MOST_MEGABYTES = 10, 500


def receive_all(settings: Settings, files: Iterable[tuple[str, bytes]]) -> dict[str, dict[str, Any]]:
    """What one process, which receives them all, says of each file."""
    folder = Path(settings.landing) / "branch_submissions"
    folder.mkdir(parents=True)
    program = [sys.executable, str(Path(__file__).with_name("hostile_files.py"))]
    said: dict[str, dict[str, Any]] = {}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(settings))
        for name, content in files:
            path = folder / name
            path.write_bytes(content)
            process.stdin.write(pickle.dumps(str(path)).hex().encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, f"{name!r} ended the process"
            said[name] = json.loads(answer)
            path.unlink()
        process.stdin.close()
    return said


def judge(settings: Settings, said: dict[str, dict[str, Any]]) -> None:
    wrong = {
        name: each
        for name, each in said.items()
        if each["state"] not in ("landed", "rejected", "held", "unchanged")
        or (each["state"] == "rejected" and not each["rules"])
        or each["seconds"] > MOST_SECONDS
        or each["megabytes"] > MOST_MEGABYTES
    }
    assert not wrong
    with connect(settings, "loader") as connection:
        unexplained = connection.execute(
            """select file_name, state from intake.receipt
               where state not in ('landed', 'held', 'rejected', 'superseded')
                   or (state = 'rejected' and (reason_vi = '' or reason_en = ''))"""
        ).fetchall()
    assert unexplained == []


def test_some_of_each_kind_end_with_a_reason(database: Settings) -> None:
    said = receive_all(database, map(hostile_file, range(3 * len(KINDS))))
    judge(database, said)
    assert {each["state"] for each in said.values()} >= {"rejected", "landed"}


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_a_thousand_end_with_a_reason(database: Settings) -> None:
    said = receive_all(database, map(hostile_file, range(1000)))
    print(
        Counter(each["state"] for each in said.values()),
        Counter(rule for each in said.values() for rule in each["rules"]),
    )
    for measure in ("seconds", "megabytes"):
        print(measure, sorted(((each[measure], name) for name, each in said.items()), reverse=True)[:5])
    judge(database, said)


def test_a_sheet_for_each_of_168_communes_is_taken(database: Settings) -> None:
    """The most that a province can send in one workbook, with every line filled; and corrected once more."""
    content, communes = sheet_for_each_commune("P79", "2025-08")
    assert len(communes) == 168
    said = receive_all(database, [("P79.xlsx", content), ("P79 sửa.xlsx", content + b"\x00")])
    judge(database, said)
    assert [each["state"] for each in said.values()] == ["landed", "landed"]
    with connect(database, "loader") as connection:
        row = connection.execute("select count(*) from intake.scope where receipt_id is not null").fetchone()
    assert row == (168,)


def test_character_zero_and_names_that_are_no_utf_8(database: Settings) -> None:
    """Neither can be kept in a database, and neither keeps what came with it from being received."""
    zeros = (SAVED / "saved.xls").read_bytes().replace("Mã ch".encode("utf-16-le"), "Mã \0\0".encode("utf-16-le"))
    text = (HEADER + LINE.format("5", "\0")).encode("utf-16")
    folder = Path(database.landing) / "branch_submissions"
    folder.mkdir(parents=True)
    for name, content in (
        (b"zeros.xls", zeros), (b"text.csv", text), (b"B\xb8o c\xb8o.csv", (HEADER + LINE.format("7", "")).encode())
    ):  # fmt: skip
        Path(folder, os.fsdecode(name)).write_bytes(content)
    paths = list_arrivals(database, "branch_submissions", settle_seconds=0.0)
    json.dumps(paths, ensure_ascii=False).encode()
    offline = {each: check(Path(each), load_catalogue(database.root / "seeds"), today()) for each in paths}
    assert [str(each.state) for each in offline.values()].count("checked") == 2
    outcomes = {outcome.file: outcome for outcome in receive_files(database, paths) if isinstance(outcome, Outcome)}
    assert [str(outcomes[name].state) for name in ("zeros.xls", "text.csv")] == ["rejected", "landed"]
    assert any("\ufffd" in each.value for each in outcomes["zeros.xls"].findings)
    assert len(outcomes) == 3
    assert list_arrivals(database, "branch_submissions", settle_seconds=0.0) == []


def test_what_breaks_the_process_that_reads_it_is_refused(database: Settings, tmp_path: Path) -> None:
    path = tmp_path / "P22.csv"
    path.write_text(HEADER + "," * 2_500_000)
    outcome = receive(database, str(path))
    assert [each.rule_id for each in outcome.findings] == ["FILE_UNREADABLE"]
    assert "400 MB" in outcome.findings[0].message_vi


def test_what_is_checked_apart(database: Settings, tmp_path: Path) -> None:
    """An .xls, and a file that an earlier attempt left without an end; a plain workbook is not."""

    def is_checked_apart(name: str, content: bytes) -> bool:
        path, before = tmp_path / name, _time_of_children()
        path.write_bytes(content)
        assert receive(database, str(path)).state == "rejected"
        return _time_of_children() > before

    catalogue = load_catalogue(database.root / "seeds")
    plain, suspect = (write_template(catalogue, "P22", period_code) for period_code in ("2024-01", "2024-02"))
    with connect(database, "loader") as connection:
        sha256 = hashlib.sha256(suspect).hexdigest()
        landing.open_receipt(connection, sha256[:16], sha256, Kind.SUBMISSION, "b.xlsx", len(suspect), "killed")
    assert not is_checked_apart("a.xlsx", plain)
    assert is_checked_apart("b.xlsx", suspect)
    assert is_checked_apart("c.xls", (SAVED / "saved.xls").read_bytes())


def _time_of_children() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
