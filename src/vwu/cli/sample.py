"""Verbs that write files to start from: `template`, `example`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue

DONE, WRONG_USE = 0, 2


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    template = verbs.add_parser(
        "template",
        help="write the workbook that a branch fills (form BM01)",
        description="Write form BM01 for one branch and period: codes, names and units prefilled, cells checked.",
        epilog="example: vwu template --branch P22 --period 2024-01 -o 'Báo cáo tháng 1.xlsx'",
    )
    template.add_argument("--branch", required=True, metavar="B", help="branch code, such as P22 or P22-06895")
    template.add_argument("--period", required=True, metavar="P", help="period code, such as 2024-01 or 2024-Q2")
    template.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: BM01 <branch> <period>.xlsx here")
    template.add_argument("--json", action="store_true", help="print an object for machines")
    template.set_defaults(func=_template)

    example = verbs.add_parser(
        "example",
        help="write the example landing zone",
        description="Write the figures of the two source documents as real workbooks, sample bank feeds, and broken "
        "files. A second call changes nothing.",
        epilog="example: vwu example /tmp/landing",
    )
    example.add_argument("directory", nargs="?", metavar="DIR", help="default: the landing zone of this installation")
    example.add_argument("--json", action="store_true", help="print an object for machines")
    example.set_defaults(func=_example)


def _template(args: argparse.Namespace) -> int:
    from vwu.intake.submission.template import write_template

    path = args.output or Path(f"BM01 {args.branch} {args.period.replace('/', '_')}.xlsx")
    try:
        content = write_template(_catalogue(), args.branch, args.period)
    except LookupError as error:
        print(f"vwu: {error.args[0]}", file=sys.stderr)
        return WRONG_USE
    path.write_bytes(content)
    if args.json:
        print(json.dumps({"file": str(path), "branch_code": args.branch, "period_code": args.period, "form": "BM01"}))
    else:
        print(f"{path}\n  điền các ô nền vàng, rồi kiểm tra · fill the yellow cells, then check: vwu check '{path}'")
    return DONE


def _example(args: argparse.Namespace) -> int:
    from vwu.example import write_example
    from vwu.settings import load_settings

    directory = args.directory or load_settings().landing
    if "://" in directory:
        print(f"vwu: {directory} is not a folder; name one: vwu example DIR", file=sys.stderr)
        return WRONG_USE
    paths = write_example(Path(directory), _catalogue())
    if args.json:
        print(json.dumps({"directory": directory, "files": [str(path) for path in paths]}, ensure_ascii=False))
    else:
        broken = sum("(lỗi)" in path.name and not path.name.endswith(".json") for path in paths)
        print(f"example: {len(paths)} files in {directory}, {broken} of them broken on purpose")
    return DONE


def _catalogue() -> Catalogue:
    from vwu.catalogue import load_catalogue
    from vwu.settings import load_settings

    return load_catalogue(load_settings().root / "seeds")
