"""The command line in the reader's language: every help text, and argparse's own words and faults."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from vwu.cli.main import WRONG_USE, parser
from vwu.cli.parser import in_vietnamese

# argparse's words of which nothing may be left in a Vietnamese help.
ENGLISH = ("usage:", "options:", "positional arguments:", "show this help message and exit", "verbs:")


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Every text of the whole parser in both languages, by what it is the text of."""
    found = {}
    for tongue in ("vi", "en"):
        monkeypatch.setenv("VWU_LANG", tongue)
        found[tongue] = dict(texts_of(parser()))
    return found


def texts_of(one: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Description and epilog where there are any; the help and the metavar of each argument, which must have them."""
    yield from ((f"{one.prog}: {name}", text) for name in ("description", "epilog") if (text := getattr(one, name)))
    for action in one._actions:
        place = "/".join(action.option_strings) or action.dest
        if isinstance(action, argparse._SubParsersAction):
            yield from ((f"{one.prog} {each.dest}: help", each.help or "") for each in action._choices_actions)
            for verb in action.choices.values():
                yield from texts_of(verb)
        else:
            yield f"{one.prog} {place}: help", action.help or ""
        if action.nargs != 0 and action.choices is None:
            yield f"{one.prog} {place}: metavar", str(action.metavar or "")


def test_every_argument_of_every_verb_is_explained_in_both_languages(texts: dict[str, dict[str, str]]) -> None:
    assert len(texts["vi"]) > 250
    assert texts["vi"].keys() == texts["en"].keys()
    assert [place for place, text in (texts["vi"] | texts["en"]).items() if not text] == []
    assert [place for place, text in texts["vi"].items() if text == texts["en"][place] and not is_a_sign(text)] == []


def is_a_sign(text: str) -> bool:
    """N, R1, YYYY-MM-DD: a placeholder that is no word of either language."""
    return len(text) <= 2 or text == "YYYY-MM-DD"


def test_a_help_that_nobody_translated_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one = argparse.ArgumentParser(prog="vwu", add_help=False)
    one.add_argument("file")
    assert dict(texts_of(one)) == {"vwu file: help": "", "vwu file: metavar": ""}


def test_argparse_itself_speaks_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VWU_LANG", "vi")
    verbs = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert verbs
    for shown in (parser().format_help(), *(verb.format_help() for verb in verbs.values())):  # type: ignore[union-attr]
        assert shown.startswith("cách dùng: vwu")
        assert [word for word in ENGLISH if word in shown] == []
    monkeypatch.setenv("VWU_LANG", "en")
    assert parser().format_help().startswith("usage: vwu")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "thiếu tham số: LỆNH"),
        ("rolup", "tham số LỆNH: không có lựa chọn 'rolup' (chọn một trong: "),
        ("rolup", "; ý bạn là: rollup?"),
        ("check", "thiếu tham số: TỆP"),
        ("check x --nothing", "không hiểu tham số: --nothing"),
        ("check x --csv", "tham số --csv: cần đúng một giá trị"),
        ("check x --json=yes", "tham số --json: không nhận giá trị, ở đây là 'yes'"),
        ("trace --re 3", "tùy chọn --re chưa rõ, có thể là: --re"),
        ("purge --months ten", "tham số --months: 'ten' không phải số nguyên"),
        ("generate x --faults many", "tham số --faults: 'many' không phải số"),
        ("generate x --from 2025-13", "tham số --from: 2025-13 không phải tháng dạng 2025-05"),
        ("remind --on tomorrow", "tham số --on: tomorrow không phải ngày dạng 2024-07-20"),
        ("hold --reason x", "cần một trong các tham số: BIÊN_NHẬN --failed"),
        ("hold 0f3a --failed --reason x", "tham số --failed: không dùng cùng với BIÊN_NHẬN"),
    ],
)
def test_a_fault_is_told_in_vietnamese(
    line: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(line.split())
    assert ended.value.code == WRONG_USE
    told = capsys.readouterr().err
    assert ": lỗi: " in told
    assert said in told


@pytest.mark.parametrize(
    ("locale", "said", "other"),
    [
        ("vi_VN.UTF-8", "vwu dsn: lỗi: tham số --role: ", "error"),
        ("C.UTF-8", "vwu dsn: error: argument --role: ", "lỗi"),
    ],
)
def test_a_process_answers_by_its_locale(locale: str, said: str, other: str) -> None:
    environment = {"PATH": os.environ["PATH"], "LANG": locale}
    program = [sys.executable, "-m", "vwu.cli.main", "dsn", "--role", "bi_raeder"]
    done = subprocess.run(program, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == WRONG_USE
    assert said in done.stderr
    assert ": bi_reader, builder?" in done.stderr
    assert other not in done.stderr


def test_what_argparse_says_anew_stays_english() -> None:
    assert in_vietnamese("argument --x: a fault of tomorrow's Python") == "tham số --x: a fault of tomorrow's Python"
    assert in_vietnamese("argument --x: expected at least one argument") == "tham số --x: cần ít nhất một giá trị"
    assert in_vietnamese("argument --x: expected at most one argument") == (
        "tham số --x: chỉ nhận nhiều nhất một giá trị"
    )
