from __future__ import annotations

import argparse
import io
import json
import sys

import pytest
from jsonschema import Draft202012Validator

from vwu.cli.main import parser
from vwu.cli.output import coloured, say, schema


def test_colours_are_for_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured("error") == "error"
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert coloured("error") == "\033[31merror\033[0m"
    assert coloured("a word") == "a word"
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("error") == "error"


def test_json_is_printed_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    say(argparse.Namespace(json=True), {"kỳ": "2024-01"}, "one", "two")
    assert json.loads(capsys.readouterr().out) == {"kỳ": "2024-01"}
    say(argparse.Namespace(json=False), {}, "one", "two")
    assert capsys.readouterr().out == "one\ntwo\n"


def test_every_verb_speaks_json() -> None:
    (verbs,) = [action.choices for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert len(verbs) > 30
    without = [name for name, verb in verbs.items() if "--json" not in verb._option_string_actions]
    assert without == []
    assert set(schema("status")["verbs"]) == set(verbs)
    for verb in verbs:
        Draft202012Validator.check_schema(schema(verb))
        assert schema(verb)["verbs"][verb]["description"]
