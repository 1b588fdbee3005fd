"""Generated hostile and random files: each is landed, rejected or held with a reason, within 10 s and 500 MB, and the
next one is received as if nothing had been.

`make test` takes some of each kind, the campaign a thousand:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_hostile_files.py
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hostile_files import KINDS, SAVED, hostile_file

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.intake import apart
from vwu.intake.receive import receive
from vwu.intake.submission.template import write_template
from vwu.settings import Settings

MOST_SECONDS, MOST_MEGABYTES = 10, 500


def receive_all(settings: Settings, numbers: Iterable[int]) -> dict[str, dict[str, Any]]:
    """What one process, which receives them all, says of each file."""
    folder = Path(settings.landing) / "branch_submissions"
    folder.mkdir(parents=True)
    program = [sys.executable, str(Path(__file__).with_name("hostile_files.py"))]
    said: dict[str, dict[str, Any]] = {}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(settings))
        for number in numbers:
            name, content = hostile_file(number)
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
    said = receive_all(database, range(3 * len(KINDS)))
    judge(database, said)
    assert {each["state"] for each in said.values()} >= {"rejected", "landed"}


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_a_thousand_end_with_a_reason(database: Settings) -> None:
    said = receive_all(database, range(1000))
    print(
        Counter(each["state"] for each in said.values()),
        Counter(rule for each in said.values() for rule in each["rules"]),
    )
    for measure in ("seconds", "megabytes"):
        print(measure, sorted(((each[measure], name) for name, each in said.items()), reverse=True)[:5])
    judge(database, said)


def test_what_breaks_the_process_that_reads_it_is_refused(
    database: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a limit that no check can keep; an .xls is never read in the batch's process."""
    monkeypatch.setattr(apart, "_PATIENCE", 0.001)
    path = tmp_path / "P22.xls"
    path.write_bytes((SAVED / "saved.xls").read_bytes())
    outcome = receive(database, str(path))
    assert [each.rule_id for each in outcome.findings] == ["FILE_UNREADABLE"]
    assert "400 MB" in outcome.findings[0].message_vi


def test_a_file_that_an_earlier_attempt_broke_off_at_is_checked_apart(
    database: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "P22.xlsx"
    path.write_bytes(write_template(load_catalogue(database.root / "seeds"), "P22", "2024-01"))

    def break_off(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(apart, "check_submission", break_off)
        with pytest.raises(MemoryError):
            receive(database, str(path))
        # The second time the process that broke off does not read it.
        outcome = receive(database, str(path))
    assert [each.rule_id for each in outcome.findings] == ["NOTHING_REPORTED"]
