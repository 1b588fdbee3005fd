"""Verbs that write files to start from: `template`, `example`, `generate`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.cli.output import example, set_verb
from vwu.language import phrase

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue
    from vwu.generate.request import Request

DONE, WRONG_USE = 0, 2


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    template = verbs.add_parser(
        "template",
        help=phrase("ghi biểu BM01 để đơn vị điền", "write the workbook that a branch fills (form BM01)"),
        description=phrase(
            "Ghi biểu BM01 cho một đơn vị và một kỳ: điền sẵn mã, tên, đơn vị tính; ô nhập có kiểm tra.",
            "Write form BM01 for one branch and period: codes, names and units prefilled, cells checked.",
        ),
        epilog=example("vwu template --branch P22 --period 2024-01 -o 'Báo cáo tháng 1.xlsx'"),
    )
    template.add_argument(
        "--branch",
        required=True,
        metavar=phrase("ĐV", "B"),
        help=phrase("mã đơn vị, như P22 hoặc P22-06895", "branch code, such as P22 or P22-06895"),
    )
    template.add_argument(
        "--period",
        required=True,
        metavar=phrase("KỲ", "P"),
        help=phrase("mã kỳ, như 2024-01 hoặc 2024-Q2", "period code, such as 2024-01 or 2024-Q2"),
    )
    template.add_argument(
        "-o",
        "--output",
        metavar=phrase("TỆP", "FILE"),
        type=Path,
        help=phrase("mặc định: BM01 <đơn vị> <kỳ>.xlsx tại đây", "default: BM01 <branch> <period>.xlsx here"),
    )
    template.add_argument(
        "--history",
        metavar=phrase("TỆP", "FILE"),
        type=Path,
        help=phrase(
            "tệp do `vwu history` ghi: số kỳ trước in xám cạnh ô nhập",
            "what `vwu history` wrote: last period's figures stand in grey beside the cells",
        ),
    )
    set_verb(template, _template)

    sample = verbs.add_parser(
        "example",
        help=phrase("ghi bộ tệp ví dụ vào nơi nhận tệp", "write the example landing zone"),
        description=phrase(
            "Ghi số liệu của hai tài liệu nguồn thành biểu mẫu thật, sao kê mẫu của ngân hàng, và vài tệp cố ý sai. "
            "Gọi lần nữa không thay đổi gì.",
            "Write the figures of the two source documents as real workbooks, sample bank feeds, and broken "
            "files. A second call changes nothing.",
        ),
        epilog=example("vwu example /tmp/landing"),
    )
    sample.add_argument(
        "directory",
        nargs="?",
        metavar=phrase("THƯ_MỤC", "DIR"),
        help=phrase("mặc định: nơi nhận tệp của hệ thống này", "default: the landing zone of this installation"),
    )
    set_verb(sample, _example)
    _register_generate(verbs)


def _register_generate(verbs: Any) -> None:
    generate = verbs.add_parser(
        "generate",
        help=phrase("ghi số liệu giả lập cả nước, lớn nhỏ tùy ý", "write a synthetic nation of any size"),
        description=phrase(
            "Ghi sao kê ngân hàng và báo cáo của các đơn vị khớp nhau, của một đất nước giả lập. Cùng tham số thì cùng "
            "từng byte. Địa bàn, chương trình, lãi suất, hạn mức theo danh mục; con người là hư cấu.",
            "Write bank feeds and branch submissions of an invented nation that agree. The same arguments give "
            "the same bytes. Places, programmes, rates and ceilings are the catalogue's; people are made up.",
        ),
        epilog=example("vwu generate /tmp/nation --provinces 34 --months 12 --loans 1000000 --seed 7 --from 2025-01"),
    )
    generate.add_argument(
        "directory",
        metavar=phrase("THƯ_MỤC", "DIR"),
        type=Path,
        help=phrase("thư mục; tệp trùng tên bị thay", "a folder; files of the same names are replaced"),
    )
    for name, kind, default, words in (
        ("provinces", int, 3, phrase(
            "số tỉnh, thành phố hiện nay, từ 1 đến 34; Thái Nguyên và Quảng Ninh trước",
            "provinces of today, 1 to 34; Thái Nguyên and Quảng Ninh first",
        )),
        ("months", int, 3, phrase("số tháng liền nhau", "months in a row")),
        ("loans", int, 5_000, phrase("số dòng sao kê khoản vay mỗi tháng", "lines of each month's loan feed")),
        ("seed", int, 1, phrase("số gốc khác cho đất nước khác", "another seed, another nation")),
        ("faults", float, 0.0, phrase(
            "tỷ lệ dòng và tệp bị gài mỗi lỗi đã biết, như 0.001",
            "share of lines and files at which each known fault is planted, as in 0.001",
        )),
    ):  # fmt: skip
        letter = phrase("TỶ_LỆ", "RATE") if kind is float else "S" if name == "seed" else "N"
        generate.add_argument(
            f"--{name}",
            metavar=letter,
            type=kind,
            default=default,
            help=phrase(f"{words} (mặc định {default})", f"{words} (default {default})"),
        )
    generate.add_argument(
        "--from",
        dest="first_month",
        metavar=phrase("THÁNG", "MONTH"),
        type=_month,
        default="2025-05",
        help=phrase("mặc định 2025-05", "default 2025-05"),
    )
    generate.add_argument(
        "--compress",
        choices=("gz", "zst"),
        help=phrase("nén tệp số liệu của các sao kê", "compress the feeds' data files"),
    )
    generate.add_argument(
        "--communes",
        action="store_true",
        help=phrase(
            "cấp dưới tỉnh cũng báo cáo: huyện đến tháng 6/2025, xã từ tháng 7/2025",
            "the level below the province reports too: districts until June 2025, communes from July 2025",
        ),
    )
    generate.add_argument(
        "--form",
        choices=("workbook", "csv"),
        default="workbook",
        help=phrase("tỉnh báo cáo bằng bảng tính hay CSV", "how provinces report"),
    )
    generate.add_argument(
        "--undetermined",
        action="store_true",
        help=phrase(
            "báo cáo cả số tín chấp, mà bước kiểm tra cảnh báo và không cộng",
            "report vouched credit too, which the check holds out with a warning",
        ),
    )
    set_verb(generate, _generate)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(
            phrase(f"{text} không phải tháng dạng 2025-05", f"{text} is not a month like 2025-05")
        ) from None


def _template(args: argparse.Namespace) -> int:
    from vwu.cli.intake import read_history
    from vwu.intake.submission.template import write_template

    path = args.output or Path(f"BM01 {args.branch} {args.period.replace('/', '_')}.xlsx")
    scope, history = read_history(args.history) if args.history else (None, None)
    if scope is not None and (scope.branch_code, scope.period_code) != (args.branch, args.period):
        other = phrase(f"{args.history} là của {scope.key}", f"{args.history} is the history of {scope.key}")
        print(f"vwu template: {other}", file=sys.stderr)
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
        print(path)
        then = phrase("điền các ô nền vàng, rồi kiểm tra", "fill the yellow cells, then check")
        print(f"  {then}: vwu check '{path}'")
    return DONE


def _example(args: argparse.Namespace) -> int:
    from vwu.example import write_example
    from vwu.settings import load_settings

    directory = args.directory or load_settings().landing
    if "://" in directory:
        print("vwu: " + phrase(
            f"{directory} không phải thư mục; hãy nêu một thư mục: vwu example DIR",
            f"{directory} is not a folder; name one: vwu example DIR",
        ), file=sys.stderr)  # fmt: skip
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
            progress.show(f"{len(paths)} {phrase('tệp', 'files')}, {path.name}")
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
