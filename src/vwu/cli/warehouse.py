"""Verbs of the later steps: build, gate, publish, releases, rollback, diff."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vwu.cli.output import example, set_verb
from vwu.language import phrase, spoken
from vwu.settings import load_settings

if TYPE_CHECKING:
    from vwu.gate import Verdict
    from vwu.publish import Diff

DONE, BLOCKED = 0, 1
_OUTCOMES = {
    "publish": ("mở", "open"),
    "publish_with_warnings": ("mở, có cảnh báo", "open, with warnings"),
    "refuse": ("ĐÓNG", "SHUT"),
}


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    build = _verb(
        verbs, "build", _build,
        phrase(
            "dựng lại các bảng số liệu theo những gì đang có hiệu lực; mã thoát 1 khi một kiểm thử không đạt",
            "bring the star up to date with what is in force; exit 1 when a test fails",
        ),
    )  # fmt: skip
    build.add_argument(
        "--full-refresh",
        action="store_true",
        help=phrase("làm lại mọi bảng từ những gì đã nhận", "make every table anew from what is landed"),
    )
    build.epilog = example("vwu build && vwu gate && vwu publish")
    gate = _verb(
        verbs, "gate", _gate,
        phrase(
            "kiểm định bản chờ công bố; mã thoát 1 khi không được công bố",
            "check the candidate; exit 1 when it must not be published",
        ),
    )  # fmt: skip
    gate.add_argument(
        "--whole",
        action="store_true",
        help=phrase(
            "xem lại cả những phần đang có hiệu lực mà không thay đổi",
            "look again at parts that are in force and did not change",
        ),
    )
    gate.epilog = example("vwu gate && vwu publish")
    publish = _verb(
        verbs, "publish", _publish,
        phrase(
            "công bố bản đã qua cửa kiểm định thành bản phát hành kế tiếp",
            "publish the candidate that the gate passed, as the next release",
        ),
    )  # fmt: skip
    publish.add_argument(
        "--again",
        action="store_true",
        help=phrase(
            "công bố lại bản đã bị `vwu rollback` đưa ra khỏi hiệu lực",
            "publish anew what a rollback took out of force",
        ),
    )
    releases = _verb(
        verbs, "releases", _releases,
        phrase("kê các bản phát hành, mới nhất trước", "list the releases, newest first"),
    )  # fmt: skip
    releases.add_argument(
        "--checksums",
        action="store_true",
        help=phrase("sha256 của từng bảng trong bản đang có hiệu lực", "sha256 of each table of the release in force"),
    )
    rollback = _verb(
        verbs, "rollback", _rollback,
        phrase(
            "đưa một bản phát hành khác vào hiệu lực; không chép lại và không mất gì",
            "put another release in force; nothing is copied or lost",
        ),
    )  # fmt: skip
    rollback.add_argument(
        "release",
        type=int,
        metavar=phrase("BẢN", "RELEASE"),
        help=phrase("một số do `vwu releases` kê", "a number that `vwu releases` lists"),
    )
    rollback.add_argument(
        "--reason",
        default="",
        metavar=phrase("LÝ_DO", "REASON"),
        help=phrase("lý do; được lưu trong nhật ký phát hành", "why; kept in the log of releases"),
    )
    _register_official(verbs)
    diff = _verb(
        verbs, "diff", _diff,
        phrase(
            "hai bản phát hành khác nhau ở đâu, và do biên nhận nào",
            "show what changed between two releases, and which receipts caused it",
        ),
    )  # fmt: skip
    diff.add_argument("from_release", type=int, metavar="R1", help=phrase("bản phát hành trước", "the release before"))
    diff.add_argument("to_release", type=int, metavar="R2", help=phrase("bản phát hành sau", "the release after"))
    diff.add_argument(
        "--rows",
        type=int,
        default=50,
        metavar="N",
        help=phrase("số dòng khác nhau được in (mặc định 50)", "changed rows to print (default 50)"),
    )


def _register_official(verbs: Any) -> None:
    official = _verb(
        verbs, "make-official", _make_official,
        phrase(
            "duyệt số liệu một kỳ là chính thức, hoặc là đã điều chỉnh",
            "approve a period's figures as official, or as revised",
        ),
    )  # fmt: skip
    official.add_argument(
        "--period",
        required=True,
        metavar=phrase("KỲ", "CODE"),
        help=phrase("mã kỳ, như 2024-Q1", "period code, such as 2024-Q1"),
    )
    official.add_argument(
        "--release",
        type=int,
        metavar="N",
        help=phrase("mặc định: bản đang có hiệu lực", "default: the release in force"),
    )
    official.add_argument(
        "--reason",
        default="",
        metavar=phrase("LÝ_DO", "REASON"),
        help=phrase("lý do; phải có khi điều chỉnh", "why; a revision needs one"),
    )
    official.epilog = example("vwu make-official --period 2024-Q1")


def _verb(verbs: Any, name: str, function: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    set_verb(verb, function)
    return verb


def _build(args: argparse.Namespace) -> int:
    from vwu.build import BuildError, build
    from vwu.cli.main import OutsideError
    from vwu.stack.progress import Progress

    progress = Progress()
    try:
        result = build(load_settings(), args.full_refresh, progress.show if sys.stderr.isatty() else None)
    except BuildError as error:
        raise OutsideError(str(error)) from error
    finally:
        progress.clear()
    if args.json:
        _print_json(asdict(result))
    else:
        anew, changed = phrase("dựng lại từ đầu", "everything anew"), phrase("phần thay đổi", "what changed")
        done, failed = phrase("xong", "done"), phrase("HỎNG", "FAILED")
        print(
            phrase(f"lần dựng {result.build_id} ", f"build {result.build_id} ")
            + (done if result.ok else failed)
            + phrase(" trong", " in")
            + f" {result.seconds:.1f} s ({anew if result.is_full_refresh else changed}): "
            + phrase(
                f"{result.models} mô hình, {result.tests} kiểm thử", f"{result.models} models, {result.tests} tests"
            )
        )
        for node in result.failures:
            print(f"  ! {node}")
    return DONE if result.ok else BLOCKED


def _gate(args: argparse.Namespace) -> int:
    from vwu.gate import run_gate

    settings = load_settings()
    verdict = run_gate(settings, whole=args.whole)
    if args.json:
        _print_json(_verdict_json(verdict))
    else:
        _print_verdict(verdict)
        print(f"Data Docs: {(settings.home / 'site' / 'data_docs' / 'index.html').as_uri()}")
        if verdict.passed:
            print(phrase("việc tiếp theo", "next") + ": vwu publish")
    return DONE if verdict.passed else BLOCKED


def _print_verdict(verdict: Verdict) -> None:
    outcome_vi, outcome_en = _OUTCOMES[verdict.outcome]
    print(phrase(
        f"cửa kiểm định {outcome_vi}: đã chạy {verdict.executed_checks} trên {verdict.expected_checks} phép kiểm "
        f"trong {verdict.seconds:.1f} s, {len(verdict.failed)} không đạt (lần {verdict.gate_run_id})",
        f"gate {outcome_en}: {verdict.executed_checks} of {verdict.expected_checks} checks ran "
        f"in {verdict.seconds:.1f} s, {len(verdict.failed)} failed (run {verdict.gate_run_id})",
    ))  # fmt: skip
    for problem in verdict.problems:
        print(f"  ! {problem}")
    for result in verdict.failed:
        check = result.check
        rows = phrase("dòng", "rows")
        count = "" if result.unexpected_count is None else f", {result.unexpected_count} {rows}"
        print(f"  {check.severity:<8}{check.rule_id} {phrase('ở', 'on')} {check.table_name}{count}")
        print("\n".join(f"          {text}" for text in spoken(check.reason_vi, check.reason_en)))


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate_run_id": verdict.gate_run_id,
        "verdict": verdict.outcome,
        "candidate_hash": verdict.candidate_hash,
        "judged_release_id": verdict.judged_release_id,
        "expected_checks": verdict.expected_checks,
        "executed_checks": verdict.executed_checks,
        "problems": list(verdict.problems),
        "failed": [
            {
                "rule_id": result.check.rule_id,
                "table_name": result.check.table_name,
                "severity": result.check.severity,
                "family": result.check.family,
                "observed": result.failure or result.observed,
                "unexpected_count": result.unexpected_count,
                "message_vi": result.check.reason_vi,
                "message_en": result.check.reason_en,
            }
            for result in verdict.failed
        ],
    }


def _publish(args: argparse.Namespace) -> int:
    from vwu.publish import PublishError, publish

    try:
        result = publish(load_settings(), again=args.again)
    except PublishError as error:
        return _blocked(error)
    if args.json:
        _print_json(asdict(result))
    elif result.is_new:
        print(phrase(
            f"bản phát hành {result.release_id} có hiệu lực ({result.verdict}): đã ghi {result.parts_written} phần, "
            f"{result.rows_written} dòng",
            f"release {result.release_id} is in force ({result.verdict}): {result.parts_written} parts, "
            f"{result.rows_written} rows written",
        ))  # fmt: skip
    else:
        print(phrase(
            f"không có gì mới: bản phát hành {result.release_id} vẫn có hiệu lực ({result.reason})",
            f"nothing new to publish: release {result.release_id} stays in force ({result.reason})",
        ))  # fmt: skip
    return DONE


def _releases(args: argparse.Namespace) -> int:
    from vwu.publish import checksums, releases

    settings = load_settings()
    if args.checksums:
        sums = checksums(settings)
        _print_json(sums) if args.json else _print_table(("table", "sha256"), sums.items())
        return DONE
    found = releases(settings)
    if args.json:
        _print_json([asdict(release) for release in found])
    elif not found:
        print(phrase("chưa có bản phát hành nào: hãy chạy vwu run", "no release yet: vwu run makes the first"))
    else:
        head = (
            phrase("bản", "release"), phrase("hiệu lực", "in force"), phrase("công bố", "published"),
            phrase("kết luận", "verdict"), phrase("độ phủ %", "coverage %"), phrase("biên nhận", "receipts"),
            phrase("phát hiện", "findings"), phrase("phiên bản mã", "code"),
        )  # fmt: skip
        _print_table(head, [
            (release.release_id, "*" if release.is_in_force else "", release.published_at.isoformat(" ", "seconds"),
             release.verdict, release.coverage_pct, release.receipts, release.findings_open, release.code_version)
            for release in found
        ])  # fmt: skip
    return DONE


def _rollback(args: argparse.Namespace) -> int:
    from vwu.publish import PublishError, rollback

    try:
        before = rollback(load_settings(), args.release, args.reason)
    except PublishError as error:
        return _blocked(error)
    if args.json:
        _print_json({"release_id": args.release, "from_release_id": before})
    elif before == args.release:
        print(phrase(
            f"bản phát hành {args.release} vốn đang có hiệu lực", f"release {args.release} is in force already"
        ))  # fmt: skip
    else:
        print(phrase(
            f"bản phát hành {args.release} có hiệu lực; trước đó: {before}. Trở lại: vwu rollback {before}",
            f"release {args.release} is in force; before: {before}. Back again: vwu rollback {before}",
        ))  # fmt: skip
    return DONE


def _make_official(args: argparse.Namespace) -> int:
    from vwu.publish import PublishError, make_official
    from vwu.report.wording import STATUSES, words

    try:
        made = make_official(load_settings(), args.period, reason=args.reason, release_id=args.release)
    except PublishError as error:
        print(f"vwu: {error}", file=sys.stderr)
        return BLOCKED
    if args.json:
        print(json.dumps(asdict(made), ensure_ascii=False, indent=1, default=str))
    else:
        status, release = words(STATUSES, made.status), f"{made.release_id}, {made.approved_by}"
        print(phrase(
            f"{made.period_code}: {status.vi}, lần {made.vintage}, bản phát hành {release}",
            f"{made.period_code}: {status.en}, vintage {made.vintage}, release {release}",
        ))  # fmt: skip
    return DONE


def _diff(args: argparse.Namespace) -> int:
    from vwu.publish import PublishError, diff

    try:
        found = diff(load_settings(), args.from_release, args.to_release)
    except PublishError as error:
        return _blocked(error)
    if args.json:
        _print_json(asdict(found))
    else:
        _print_diff(found, args.rows)
    return DONE


def _print_diff(found: Diff, limit: int) -> None:
    which = f"{found.from_release_id} -> {found.to_release_id}"
    rows, out, into = len(found.rows), len(found.parts_removed), len(found.parts_added)
    print(phrase(
        f"bản phát hành {which}: {rows} dòng khác, bỏ {out} phần, thêm {into} phần",
        f"release {which}: {rows} rows differ, {out} parts out, {into} parts in",
    ))  # fmt: skip
    for sign, receipts in (("-", found.receipts_removed), ("+", found.receipts_added)):
        for receipt_id, scope_key in receipts:
            print(f"  {sign} {phrase('biên nhận', 'receipt')} {receipt_id}  {scope_key}")
    for change in found.rows[:limit]:
        was, now = change.before or {}, change.after or {}
        because = f"  [{', '.join(change.receipts)}]" if change.receipts else ""
        print(f"  {change.kind:<8}{change.table_name} {' | '.join(map(str, change.key))}{because}")
        if change.kind == "changed":
            for name in change.columns:
                print(f"            {name}: {was[name]} -> {now[name]}")
    if len(found.rows) > limit:
        print(f"  … {len(found.rows) - limit} {phrase('dòng nữa', 'more')}: --rows {len(found.rows)}")


def _blocked(error: Exception) -> int:
    print(f"vwu: {error}", file=sys.stderr)
    return BLOCKED


def _print_json(content: Any) -> None:
    print(json.dumps(content, default=str, ensure_ascii=False, indent=2))


def _print_table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    lines = [tuple(head), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
