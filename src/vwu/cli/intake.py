"""Verbs of intake: check, receive, receipts, findings, answer, withdraw."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vwu.intake.model import Outcome

DONE, BLOCKED, WRONG_USE = 0, 1, 2
_SHOWN_FINDINGS = 20


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    check = verbs.add_parser(
        "check", help="check files offline, without a database", epilog="example: vwu check 'Báo cáo tháng 1.xlsx'"
    )
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument("--marked", metavar="FILE", help="write the workbook back with the faults marked (one file)")
    check.add_argument("--json", action="store_true", help="one JSON object (INTERFACES 5.1)")
    check.set_defaults(func=_check)

    receive = verbs.add_parser("receive", help="receive, check and land files now")
    receive.add_argument(
        "files", nargs="+", metavar="FILE", help="path or URL; a feed needs its control record beside it"
    )
    receive.add_argument("--json", action="store_true", help="one JSON object (INTERFACES 5.1)")
    receive.set_defaults(func=_receive)

    receipts = verbs.add_parser("receipts", help="list what was received and what became of it")
    receipts.add_argument("--state", help="only receipts in this state")
    receipts.add_argument("--json", action="store_true")
    receipts.set_defaults(func=_receipts)

    findings = verbs.add_parser("findings", help="list open findings")
    findings.add_argument("receipt", nargs="?", help="only those of one receipt")
    findings.add_argument("--json", action="store_true")
    findings.set_defaults(func=_findings)

    answer = verbs.add_parser("answer", help="answer a finding")
    answer.add_argument("finding")
    answer.add_argument("answer", choices=["correct as reported", "explained", "will be corrected"])
    answer.add_argument("--reason", required=True)
    answer.set_defaults(func=_answer)

    withdraw = verbs.add_parser("withdraw", help="take a receipt back; the one before it is in force again")
    withdraw.add_argument("receipt")
    withdraw.add_argument("--reason", required=True)
    withdraw.set_defaults(func=_withdraw)


def _check(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.intake.receive import check, today
    from vwu.settings import load_settings

    if args.marked and len(args.files) > 1:
        print("vwu check: --marked takes one FILE", file=sys.stderr)
        return WRONG_USE
    catalogue = load_catalogue(load_settings().root / "seeds")
    outcomes = [check(_existing(name), catalogue, today()) for name in args.files]
    if args.marked:
        _write_marked(Path(args.files[0]), Path(args.marked), outcomes[0])
    # A check makes no receipt.
    return _show(outcomes, as_json=args.json, is_received=False)


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {name}")
    return path


def _write_marked(source: Path, target: Path, outcome: Outcome) -> None:
    from vwu.intake.submission.marked import mark_workbook

    target.write_bytes(mark_workbook(source.read_bytes(), outcome.findings))


def _receive(args: argparse.Namespace) -> int:
    from vwu.intake.receive import receive
    from vwu.settings import load_settings

    settings = load_settings()
    # A relative name means another file tomorrow: the arrival is registered under its full path.
    paths = [name if "://" in name else str(_existing(name).resolve()) for name in args.files]
    return _show([receive(settings, path) for path in paths], as_json=args.json, is_received=True)


def _show(outcomes: list[Outcome], *, as_json: bool, is_received: bool) -> int:
    if as_json:
        files = [each.as_json() for each in outcomes]
        for entry in files:
            entry["receipt_id"] = entry["receipt_id"] if is_received else None
        print(json.dumps({"files": files}, ensure_ascii=False, indent=1))
    else:
        for outcome in outcomes:
            _print_outcome(outcome)
    return BLOCKED if any(each.state == "rejected" for each in outcomes) else DONE


def _print_outcome(outcome: Outcome) -> None:
    count = f", {outcome.row_count} dòng/rows" if outcome.row_count else ""
    print(f"{outcome.file}: {outcome.state}{count}")
    for text in filter(None, (outcome.reason_vi, outcome.reason_en)):
        print(f"  {text}")
    for each in outcome.findings[:_SHOWN_FINDINGS]:
        print(f"  {each.severity} {each.rule_id} {each.position}\n    {each.message_vi}\n    {each.message_en}")
    if len(outcome.findings) > _SHOWN_FINDINGS:
        print(f"  … {len(outcome.findings) - _SHOWN_FINDINGS} more; --json lists all")


def _receipts(args: argparse.Namespace) -> int:
    query = """select receipt_id, kind, state, file_name, row_count, reason_vi, reason_en, superseded_by, received_by,
                      received_at
               from intake.receipt where state = coalesce(%s, state) order by received_at, receipt_id"""
    return _list(query, [args.state], "receipts", as_json=args.json)


def _findings(args: argparse.Namespace) -> int:
    query = """select finding.finding_id, finding.receipt_id, receipt.file_name, finding.rule_id, finding.family,
                      finding.severity, finding.position, finding.column_name, finding.value, finding.message_vi,
                      finding.message_en, finding.proposed, finding.line_count
               from intake.finding
               inner join intake.receipt on receipt.receipt_id = finding.receipt_id
               where finding.check_no = receipt.check_no
                   and receipt.state in ('landed', 'held', 'rejected')
                   and finding.receipt_id = coalesce(%s, finding.receipt_id)
                   and not exists (
                       select 1 from intake.finding_answer
                       where finding_answer.finding_id = finding.finding_id
                           and finding_answer.answer in ('correct as reported', 'explained')
                   )
               order by finding.receipt_id, finding.position, finding.rule_id"""
    return _list(query, [args.receipt], "findings", as_json=args.json)


def _list(query: str, parameters: list[Any], name: str, *, as_json: bool) -> int:
    from psycopg.rows import dict_row

    from vwu.database import connect
    from vwu.settings import load_settings

    with connect(load_settings(), "loader") as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, parameters).fetchall()
    if as_json:
        print(json.dumps({name: rows}, ensure_ascii=False, indent=1, default=str))
        return DONE
    for row in rows:
        print("  ".join(str(value) for value in row.values() if value not in (None, "")))
    if not rows:
        print(f"no {name}")
    return DONE


def _answer(args: argparse.Namespace) -> int:
    from vwu.database import connect
    from vwu.intake import landing
    from vwu.settings import load_settings

    settings = load_settings()
    with connect(settings, "loader") as connection:
        landing.answer(connection, args.finding, args.answer, args.reason, settings.who)
    print(f"finding {args.finding}: {args.answer}")
    return DONE


def _withdraw(args: argparse.Namespace) -> int:
    from vwu.database import connect
    from vwu.intake import landing
    from vwu.settings import load_settings

    settings = load_settings()
    with connect(settings, "loader") as connection:
        scopes = landing.withdraw(connection, args.receipt, settings.who, args.reason)
    print(f"receipt {args.receipt} is withdrawn; changed: {', '.join(scopes) or 'nothing (it was not in force)'}")
    print("next: `vwu run` builds and publishes the release without it")
    return DONE
