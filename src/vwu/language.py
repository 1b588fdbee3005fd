"""Which language a text is said in. Nothing of ours is below this module, and it imports next to nothing.

An operator (command line, faults) reads one language, `phrase`; a branch officer reads both by default, `spoken`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

VARIABLES = ("VWU_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_FOR_MACHINES = ContextVar("for_machines", default=False)


def language(environment: Mapping[str, str]) -> str | None:
    """`vi` or `en` where the locale says so, the nearest variable first; None: both, as for English by default.

    A server is often in English without anybody having chosen it, so only VWU_LANG=en leaves the Vietnamese out.
    """
    if environment.get("VWU_LANG", "").startswith("en"):
        return "en"
    chosen = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return "vi" if chosen.startswith("vi") else None


def spoken(vi: str, en: str) -> list[str]:
    """A message as lines in the reader's language, or in both; nothing for an empty one."""
    chosen = language(os.environ)
    return [text for tongue, text in (("vi", vi), ("en", en)) if text and chosen in (None, tongue)]


def phrase(vi: str, en: str) -> str:
    """What an operator is told, in one language: Vietnamese where the locale says so, else English."""
    return vi if language(os.environ) == "vi" and not _FOR_MACHINES.get() else en


@contextmanager
def for_machines() -> Iterator[None]:
    """Within it every phrase is English: what a program reads is the same whatever the locale."""
    token = _FOR_MACHINES.set(True)
    try:
        yield
    finally:
        _FOR_MACHINES.reset(token)
