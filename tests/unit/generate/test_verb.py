"""`vwu generate`: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vwu.cli.main import DONE, WRONG_USE, main


def test_files_are_named_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["generate", str(tmp_path), "--provinces", "1", "--months", "1", "--loans", "300", "--form", "csv"]
    assert main([*command, "--from", "2025-07", "--compress", "zst", "--json"]) == DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed["directory"] == str(tmp_path)
    names = {Path(path).relative_to(tmp_path).as_posix() for path in printed["files"]}
    assert names == {
        "bank_feeds/VBSP_loan_2025-07-31.csv.zst",
        "bank_feeds/VBSP_group_2025-07-31.csv.zst",
        "bank_feeds/AGRIBANK_summary_2025-07-31.csv.zst",
        "bank_feeds/TYM_summary_2025-07-31.csv.zst",
        "branch_submissions/2025-07/BM01_P19_2025-07.csv",
    }
    assert all(Path(path).stat().st_size for path in printed["files"])


def test_people_are_told_how_much_there_is_and_where_the_faults_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", str(tmp_path), "--provinces", "1", "--months", "1", "--loans", "300", "--form", "csv"]
    assert main([*command, "--faults", "0.001"]) == DONE
    told = capsys.readouterr().out
    assert f"MB in {tmp_path}" in told
    assert str(tmp_path / "planted_faults.csv") in told


@pytest.mark.parametrize("wrong", [["--provinces", "64"], ["--faults", "0.9"], ["--loans", "0"], ["--from", "2015-01"]])
def test_what_cannot_be_is_refused_in_words(
    wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", str(tmp_path / "new"), *wrong]) == WRONG_USE
    assert wrong[0] in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_month_is_written_as_a_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["generate", str(tmp_path), "--from", "tháng 5"])
    assert stopped.value.code == WRONG_USE
    assert "2025-05" in capsys.readouterr().err
