"""`vwu`: every step of the pipeline from the command line (INTERFACES 5).

Exit codes: 0 done, 1 done but findings block, 2 wrong use, 3 something outside failed.
Each group of verbs is a module with `register(subparsers)`; a verb sets `func(args) -> int`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

from vwu import __version__
from vwu.cli.output import phrase

DONE, BLOCKED, WRONG_USE, OUTSIDE_FAILED = 0, 1, 2, 3
GROUPS = ("stack", "sample", "intake", "identity", "warehouse", "reporting", "run", "safety")


class OutsideError(Exception):
    """Something outside the product failed (disk, network, server); the message says what to do next."""


class Parser(argparse.ArgumentParser):
    """argparse that says what was probably meant: of a verb or choice that is not there, the nearest ones."""

    def error(self, message: str) -> NoReturn:
        """Print usage, the fault and what was meant, and exit with 2."""
        super().error(message + suggestion(message))


def suggestion(message: str) -> str:
    """`; meant: rollup?` for argparse's `invalid choice: 'rolup' (choose from …)`; nothing for other faults."""
    found = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
    if found is None:
        return ""
    near = get_close_matches(found[1], re.findall(r"[\w-]+", found[2]), n=3, cutoff=0.6)
    return f"; ý bạn là · meant: {', '.join(near)}?" if near else ""


def parser() -> Parser:
    """The whole command line; importing it stays cheap because verbs import what they need when they run."""
    top = Parser(
        prog="vwu",
        description="Kho dữ liệu Hội Liên hiệp Phụ nữ Việt Nam · the warehouse of the Vietnam Women's Union",
    )
    top.add_argument("--version", action="version", version=f"vwu {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for group in GROUPS:
        import_module(f"vwu.cli.{group}").register(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; an interrupt is 130, as shells expect."""
    args = _completed(parser()).parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = args.func
    try:
        return verb(args)
    except KeyboardInterrupt:
        print(
            phrase("\nvwu: đã dừng; không có gì dở dang", "\nvwu: interrupted; nothing half-done is visible"),
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except Exception as error:
        return _explain(error)


def _completed(top: Parser) -> Parser:
    """Answer a shell that asks how to go on with a line: `eval "$(register-python-argcomplete vwu)"`."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(top)
    return top


def _explain(error: Exception) -> int:
    """One line for a person. A fault of our own keeps its traceback: hiding it would help nobody."""
    import psycopg

    from vwu.intake.landing import IntakeError
    from vwu.migrate import MigrationError
    from vwu.settings import SettingsError
    from vwu.stack import StackError

    if isinstance(error, (SettingsError, IntakeError, FileNotFoundError)):
        print(f"vwu: {error}", file=sys.stderr)
        return WRONG_USE
    if isinstance(error, (OutsideError, MigrationError, StackError, psycopg.OperationalError, OSError)):
        print(f"vwu: {error}", file=sys.stderr)
        return OUTSIDE_FAILED
    raise error


if __name__ == "__main__":
    sys.exit(main())
