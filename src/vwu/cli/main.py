"""`vwu`: every step of the pipeline from the command line (INTERFACES 5).

Exit codes: 0 done, 1 done but findings block, 2 wrong use, 3 something outside failed.
Each group of verbs is a module with `register(subparsers)`; a verb sets `func(args) -> int`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module

from vwu import __version__
from vwu.cli.parser import Parser
from vwu.language import for_machines, phrase

DONE, BLOCKED, WRONG_USE, OUTSIDE_FAILED = 0, 1, 2, 3
GROUPS = ("stack", "sample", "intake", "identity", "warehouse", "reporting", "run", "safety")


class OutsideError(Exception):
    """Something outside the product failed (disk, network, server); the message says what to do next."""


def parser() -> Parser:
    """The whole command line; importing it stays cheap because verbs import what they need when they run."""
    top = Parser(
        prog="vwu",
        description=phrase("Kho dữ liệu Hội Liên hiệp Phụ nữ Việt Nam", "The warehouse of the Vietnam Women's Union"),
    )
    top.add_argument(
        "--version", action="version", version=f"vwu {__version__}", help=phrase("hiện phiên bản", "show the version")
    )
    verbs = top.add_subparsers(title=phrase("lệnh", "verbs"), metavar=phrase("LỆNH", "VERB"), required=True)
    for group in GROUPS:
        import_module(f"vwu.cli.{group}").register(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; an interrupt is 130, as shells expect."""
    args = _completed(parser()).parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = args.func
    try:
        with for_machines() if args.json else nullcontext():
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

    from vwu.catalogue import CatalogueError
    from vwu.intake.landing import IntakeError
    from vwu.migrate import MigrationError
    from vwu.settings import SettingsError
    from vwu.stack import StackError

    if isinstance(error, (SettingsError, IntakeError, CatalogueError, FileNotFoundError)):
        print(f"vwu: {error}", file=sys.stderr)
        return WRONG_USE
    if isinstance(error, (OutsideError, MigrationError, StackError, psycopg.OperationalError, OSError)):
        print(f"vwu: {error}", file=sys.stderr)
        return OUTSIDE_FAILED
    raise error


if __name__ == "__main__":
    sys.exit(main())
