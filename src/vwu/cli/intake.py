"""Verbs of intake: check, receive, receipts, findings, answer, withdraw, approve, excuse, history, remind."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.cli.output import coloured, example, say, set_verb
from vwu.cli.parser import day
from vwu.language import phrase, spoken

if TYPE_CHECKING:
    from vwu.intake.model import Change, FeedChange, Outcome, SubmissionScope
    from vwu.intake.submission.history import History

DONE, BLOCKED, WRONG_USE = 0, 1, 2
_SHOWN_FINDINGS = 20


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    _register_files(verbs)
    _register_lists(verbs)
    _register_decisions(verbs)
    _register_dates(verbs)


def _register_files(verbs: Any) -> None:
    check = verbs.add_parser(
        "check",
        help=phrase("kiểm tra tệp tại chỗ, không cần cơ sở dữ liệu", "check files offline, without a database"),
        epilog=example("vwu check 'Báo cáo tháng 1.xlsx'"),
    )
    file = phrase("TỆP", "FILE")
    check.add_argument("files", nargs="+", metavar=file, help=phrase("tệp cần kiểm tra", "a file to check"))
    check.add_argument(
        "--marked",
        metavar=file,
        help=phrase(
            "ghi lại bảng tính có đánh dấu chỗ sai (một tệp)",
            "write the workbook back with the faults marked (one file)",
        ),
    )
    check.add_argument(
        "--csv", metavar=file, help=phrase("ghi các phát hiện ra CSV (một tệp)", "write the findings as CSV (one file)")
    )
    check.add_argument(
        "--history",
        metavar=file,
        action="append",
        default=[],
        help=phrase(
            "các kỳ trước do `vwu history` ghi, để so sánh (một tệp; cho từng báo cáo trong đó)",
            "earlier periods that `vwu history` wrote, to check against (one file; for each report in it)",
        ),
    )
    set_verb(check, _check)

    history = verbs.add_parser(
        "history",
        help=phrase(
            "ghi những gì đơn vị đã báo cáo trước đây, cho `vwu check --history`",
            "write what a branch reported before, for `vwu check --history`",
        ),
    )
    _add_scope(history)
    history.add_argument(
        "-o", "--output", required=True, metavar=file, help=phrase("tệp được ghi", "the file to write")
    )
    set_verb(history, _history)

    receive = verbs.add_parser(
        "receive", help=phrase("nhận, kiểm tra và đưa tệp vào ngay", "receive, check and land files now")
    )
    receive.add_argument(
        "files",
        nargs="+",
        metavar=file,
        help=phrase(
            "đường dẫn hoặc URL; sao kê cần có bản đối chiếu bên cạnh",
            "path or URL; a feed needs its control record beside it",
        ),
    )
    set_verb(receive, _receive)


def _register_lists(verbs: Any) -> None:
    receipts = verbs.add_parser(
        "receipts",
        help=phrase("kê những gì đã nhận và kết quả từng tệp", "list what was received and what became of it"),
    )
    receipts.add_argument(
        "--state",
        metavar=phrase("TRẠNG_THÁI", "STATE"),
        help=phrase("chỉ biên nhận ở trạng thái này, như held", "only receipts in this state, such as held"),
    )
    set_verb(receipts, _receipts)

    findings = verbs.add_parser("findings", help=phrase("kê các phát hiện còn mở", "list open findings"))
    findings.add_argument(
        "receipt",
        nargs="?",
        metavar=phrase("BIÊN_NHẬN", "RECEIPT"),
        help=phrase("chỉ của một biên nhận", "only those of one receipt"),
    )
    findings.add_argument("--csv", metavar=phrase("TỆP", "FILE"), help=phrase("ghi ra CSV", "write them as CSV"))
    set_verb(findings, _findings)


def _register_decisions(verbs: Any) -> None:
    answer = verbs.add_parser("answer", help=phrase("trả lời một phát hiện", "answer a finding"))
    answer.add_argument(
        "finding",
        metavar=phrase("PHÁT_HIỆN", "FINDING"),
        help=phrase("mã phát hiện do `vwu findings` kê", "an id that `vwu findings` lists"),
    )
    answer.add_argument(
        "answer",
        choices=["correct as reported", "explained", "will be corrected"],
        help=phrase(
            "số báo cáo là đúng, đã giải trình, hoặc sẽ sửa", "the figure is right, is explained, or will be corrected"
        ),
    )
    _add_reason(answer)
    answer.epilog = example('vwu answer 0f3a… "correct as reported" --reason "đã đối chiếu sổ gốc"')
    set_verb(answer, _answer)

    withdraw = verbs.add_parser(
        "withdraw",
        help=phrase(
            "rút lại một biên nhận; biên nhận trước đó có hiệu lực trở lại",
            "take a receipt back; the one before it is in force again",
        ),
    )
    _add_receipt(withdraw)
    _add_reason(withdraw)
    set_verb(withdraw, _withdraw)

    hold = verbs.add_parser(
        "hold",
        help=phrase(
            "giữ một biên nhận ngoài các bản phát hành; số tốt gần nhất của báo cáo đó vẫn có hiệu lực",
            "keep a receipt out of releases; its scope's last good figures stay in force",
        ),
    )
    which = hold.add_mutually_exclusive_group(required=True)
    _add_receipt(which, nargs="?")
    which.add_argument(
        "--failed",
        action="store_true",
        help=phrase(
            "mọi biên nhận mà lần kiểm định cuối nêu là có lỗi", "all that failed errors of the last gate run name"
        ),
    )
    hold.add_argument("--lift", action="store_true", help=phrase("thôi giữ", "undo it"))
    _add_reason(hold)
    set_verb(hold, _hold)

    approve = verbs.add_parser(
        "approve",
        help=phrase(
            "duyệt báo cáo của đơn vị cấp dưới, được giữ lại đến khi duyệt",
            "approve the report of a branch below, which is held until then",
        ),
    )
    _add_receipt(approve)
    approve.add_argument(
        "--as",
        dest="branch",
        required=True,
        metavar=phrase("ĐƠN_VỊ", "BRANCH"),
        help=phrase("mã đơn vị duyệt", "the branch that approves"),
    )
    set_verb(approve, _approve)
    for verb in (withdraw, hold, approve):
        verb.add_argument(
            "--scope",
            metavar=phrase("KHÓA", "KEY"),
            help=phrase(
                "chỉ báo cáo này của tệp có nhiều báo cáo; xem `vwu receipts`",
                "only this report of a file with several; see `vwu receipts`",
            ),
        )


def _register_dates(verbs: Any) -> None:
    excuse = verbs.add_parser("excuse", help=phrase("cho phép nộp muộn một báo cáo", "allow a report to come late"))
    _add_scope(excuse)
    excuse.add_argument(
        "--until",
        required=True,
        type=day,
        metavar="YYYY-MM-DD",
        help=phrase("ngày cuối còn được nộp", "the last day that it may come"),
    )
    _add_reason(excuse)
    excuse.add_argument(
        "--approved-by",
        required=True,
        metavar=phrase("AI", "WHO"),
        help=phrase("người cho phép", "who allowed it"),
    )
    set_verb(excuse, _excuse)

    remind = verbs.add_parser(
        "remind",
        help=phrase(
            "ghi danh sách báo cáo sắp đến hạn hoặc còn thiếu, và gửi thư nếu có SMTP",
            "write the lists of the reports that are due soon or missing, and the letters where SMTP is set",
        ),
    )
    remind.add_argument(
        "--on",
        type=day,
        metavar="YYYY-MM-DD",
        help=phrase("tính đến ngày này; mặc định hôm nay", "as of this day; else today"),
    )
    set_verb(remind, _remind)


def _add_scope(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--branch",
        required=True,
        metavar=phrase("ĐƠN_VỊ", "BRANCH"),
        help=phrase("mã đơn vị, như P22 hoặc P22-06895", "branch code, such as P22 or P22-06895"),
    )
    verb.add_argument(
        "--period",
        required=True,
        metavar=phrase("KỲ", "PERIOD"),
        help=phrase("kỳ phải báo cáo, như 2024-01", "the period that is to be reported, such as 2024-01"),
    )
    verb.add_argument(
        "--form",
        default="BM01",
        metavar=phrase("BIỂU", "FORM"),
        help=phrase("mã biểu (mặc định %(default)s)", "code of the form (default %(default)s)"),
    )


def _add_receipt(verb: Any, nargs: str | None = None) -> None:
    verb.add_argument(
        "receipt",
        nargs=nargs,
        metavar=phrase("BIÊN_NHẬN", "RECEIPT"),
        help=phrase("mã biên nhận do `vwu receipts` kê", "an id that `vwu receipts` lists"),
    )


def _add_reason(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--reason",
        required=True,
        metavar=phrase("LÝ_DO", "REASON"),
        help=phrase("lý do; được lưu lại", "why; it is kept"),
    )


def _check(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.intake.check import check, today
    from vwu.settings import load_settings

    single = [option for option in ("marked", "csv", "history") if getattr(args, option)]
    if single and len(args.files) > 1:
        one = phrase(f"--{single[0]} chỉ dùng với một tệp", f"--{single[0]} takes one FILE")
        print(f"vwu check: {one}", file=sys.stderr)
        return WRONG_USE
    catalogue = load_catalogue(load_settings().root / "seeds")
    histories = dict(read_history(Path(name)) for name in args.history)
    outcomes = [check(_existing(name), catalogue, today(), histories) for name in args.files]
    foreign = [scope for scope in histories if outcomes[0].scopes and scope not in outcomes[0].scopes]
    if foreign:
        print("vwu check: " + phrase(
            f"--history là của {foreign[0].key}, không có trong tệp này",
            f"--history is that of {foreign[0].key}, which is not in this file",
        ), file=sys.stderr)  # fmt: skip
        return WRONG_USE
    if args.marked:
        _write_marked(Path(args.files[0]), Path(args.marked), outcomes[0])
    if args.csv:
        _write_csv(Path(args.csv), ({"file": outcomes[0].file, **each.as_json()} for each in outcomes[0].findings))
    # A check makes no receipt.
    return _show(outcomes, as_json=args.json, is_received=False, not_run=() if args.history else _history_rules())


def _history_rules() -> tuple[str, ...]:
    from vwu.intake.submission.rules import HISTORY_RULES

    return tuple(rule.rule_id for rule in HISTORY_RULES)


def read_history(path: Path) -> tuple[SubmissionScope, History]:
    """The scope and the history of a file that `vwu history` wrote. Raises IntakeError when it is something else."""
    from vwu.intake.landing import IntakeError
    from vwu.intake.model import SubmissionScope
    from vwu.intake.submission.history import history_from_json

    try:
        written = json.loads(path.read_text("utf-8"))
        return SubmissionScope(**written["scope"]), history_from_json(written)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise IntakeError(
            phrase(
                f"{path} không phải tệp do `vwu history` ghi ({error}): hãy ghi lại",
                f"{path} is not what `vwu history` writes ({error}): write it again",
            )
        ) from error


def _history(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.database import connect
    from vwu.intake.life import read_history
    from vwu.intake.model import SubmissionScope
    from vwu.settings import load_settings

    settings, scope = load_settings(), SubmissionScope(args.branch, args.period, args.form)
    with connect(settings, "loader") as connection:
        history = read_history(connection, load_catalogue(settings.root / "seeds"), scope)
    text = json.dumps({"scope": asdict(scope), **history.as_json()}, ensure_ascii=False, indent=1)
    Path(args.output).write_text(text, "utf-8")
    say(
        args, {"file": args.output, "scope": asdict(scope), "past": len(history.past), "peers": len(history.peers)},
        phrase(
            f"{args.output}: {len(history.past)} số trước đây, {len(history.peers)} số của đơn vị tương tự",
            f"{args.output}: {len(history.past)} values before, {len(history.peers)} of peers",
        ),
    )  # fmt: skip
    return DONE


def _write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows as CSV with a byte-order mark, by which Excel knows UTF-8; text that a spreadsheet would run is quoted."""
    import csv

    listed = [{name: _inert(value) for name, value in row.items()} for row in rows]
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.DictWriter(target, list(listed[0]) if listed else ["rule_id"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)


def _inert(value: Any) -> Any:
    """A text that begins like a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(phrase(f"không có tệp {name}", f"there is no file {name}"))
    return path


def _write_marked(source: Path, target: Path, outcome: Outcome) -> None:
    from vwu.intake.submission.marked import mark_workbook

    target.write_bytes(mark_workbook(source.read_bytes(), outcome.findings))


def _receive(args: argparse.Namespace) -> int:
    from vwu.intake.receive import receive_files
    from vwu.settings import load_settings

    settings = load_settings()
    # A relative name means another file tomorrow: the arrival is registered under its full path.
    paths = [name if "://" in name else str(_existing(name).resolve()) for name in args.files]
    outcomes: list[Outcome] = []
    for outcome in receive_files(settings, paths):
        if isinstance(outcome, Exception):
            raise outcome
        outcomes.append(outcome)
    return _show(outcomes, as_json=args.json, is_received=True)


def _show(outcomes: list[Outcome], *, as_json: bool, is_received: bool, not_run: tuple[str, ...] = ()) -> int:
    not_run = not_run if any(each.kind == "submission" for each in outcomes) else ()
    if as_json:
        files = [each.as_json() for each in outcomes]
        for entry in files:
            entry["receipt_id"] = entry["receipt_id"] if is_received else None
        print(json.dumps({"files": files, "rules_not_run": list(not_run)}, ensure_ascii=False, indent=1))
    else:
        for outcome in outcomes:
            _print_outcome(outcome)
        if not_run:
            print("\n".join(spoken(
                f"Chưa so với các kỳ trước ({len(not_run)} quy tắc): thêm --history FILE do `vwu history` ghi.",
                f"Not compared with earlier periods: {', '.join(not_run)}; give --history FILE from `vwu history`.",
            )))  # fmt: skip
    return BLOCKED if any(each.state == "rejected" for each in outcomes) else DONE


def _print_outcome(outcome: Outcome) -> None:
    count = f", {outcome.row_count} {phrase('dòng', 'rows')}" if outcome.row_count else ""
    print(f"{outcome.file}: {outcome.state}{count}")
    for text in spoken(outcome.reason_vi, outcome.reason_en):
        print(f"  {text}")
    for each in outcome.findings[:_SHOWN_FINDINGS]:
        print(f"  {coloured(each.severity)} {each.rule_id} {each.position}")
        for text in spoken(each.message_vi, each.message_en):
            print(f"    {text}")
    if len(outcome.findings) > _SHOWN_FINDINGS:
        print(f"  … {len(outcome.findings) - _SHOWN_FINDINGS} {phrase('nữa; --json kê đủ', 'more; --json lists all')}")
    if outcome.changes:
        print(f"  {phrase('thay đổi so với bản trước', 'changes to what it replaces')}: {len(outcome.changes)}")
    for change in outcome.changes[:_SHOWN_FINDINGS]:
        print(f"    {_in_words(change)}")
    if len(outcome.changes) > _SHOWN_FINDINGS:
        print(f"    … {len(outcome.changes) - _SHOWN_FINDINGS} {phrase('nữa; --json kê đủ', 'more; --json lists all')}")


def _in_words(change: Change | FeedChange) -> str:
    from vwu.intake.model import FeedChange
    from vwu.intake.submission.values import format_number

    if isinstance(change, FeedChange):
        old, new = (format_number(Decimal(each or 0)) for each in (change.old, change.new))
        place = f"{change.commune_code} ({change.commune_code_system}) {change.organisation} {change.credit_programme}"
        return f"{place.rstrip()} {change.matter}: {old} → {new} đồng"
    cell = f"{change.programme_code} {change.indicator_code} {change.scenario} {change.basis}"
    return f"{cell}: {change.old or '…'} → {change.new or '…'} ({change.new_position or change.old_position})"


def _receipts(args: argparse.Namespace) -> int:
    query = """select receipt_id, kind, state, file_name, row_count, reason_vi, reason_en, superseded_by, received_by,
                      received_at,
                      (
                          select string_agg(filled.scope_key, ', ' order by filled.scope_key)
                          from intake.receipt_scope as filled
                          where filled.receipt_id = receipt.receipt_id and not filled.is_withdrawn
                      ) as scopes,
                      (
                          select string_agg(scope.scope_key, ', ' order by scope.scope_key)
                          from intake.scope where scope.receipt_id = receipt.receipt_id and scope.is_held
                      ) as held_scopes
               from intake.receipt where state = coalesce(%s, state) order by received_at, receipt_id"""
    return _list(query, [args.state], "receipts", as_json=args.json)


def _findings(args: argparse.Namespace) -> int:
    query = """select finding.finding_id, finding.receipt_id, receipt.file_name, finding.rule_id, finding.family,
                      finding.severity, finding.position, finding.column_name, finding.value, finding.message_vi,
                      finding.message_en, finding.proposed, finding.line_count, finding.scope_key
               from intake.finding
               inner join intake.receipt on receipt.receipt_id = finding.receipt_id
               where finding.check_no = receipt.check_no
                   and receipt.state in ('landed', 'held', 'rejected')
                   and (receipt.state = 'rejected' or finding.scope_key is null or exists (
                       select 1 from intake.scope
                       where scope.scope_key = finding.scope_key and scope.receipt_id = finding.receipt_id
                   ))
                   and finding.receipt_id = coalesce(%s, finding.receipt_id)
                   and not exists (
                       select 1 from intake.finding_answer
                       where finding_answer.finding_id = finding.finding_id
                           and finding_answer.answer in ('correct as reported', 'explained')
                   )
               order by finding.receipt_id, finding.position, finding.rule_id"""
    return _list(query, [args.receipt], "findings", as_json=args.json, to_csv=args.csv)


def _list(query: str, parameters: list[Any], name: str, *, as_json: bool, to_csv: str | None = None) -> int:
    from psycopg.rows import dict_row

    from vwu.database import connect
    from vwu.settings import load_settings

    with connect(load_settings(), "loader") as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, parameters).fetchall()
    if to_csv:
        _write_csv(Path(to_csv), rows)
        print(f"{to_csv}: {len(rows)} {phrase('dòng', name)}")
        return DONE
    if as_json:
        print(json.dumps({name: rows}, ensure_ascii=False, indent=1, default=str))
        return DONE
    for row in rows:
        print("  ".join(str(value) for value in row.values() if value not in (None, "")))
    if not rows:
        print(phrase("không có gì", f"no {name}"))
    return DONE


def _answer(args: argparse.Namespace) -> int:
    from vwu.database import connect
    from vwu.intake import landing
    from vwu.settings import load_settings

    settings = load_settings()
    with connect(settings, "loader") as connection:
        landing.answer(connection, args.finding, args.answer, args.reason, settings.who)
    say(
        args,
        {"finding_id": args.finding, "answer": args.answer},
        f"{phrase('phát hiện', 'finding')} {args.finding}: {args.answer}",
    )
    return DONE


def _withdraw(args: argparse.Namespace) -> int:
    from vwu.database import connect
    from vwu.intake import landing
    from vwu.settings import load_settings

    settings = load_settings()
    with connect(settings, "loader") as connection:
        scopes = landing.withdraw(connection, args.receipt, settings.who, args.reason, args.scope)
    say(
        args, {"receipt_id": args.receipt, "state": "withdrawn", "scopes": list(scopes)},
        phrase(
            f"đã rút biên nhận {args.receipt}; thay đổi: {', '.join(scopes) or 'không có (đang không dùng)'}",
            f"receipt {args.receipt} is withdrawn; changed: {', '.join(scopes) or 'nothing (it was not in force)'}",
        ),
        phrase(
            "việc tiếp theo: `vwu run` dựng và công bố bản không có nó",
            "next: `vwu run` builds and publishes the release without it",
        ),
    )  # fmt: skip
    return DONE


def _hold(args: argparse.Namespace) -> int:
    from vwu.database import connect
    from vwu.gate.record import failed_receipts
    from vwu.intake import landing
    from vwu.settings import load_settings

    settings = load_settings()
    if args.failed and (args.lift or args.scope):
        print("vwu hold: " + phrase(
            "--failed giữ lại cả tệp; hãy nêu BIÊN_NHẬN để thôi giữ, hoặc để giữ riêng một báo cáo",
            "--failed holds whole files; name the RECEIPT to lift, or to hold one report",
        ), file=sys.stderr)  # fmt: skip
        return WRONG_USE
    with connect(settings, "publisher") as connection:
        receipts = failed_receipts(connection) if args.failed else [args.receipt]
    with connect(settings, "loader") as connection:
        change = landing.lift if args.lift else landing.hold
        changed = {each: change(connection, each, args.reason, settings.who, args.scope) for each in receipts}
    state = "lifted" if args.lift else "held"
    say(
        args, {"state": state, "receipts": [{"receipt_id": each, "scopes": changed[each]} for each in changed]},
        *(
            phrase(
                f"biên nhận {each} {'thôi giữ' if args.lift else 'bị giữ lại'}: {', '.join(scopes)}",
                f"receipt {each} is {state}: {', '.join(scopes)}",
            )
            for each, scopes in changed.items()
        ),
        phrase("việc tiếp theo: `vwu run` làm bản phát hành mới", "next: `vwu run` makes the new release")
        if receipts
        else phrase("lần kiểm định cuối không nêu biên nhận nào", "the last gate run named no receipt"),
    )  # fmt: skip
    return DONE


def _approve(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.database import connect
    from vwu.intake.life import approve
    from vwu.settings import load_settings

    settings = load_settings()
    with connect(settings, "loader") as connection:
        catalogue = load_catalogue(settings.root / "seeds")
        scopes = approve(connection, catalogue, args.receipt, args.branch, settings.who, args.scope)
    say(
        args, {"receipt_id": args.receipt, "approved_by": args.branch, "scopes": list(scopes)},
        phrase(
            f"{args.branch} đã duyệt biên nhận {args.receipt}: {', '.join(scopes)}",
            f"receipt {args.receipt} is approved by {args.branch}: {', '.join(scopes)}",
        ),
        phrase(
            "việc tiếp theo: `vwu run` dựng và công bố bản có nó",
            "next: `vwu run` builds and publishes the release with it",
        ),
    )  # fmt: skip
    return DONE


def _excuse(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.database import connect
    from vwu.intake.life import excuse
    from vwu.intake.model import SubmissionScope
    from vwu.settings import load_settings

    settings, scope = load_settings(), SubmissionScope(args.branch, args.period, args.form)
    with connect(settings, "loader") as connection:
        excuse(
            connection, load_catalogue(settings.root / "seeds"), scope,
            reason=args.reason, approved_by=args.approved_by, expires_on=args.until, who=settings.who,
        )  # fmt: skip
    allowed = phrase(f"{scope.key} được nộp đến {args.until:%d/%m/%Y}", f"{scope.key} may come until {args.until}")
    say(args, {"scope_key": scope.key, "until": args.until}, allowed)
    return DONE


def _remind(args: argparse.Namespace) -> int:
    from vwu.intake.check import today
    from vwu.intake.reminders import remind
    from vwu.settings import load_settings

    reminded = remind(load_settings(), args.on or today())
    say(args, asdict(reminded), reminded.summary())
    return DONE
