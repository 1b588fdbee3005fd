"""The command line's manners: what was probably meant, and completion by the shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vwu.cli.main import WRONG_USE, main
from vwu.cli.parser import suggestion


def test_a_mistyped_verb_is_answered_with_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rolup", "--period", "2024-01"])
    assert ended.value.code == WRONG_USE
    assert "meant: rollup" in capsys.readouterr().err


def test_nothing_is_guessed_for_what_resembles_nothing() -> None:
    assert suggestion("invalid choice: 'xyzzy' (choose from 'build', 'gate')") == ""
    assert suggestion("the following arguments are required: FILE") == ""


@pytest.mark.parametrize(
    ("locale", "said"), [("vi_VN.UTF-8", "vwu: không có mật khẩu "), ("C.UTF-8", "vwu: no password ")]
)
def test_what_went_wrong_is_told_in_the_readers_language(locale: str, said: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "LANG": locale, "VWU_HOME": str(tmp_path)}
    program = [sys.executable, "-m", "vwu.cli.main", "dsn"]
    done = subprocess.run(program, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == WRONG_USE
    assert done.stderr.startswith(said)


def test_the_shell_is_told_how_a_line_may_go_on(tmp_path: Path) -> None:
    asked = {
        "_ARGCOMPLETE": "1", "COMP_LINE": "vwu roll", "COMP_POINT": "8", "_ARGCOMPLETE_IFS": " ",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "answer"),
    }  # fmt: skip
    program = [sys.executable, "-m", "vwu.cli.main"]
    subprocess.run(program, env=os.environ | asked, check=True, capture_output=True, text=True)
    assert set((tmp_path / "answer").read_text().split()) == {"rollback", "rollup"}
