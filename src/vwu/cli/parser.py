"""argparse in the reader's language; of a verb or choice that is not there, it says what was probably meant."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from difflib import get_close_matches
from typing import Any, NoReturn

from vwu.language import phrase

_HEADINGS = {"positional arguments": "tham số", "options": "tùy chọn"}
# argparse's faults as patterns, since it gives them filled in. Its texts differ a little from one Python to the next:
# what is not found here stays as it is.
_FAULTS = {
    r"the following arguments are required: (.+)": r"thiếu tham số: \1",
    r"one of the arguments (.+) is required": r"cần một trong các tham số: \1",
    r"unrecognized arguments: (.+)": r"không hiểu tham số: \1",
    r"ambiguous option: (.+) could match (.+)": r"tùy chọn \1 chưa rõ, có thể là: \2",
    r"expected one argument": "cần đúng một giá trị",
    r"expected at most one argument": "chỉ nhận nhiều nhất một giá trị",
    r"expected at least one argument": "cần ít nhất một giá trị",
    r"not allowed with argument (.+)": r"không dùng cùng với \1",
    r"ignored explicit argument (.+)": r"không nhận giá trị, ở đây là \1",
    r"invalid choice: (.+) \(choose from (.+)\)": r"không có lựa chọn \1 (chọn một trong: \2)",
    r"invalid int value: (.+)": r"\1 không phải số nguyên",
    r"invalid float value: (.+)": r"\1 không phải số",
}


class Help(argparse.HelpFormatter):
    """argparse's help with its own words, too, in the reader's language."""

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """As argparse does it, with the word before it."""
        super().add_usage(usage, actions, groups, phrase("cách dùng: ", "usage: ") if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        """As argparse does it; a heading that is not argparse's own is in the reader's language already."""
        super().start_section(phrase(_HEADINGS.get(heading or "", heading or ""), heading or ""))


class HelpAsWritten(Help, argparse.RawDescriptionHelpFormatter):
    """The same, where description and epilog keep their lines."""


class Parser(argparse.ArgumentParser):
    """argparse in the reader's language, with what was meant beside a fault."""

    def __init__(self, *, formatter_class: type[argparse.HelpFormatter] = Help, **settings: Any) -> None:
        super().__init__(formatter_class=formatter_class, add_help=False, **settings)
        self.add_argument(
            "-h", "--help", action="help", help=phrase("hiện trợ giúp này", "show this help message and exit")
        )

    def error(self, message: str) -> NoReturn:
        """Print usage, the fault and what was meant, and exit with 2."""
        self.print_usage(sys.stderr)
        told = phrase(in_vietnamese(message), message) + suggestion(message)
        self.exit(2, f"{self.prog}: {phrase('lỗi', 'error')}: {told}\n")


def in_vietnamese(message: str) -> str:
    """A fault that argparse found; one that is not known stays as it is."""
    place, fault = re.match(r"(?:argument (\S+): )?(.*)", message, re.DOTALL).groups()  # type: ignore[union-attr]
    for pattern, text in _FAULTS.items():
        if found := re.fullmatch(pattern, fault, re.DOTALL):
            fault = found.expand(text)
            break
    return f"tham số {place}: {fault}" if place else fault


def suggestion(message: str) -> str:
    """`; meant: rollup?` for argparse's `invalid choice: 'rolup' (choose from …)`; nothing for other faults."""
    found = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
    if found is None:
        return ""
    near = get_close_matches(found[1], re.findall(r"[\w-]+", found[2]), n=3, cutoff=0.6)
    return phrase(f"; ý bạn là: {', '.join(near)}?", f"; meant: {', '.join(near)}?") if near else ""


def day(text: str) -> date:
    """A day as an option gives it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            phrase(f"{text} không phải ngày dạng 2024-07-20", f"{text} is not a day like 2024-07-20")
        ) from None
