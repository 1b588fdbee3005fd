"""Verbs that read a release: `rollup`, `report`, `trace`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.cli.output import example, numeral, set_verb, worded
from vwu.language import phrase

if TYPE_CHECKING:
    from vwu.fed import Fed
    from vwu.rollup import Credit, Figure, Rollup, Target
    from vwu.trace import Cell, Contribution, Former, Trace

DONE, WRONG_USE = 0, 2


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    rollup = verbs.add_parser(
        "rollup",
        help=phrase("xem số tổng hợp cả nước của một kỳ", "show the national roll-up of a period"),
        description=phrase(
            "Số liệu cả nước và các tỉnh của một kỳ, kèm cận, độ phủ, lý do và chỉ tiêu được giao.",
            "National and provincial figures of a period with bounds, coverage, reasons and targets.",
        ),
        epilog=example("vwu rollup --period T2021-2026-H1"),
    )
    rollup.add_argument(
        "--boundary",
        choices=("as_reported", "as_now", "as_before"),
        default="as_reported",
        help=phrase(
            "tỉnh theo địa giới khi báo cáo (mặc định), hiện nay, hoặc 63 tỉnh trước tháng 7/2025",
            "provinces of the time (default), of today, or the 63 of before July 2025",
        ),
    )
    _add_period(rollup)
    set_verb(rollup, _rollup)

    report = verbs.add_parser(
        "report",
        help=phrase(
            "ghi báo cáo của một kỳ: trang, bảng tính, gói dữ liệu",
            "write the report of a period: page, workbook, package",
        ),
        description=phrase(
            "Ghi index.html, rollup.xlsx và package/ cho một kỳ, tất cả từ một bản phát hành.",
            "Write index.html, rollup.xlsx and package/ for one period, all from one release.",
        ),
        epilog=example("vwu report --period 2024-01 -o /tmp/bao-cao"),
    )
    _add_period(report)
    report.add_argument(
        "-o",
        "--output",
        metavar=phrase("THƯ_MỤC", "DIR"),
        type=Path,
        help=phrase("mặc định: nơi để báo cáo của hệ thống này", "default: the reports of this installation"),
    )
    set_verb(report, _report)

    docs = verbs.add_parser(
        "docs",
        help=phrase(
            "ghi trang tài liệu: tình trạng, từ điển dữ liệu, quy tắc, mô hình, Data Docs, hướng dẫn",
            "write the site: status, data dictionary, rules, models, Data Docs, guide",
        ),
        description=phrase(
            "Ghi lại trang tài liệu của hệ thống này và in địa chỉ trang đầu.",
            "Write the static site of this installation anew and print its start page.",
        ),
        epilog=example("xdg-open $(vwu docs)"),
    )
    set_verb(docs, _docs)

    trace = verbs.add_parser(
        "trace",
        help=phrase(
            "lần từ một số đã công bố về tệp và ô của nó",
            "lead from a published figure to its files and cells",
        ),
        description=phrase(
            "Mọi giá trị đứng sau một số đã công bố: tệp, trang tính và ô, nguyên văn trong ô, và biên nhận; hoặc, với "
            "--receipt, mọi số đã công bố lấy từ một tệp.",
            "Every value behind a published figure: file, sheet and cell, what stood there, and its receipt; "
            "or, with --receipt, every published cell that a file fed.",
        ),
        epilog=example("vwu trace --programme TINCHAP --indicator LOAN_TURNS --region 19 --period T2021-2026-H1"),
    )
    code = phrase("MÃ", "CODE")
    trace.add_argument("--programme", metavar=code, help=phrase("chương trình, như DA939", "programme, such as DA939"))
    trace.add_argument(
        "--indicator", metavar=code, help=phrase("chỉ tiêu, như LOAN_TURNS", "indicator, such as LOAN_TURNS")
    )
    trace.add_argument(
        "--region",
        default="VN",
        metavar=code,
        help=phrase(
            "địa bàn hoặc đơn vị: VN (mặc định), 22, P22-06895", "region or branch: VN (default), 22, P22-06895"
        ),
    )
    trace.add_argument(
        "--receipt",
        metavar=phrase("BIÊN_NHẬN", "R"),
        help=phrase(
            "chiều ngược lại: biên nhận này đã cho những số nào, không kèm gì khác",
            "the other way: what this receipt fed, with nothing else given",
        ),
    )
    _add_period(trace, is_required=False)
    set_verb(trace, _trace)


def _add_period(verb: argparse.ArgumentParser, is_required: bool = True) -> None:
    verb.add_argument(
        "--period",
        required=is_required,
        metavar=phrase("KỲ", "P"),
        help=phrase("mã kỳ, như 2024-01, 2024-Q2, 2024", "period code, such as 2024-01, 2024-Q2, 2024"),
    )
    verb.add_argument(
        "--release",
        type=int,
        metavar="N",
        help=phrase(
            "một bản phát hành cũ; mặc định: bản đang có hiệu lực", "a past release; default: the one in force"
        ),
    )


def _rollup(args: argparse.Namespace) -> int:
    from vwu.rollup import NothingPublishedError, open_release, read_rollup
    from vwu.settings import load_settings

    try:
        with open_release(load_settings(), args.release) as (connection, release):
            rollup = read_rollup(connection, release, args.period)
    except NothingPublishedError as error:
        return _refuse(error)
    if args.json:
        _print_json(asdict(rollup))
    else:
        print("\n".join(_rollup_lines(rollup, args.boundary)))
    return DONE


def _report(args: argparse.Namespace) -> int:
    from vwu.report import report_folder, write_report
    from vwu.rollup import NothingPublishedError
    from vwu.settings import load_settings

    settings = load_settings()
    folder = args.output or report_folder(settings, args.period)
    try:
        report = write_report(settings, args.period, folder, args.release)
    except NothingPublishedError as error:
        return _refuse(error)
    if args.json:
        _print_json(asdict(report))
    else:
        print(f"{report.folder / 'index.html'}")
        print(phrase(
            f"  bản phát hành {report.release_id}, {len(report.files)} tệp",
            f"  release {report.release_id}, {len(report.files)} files",
        ))  # fmt: skip
    return DONE


def _docs(args: argparse.Namespace) -> int:
    from vwu.build import BuildError
    from vwu.cli.main import OutsideError
    from vwu.settings import load_settings
    from vwu.site import write_site

    try:
        start = write_site(load_settings())
    except BuildError as error:
        raise OutsideError(str(error)) from error
    if args.json:
        _print_json({"start": start})
    else:
        print(start)
    return DONE


def _trace(args: argparse.Namespace) -> int:
    from vwu.rollup import NothingPublishedError, open_release
    from vwu.settings import load_settings
    from vwu.trace import UnknownCellError, trace

    if args.receipt:
        return _trace_receipt(args)
    if not (args.programme and args.indicator and args.period):
        print("vwu: " + phrase(
            "hãy nêu --programme, --indicator và --period, hoặc --receipt",
            "give --programme, --indicator and --period, or --receipt",
        ), file=sys.stderr)  # fmt: skip
        return WRONG_USE
    try:
        with open_release(load_settings(), args.release) as (connection, release):
            found = trace(
                connection,
                release,
                programme_code=args.programme,
                indicator_code=args.indicator,
                region_code=args.region,
                period_code=args.period,
            )
    except (NothingPublishedError, UnknownCellError) as error:
        return _refuse(error)
    if args.json:
        _print_json(found.as_json())
    else:
        print("\n".join(_trace_lines(found)))
    return DONE


def _trace_receipt(args: argparse.Namespace) -> int:
    from vwu.fed import fed_by
    from vwu.rollup import NothingPublishedError, open_release
    from vwu.settings import load_settings

    try:
        with open_release(load_settings(), args.release) as (connection, release):
            fed = fed_by(connection, args.receipt)
    except NothingPublishedError as error:
        return _refuse(error)
    if args.json:
        _print_json({"release_id": release.release_id, "cells": [each.as_json() for each in fed]})
        return DONE
    if not fed:
        print(phrase(
            f"không có số nào của bản phát hành {release.release_id} lấy từ {args.receipt}",
            f"no cell of release {release.release_id} comes of {args.receipt}",
        ))  # fmt: skip
        return DONE
    head = (
        phrase("bảng", "table"), phrase("chương trình", "programme"), phrase("chỉ tiêu", "indicator"),
        phrase("địa bàn", "region"), phrase("kỳ", "period"), phrase("cách tính", "basis"), phrase("số", "value"),
        phrase("vị trí", "position"),
    )  # fmt: skip
    print("\n".join(_table(head, map(_fed_row, fed))))
    return DONE


def _fed_row(each: Fed) -> tuple[str, ...]:
    how = " ".join(filter(None, (each.scenario, each.basis, each.boundary, each.organisation)))
    what = each.indicator_code or each.bank_code or ""
    value = str(each.value) if each.value is not None else each.value_state
    place = (each.region_code or "", each.period_code)
    return each.table_name, each.programme_code or "", what, *place, how, value, each.position or ""


def _refuse(error: Exception) -> int:
    print(f"vwu: {error}", file=sys.stderr)
    return WRONG_USE


def _print_json(content: Any) -> None:
    """Numbers as decimal strings, days and times in ISO form, paths as text."""
    print(json.dumps(_rows_of(content), default=_plain, ensure_ascii=False, indent=2))


def _rows_of(content: Any) -> Any:
    """The same content; a mapping by a key of several columns becomes a list of rows that begin with these columns."""
    if isinstance(content, dict):
        if any(hasattr(key, "_asdict") for key in content):
            return [key._asdict() | {"values": _rows_of(value)} for key, value in content.items()]
        return {key: _rows_of(value) for key, value in content.items()}
    return [_rows_of(each) for each in content] if isinstance(content, (list, tuple)) else content


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _rollup_lines(rollup: Rollup, boundary: str) -> list[str]:
    from vwu.report.wording import day, period_name

    period, release = rollup.period, rollup.release
    name = period_name(period.period_code, period.period_kind)
    came = [each for each in rollup.submissions if each.receipt_id]
    owed = sum(each.is_expected for each in rollup.submissions)
    lines = [
        f"{worded(name)}  [{period.period_code}]  {day(period.start_date)} – {day(period.end_date)}",
        phrase(
            f"  bản phát hành {release.release_id}, {day(release.published_at)}; báo cáo đã vào: {len(came)}",
            f"  release {release.release_id}, {day(release.published_at)}; reports in: {len(came)}",
        )
        + (f", {phrase('phải nộp', 'owed')}: {owed}" if owed else ""),
    ]
    lines += _figure_lines(rollup.figures, boundary)
    lines += _credit_lines(rollup.credit)
    lines += _target_lines(rollup.targets)
    errors = sum(each.severity == "error" for each in rollup.findings)
    found = len(rollup.findings)
    lines += ["", phrase(f"Phát hiện còn mở: {found}, lỗi: {errors}", f"Open findings: {found}, errors: {errors}")]
    return lines


def _figure_lines(figures: Sequence[Figure], boundary: str) -> list[str]:
    """The nation's line of each figure, its provinces below it by one boundary; reasons at the foot."""
    if not figures:
        return [
            "",
            phrase("Chưa có số liệu chương trình nào của kỳ này", "No programme figure is published for this period"),
        ]
    rows: list[tuple[str, ...]] = []
    reasons: dict[str, int] = {}
    shown = [each for each in figures if each.boundary == boundary]
    for figure in sorted(shown, key=_line_order):
        is_nation = figure.level == "nation"
        label = (
            f"{figure.programme_code}  {phrase(figure.name_vi, figure.name_en)}"
            if is_nation
            else f"    {figure.region_name}"
        )
        told = _told(figure)
        if figure.blocked_reason:
            number = reasons.setdefault(_reason(figure), len(reasons) + 1)
            told = f"{phrase('không cộng', 'held out')} ({number})"
        rows.append((label, _basis(figure) if is_nation else "", told, _coverage(figure)))
    notes = [f"  ({number}) {reason}" for reason, number in reasons.items()]
    head = phrase("Số liệu", "Figure"), phrase("cách tính", "basis"), "", phrase("độ phủ", "coverage")
    return ["", *_table(head, rows), *notes]


def _line_order(figure: Figure) -> tuple[Any, ...]:
    return (
        figure.programme_code, figure.indicator_code, figure.scenario, figure.basis, figure.level != "nation",
        figure.region_code,
    )  # fmt: skip


def _basis(figure: Figure | Cell) -> str:
    from vwu.report.wording import BASES, SCENARIOS, words

    basis = worded(words(BASES, figure.basis))
    return basis if figure.scenario == "actual" else f"{worded(words(SCENARIOS, figure.scenario)).lower()}, {basis}"


def _told(figure: Figure | Cell) -> str:
    from vwu.report.wording import said

    told = said(figure)
    if told is None:
        return f"{phrase('không cộng', 'held out')}: {_reason(figure)}"
    return worded(told) + (phrase(" (ước tính)", " (estimated)") if figure.is_estimated else "")


def _reason(figure: Figure | Cell) -> str:
    return phrase(figure.blocked_reason_vi or figure.blocked_reason or "", figure.blocked_reason or "")


def _coverage(figure: Figure) -> str:
    if figure.branches_reported is None:
        return ""
    share = f" ({numeral(figure.coverage_pct)}%)" if figure.coverage_pct is not None else ""
    return f"{figure.branches_reported}/{figure.branches_expected or '?'}{share}"


def _credit_lines(credit: Sequence[Credit]) -> list[str]:
    from vwu.report.page import credit_tables

    if not credit:
        return []
    rows = [
        (worded(row.name), str(row.loans if row.loans is not None else "–"), _money(row.lent),
         _money(row.closing_balance), _money(row.overdue))
        for _, table in credit_tables(credit)[:3]
        for row in table
    ]  # fmt: skip
    head = (
        phrase("Tín dụng", "Credit"), phrase("khoản vay", "loans"), phrase("cho vay", "lent"),
        phrase("dư nợ", "balance"), phrase("quá hạn", "overdue"),
    )  # fmt: skip
    return ["", *_table(head, rows)]


def _money(value: Any) -> str:
    from vwu.report.wording import amount

    return worded(amount(value, "VND"))


def _target_lines(targets: Sequence[Target]) -> list[str]:
    """Targets that something was reported against; the others are counted."""
    from vwu.report.wording import OUTCOMES, amount, bounded, words

    rows = []
    for each in targets:
        told = bounded(each.actual_value, each.lower_bound, each.upper_bound, each.unit_code)
        if told is not None:
            share = f"{numeral(each.attained_pct)}%" if each.attained_pct is not None else ""
            goal = f"{worded(amount(each.target_value, each.unit_code))} ({each.horizon_end.year})"
            label = f"{each.programme_code}  {phrase(each.name_vi, each.name_en)}"
            rows.append((label, goal, worded(told), share, worded(words(OUTCOMES, each.outcome))))
    left = len(targets) - len(rows)
    note = phrase(f"  {left} chỉ tiêu khác chưa có số liệu", f"  {left} other targets have no figure yet")
    head = phrase("Chỉ tiêu được giao", "Target"), phrase("phải đạt", "goal"), phrase("đã đạt", "attained"), "", ""
    return ["", *_table(head, rows), *([note] if left else [])] if targets else []


def _trace_lines(found: Trace) -> list[str]:
    lines = _said_lines(found)
    for each in found.former:
        title = phrase(f"Bản phát hành {each.release_id} ghi khác:", f"Release {each.release_id} said otherwise:")
        lines += ["", title, *(f"  {line}".rstrip() for line in _said_lines(each))]
    return lines


def _said_lines(found: Trace | Former) -> list[str]:
    from vwu.report.wording import BOUNDARIES, words

    lines = []
    for cell in found.cells:
        boundary = worded(words(BOUNDARIES, cell.boundary))
        place = " / ".join((cell.programme_code, cell.indicator_code, cell.region_name, cell.period_code))
        lines.append(f"{place} · {_basis(cell)} · {boundary}: {_told(cell)}")
    lines.append("")
    head = (
        phrase("đơn vị", "branch"), phrase("kỳ", "period"), phrase("ghi trong ô", "in the cell"),
        phrase("đọc là", "read as"), phrase("ở đâu", "where"), phrase("vai trò", "role"),
    )  # fmt: skip
    lines += _table(head, [_origin(each) for each in found.contributions])
    return lines


_ROLES = {
    "counted": ("được tính", "counted"),
    "spoken_for": ("cấp trên đã báo", "the branch above told it"),
    "within": ("nằm trong kỳ dài hơn", "within a longer period"),
    "earlier": ("có số mới hơn", "there is a newer one"),
    "held_out": ("không cộng", "held out"),
}


def _origin(each: Contribution) -> tuple[str, ...]:
    from vwu.report.wording import bounded

    told = bounded(each.value, each.lower_bound, each.upper_bound, each.unit_code)
    place = f"{each.file_name} {each.position} [{each.receipt_id}]".strip()
    role = phrase(*_ROLES.get(each.role, (each.role, each.role)))
    return each.branch_name, each.period_code, each.raw_text, worded(told) if told else each.value_state, place, role


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; the last one is left as it is."""
    table = [tuple(titles), *map(tuple, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(titles))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
