"""How a verb says its outcome: JSON where it was asked for, else lines in the reader's language.

What the JSON of each verb looks like is in `outputs.json` beside this file, one JSON Schema a verb; a test holds what
the verbs print to it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

_COLOURS = {
    "error": 31, "rejected": 31, "refuse": 31, "SHUT": 31, "FAILED": 31, "warning": 33, "held": 33, "stopped": 33,
    "landed": 32, "open": 32, "publish": 32, "success": 32, "done": 32, "running": 32,
}  # fmt: skip
_VARIABLES = ("VWU_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def say(args: argparse.Namespace, content: Any, *lines: str) -> None:
    """Print `content` where the verb was called with `--json`, else the lines."""
    if args.json:
        print(json.dumps(content, ensure_ascii=False, indent=1, default=str))
    else:
        print("\n".join(lines))


def language(environment: Mapping[str, str]) -> str | None:
    """`vi` or `en` where the locale says so, the nearest variable first; None: both, as for English by default.

    A server is often in English without anybody having chosen it, so only VWU_LANG=en leaves the Vietnamese out.
    """
    if environment.get("VWU_LANG", "").startswith("en"):
        return "en"
    chosen = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "vi" if chosen.startswith("vi") else None


def spoken(vi: str, en: str) -> list[str]:
    """A message as lines in the reader's language, or in both; nothing for an empty one."""
    chosen = language(os.environ)
    return [text for tongue, text in (("vi", vi), ("en", en)) if text and chosen in (None, tongue)]


def phrase(vi: str, en: str) -> str:
    """What an operator is told, in one language: Vietnamese where the locale says so, else English."""
    return vi if language(os.environ) == "vi" else en


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
