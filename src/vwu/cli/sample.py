"""Verbs that write files to start from: `template`, `example`, `generate`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.cli.output import phrase

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue
    from vwu.generate.request import Request

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
    template.add_argument(
        "--history",
        metavar="FILE",
        type=Path,
        help="what `vwu history` wrote: last period's figures stand in grey beside the cells",
    )
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
    _register_generate(verbs)


def _register_generate(verbs: Any) -> None:
    generate = verbs.add_parser(
        "generate",
        help="write a synthetic nation of any size",
        description="Write bank feeds and branch submissions of an invented nation that agree. The same arguments give "
        "the same bytes. Places, programmes, rates and ceilings are the catalogue's; people are made up.",
        epilog="example: vwu generate /tmp/nation --provinces 34 --months 12 --loans 1000000 --seed 7 --from 2025-01",
    )
    generate.add_argument("directory", metavar="DIR", type=Path, help="a folder; files of the same names are replaced")
    for name, kind, default, words in (
        ("provinces", int, 3, "provinces of today, 1 to 34; Thái Nguyên and Quảng Ninh first"),
        ("months", int, 3, "months in a row"),
        ("loans", int, 5_000, "lines of each month's loan feed"),
        ("seed", int, 1, "another seed, another nation"),
        ("faults", float, 0.0, "share of lines and files at which each known fault is planted, as in 0.001"),
    ):
        letter = "RATE" if kind is float else "S" if name == "seed" else "N"
        generate.add_argument(
            f"--{name}", metavar=letter, type=kind, default=default, help=f"{words} (default {default})"
        )
    generate.add_argument(
        "--from", dest="first_month", metavar="MONTH", type=_month, default="2025-05", help="default 2025-05"
    )
    generate.add_argument("--compress", choices=("gz", "zst"), help="compress the feeds' data files")
    generate.add_argument(
        "--communes",
        action="store_true",
        help="the level below the province reports too: districts until June 2025, communes from July 2025",
    )
    generate.add_argument("--form", choices=("workbook", "csv"), default="workbook", help="how provinces report")
    generate.add_argument(
        "--undetermined",
        action="store_true",
        help="report vouched credit too, which the check holds out with a warning",
    )
    generate.add_argument("--json", action="store_true", help="print an object for machines")
    generate.set_defaults(func=_generate)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a month like 2025-05") from None


def _template(args: argparse.Namespace) -> int:
    from vwu.cli.intake import read_history
    from vwu.intake.submission.template import write_template

    path = args.output or Path(f"BM01 {args.branch} {args.period.replace('/', '_')}.xlsx")
    scope, history = read_history(args.history) if args.history else (None, None)
    if scope is not None and (scope.branch_code, scope.period_code) != (args.branch, args.period):
        print(f"vwu template: {args.history} is the history of {scope.key}", file=sys.stderr)
        return WRONG_USE
    try:
        content = write_template(_catalogue(), args.branch, args.period, history=history)
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
        print(phrase(
            f"ví dụ: {len(paths)} tệp trong {directory}, trong đó {broken} tệp cố ý sai",
            f"example: {len(paths)} files in {directory}, {broken} of them broken on purpose",
        ))  # fmt: skip
    return DONE


def _generate(args: argparse.Namespace) -> int:
    from vwu.generate.landing_zone import generate
    from vwu.stack.progress import Progress

    try:
        request = _request(args)
    except ValueError as error:
        print(f"vwu: {error}", file=sys.stderr)
        return WRONG_USE
    progress = Progress()
    paths = []
    for path in generate(args.directory, request, _catalogue()):
        paths.append(path)
        if sys.stderr.isatty():
            progress.show(f"{len(paths)} files, {path.name}")
    progress.clear()
    if args.json:
        print(json.dumps({"directory": str(args.directory), "files": [str(path) for path in paths]}))
    else:
        size = sum(path.stat().st_size for path in paths)
        print(phrase(
            f"đã tạo: {len(paths)} tệp, {size / 1e6:,.1f} MB trong {args.directory}",
            f"generate: {len(paths)} files, {size / 1e6:,.1f} MB in {args.directory}",
        ))  # fmt: skip
        if request.faults:
            print(phrase(
                f"  tệp cuối kê lỗi đã gài và quy tắc phải tìm ra: {paths[-1]}",
                f"  the last lists what was planted and the rule that must find it: {paths[-1]}",
            ))  # fmt: skip
    return DONE


def _request(args: argparse.Namespace) -> Request:
    from vwu.generate.request import Request

    return Request(
        provinces=args.provinces,
        months=args.months,
        loans=args.loans,
        seed=args.seed,
        first_month=args.first_month,
        faults=args.faults,
        compression=args.compress,
        provincial_form=args.form,
        with_lower_level=args.communes,
        with_undetermined=args.undetermined,
    )


def _catalogue() -> Catalogue:
    from vwu.catalogue import load_catalogue
    from vwu.settings import load_settings

    return load_catalogue(load_settings().root / "seeds")
