"""How a verb says its outcome: JSON where it was asked for, else lines in the reader's language (`vwu.language`).

What the JSON of each verb looks like is in `outputs.json` beside this file, one JSON Schema a verb; a test holds what
the verbs print to it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from vwu.language import phrase

if TYPE_CHECKING:
    from decimal import Decimal

    from vwu.report.wording import Words

_COLOURS = {
    "error": 31, "rejected": 31, "refuse": 31, "SHUT": 31, "FAILED": 31, "warning": 33, "held": 33, "stopped": 33,
    "landed": 32, "open": 32, "publish": 32, "success": 32, "done": 32, "running": 32,
}  # fmt: skip


def say(args: argparse.Namespace, content: Any, *lines: str) -> None:
    """Print `content` where the verb was called with `--json`, else the lines."""
    if args.json:
        print(json.dumps(content, ensure_ascii=False, indent=1, default=str))
    else:
        print("\n".join(lines))


def set_verb(verb: argparse.ArgumentParser, function: Callable[[argparse.Namespace], int]) -> None:
    """What a verb does, and its option --json, which `say` asks about."""
    verb.add_argument("--json", action="store_true", help=phrase("in JSON cho máy đọc", "print JSON for machines"))
    verb.set_defaults(func=function)


def example(line: str) -> str:
    """The last line of a verb's help."""
    return phrase(f"ví dụ: {line}", f"example: {line}")


def worded(words: Words) -> str:
    """A text of the reports in the reader's language."""
    return phrase(words.vi, words.en)


def numeral(value: Decimal | int) -> str:
    """A number as the reader's language writes it."""
    from vwu.report.wording import number

    return phrase(number(value), number(value, vietnamese=False))


def coloured(word: str) -> str:
    """An outcome in its colour, where a person reads it on a terminal and has not asked for none (NO_COLOR)."""
    code = _COLOURS.get(word)
    if code is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return word
    return f"\033[{code}m{word}\033[0m"


def schema(verb: str) -> dict[str, Any]:
    """The JSON Schema of what a verb prints with `--json`. Raises KeyError for a verb that is not there."""
    content: dict[str, Any] = json.loads(files("vwu.cli").joinpath("outputs.json").read_text("utf-8"))
    return {"$schema": content["$schema"], "verbs": content["verbs"], "$ref": f"#/verbs/{verb}"}
