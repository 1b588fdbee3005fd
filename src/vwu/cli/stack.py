"""The verbs of the local stack: up, bi, down, status, dsn."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from vwu.cli.output import set_verb
from vwu.language import phrase

DONE, BLOCKED = 0, 1


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    add = verbs.add_parser(
        "up",
        help=phrase("khởi động hệ thống và đợi đến khi sẵn sàng", "start the local stack and wait until it is ready"),
    )
    add.add_argument("--no-airflow", action="store_true", help=phrase("chỉ PostgreSQL", "only PostgreSQL"))
    set_verb(add, _up)
    add = verbs.add_parser(
        "bi",
        help=phrase(
            "khởi động Apache Superset với các trang tổng quan trong bi/; cài đặt trước bằng `make bi`",
            "start Apache Superset with the dashboards of bi/; `make bi` installs it first",
        ),
    )
    add.add_argument(
        "--export",
        action="store_true",
        help=phrase(
            "ghi những gì đã sửa trong Superset về lại bi/assets",
            "write what was changed in Superset back into bi/assets",
        ),
    )
    set_verb(add, _bi)
    set_verb(verbs.add_parser("down", help=phrase("dừng hệ thống", "stop the local stack")), _down)
    set_verb(
        verbs.add_parser(
            "status",
            help=phrase(
                "cái gì đang chạy ở đâu, bản phát hành cuối, những gì đang giữ lại",
                "what runs where, the last release, what is held",
            ),
        ),
        _status,
    )
    add = verbs.add_parser(
        "dsn",
        help=phrase(
            "in địa chỉ kết nối (URI), có cả mật khẩu của vai trò",
            "print a connection URI; it holds the role's password",
        ),
    )
    roles = ["owner", "loader", "builder", "publisher", "bi_reader", "airflow", "superuser"]
    add.add_argument(
        "--role", choices=roles, default="bi_reader", help=phrase("mặc định: %(default)s", "default: %(default)s")
    )
    set_verb(add, _dsn)
    add = verbs.add_parser(
        "reader",
        help=phrase(
            "tạo tài khoản chỉ xem một tỉnh (schema province); in URI một lần",
            "make a login that sees one province (schema province); prints its URI once",
        ),
        description=phrase(
            "Tạo tài khoản như `province_19`, đọc schema `province`: các dòng thuộc địa bàn của mình và số tổng cả "
            "nước. URI chỉ in một lần, không lưu ở đâu; gọi lại thì tài khoản có mật khẩu mới.",
            "Make the login `province_19`, which reads schema `province`: the rows of its own ground and the "
            "nation's totals. Its URI is printed once and kept nowhere; asked again, the login gets a new password.",
        ),
    )
    add.add_argument(
        "province",
        metavar=phrase("TỈNH", "PROVINCE"),
        help=phrase("mã một tỉnh, thành phố hiện nay, như 19", "code of one of today's provinces, such as 19"),
    )
    add.add_argument("--drop", action="store_true", help=phrase("bỏ tài khoản", "take the login away"))
    set_verb(add, _reader)


def _up(args: argparse.Namespace) -> int:
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress
    from vwu.stack.status import read_status
    from vwu.stack.up import up

    progress = Progress()
    try:
        outcome = up(load_settings(), progress, with_airflow=not args.no_airflow)
    finally:
        progress.clear()
    if not args.json:
        names = ", ".join(outcome.started)
        idle = phrase("tất cả đang chạy sẵn", "everything was already running")
        print(phrase(f"đã khởi động: {names}", f"started: {names}") if names else idle)
    _print_status(read_status(outcome.settings), as_json=args.json)
    for file, error in outcome.import_errors.items():
        refused = phrase(f"Airflow không nạp được dags/{file}", f"Airflow cannot import dags/{file}")
        print(f"vwu: {refused}: {error}", file=sys.stderr)
    return BLOCKED if outcome.import_errors else DONE


def _bi(args: argparse.Namespace) -> int:
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress
    from vwu.stack.status import read_status
    from vwu.stack.superset import export_dashboards, start_superset

    progress = Progress()
    try:
        settings = start_superset(load_settings(), progress)
        if args.export:
            export_dashboards(settings)
    finally:
        progress.clear()
    _print_status(read_status(settings), as_json=args.json)
    return DONE


def _down(args: argparse.Namespace) -> int:
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress
    from vwu.stack.up import down

    progress = Progress()
    try:
        stopped = down(load_settings(), progress)
    finally:
        progress.clear()
    if args.json:
        print(json.dumps({"stopped": stopped}))
    else:
        names = ", ".join(stopped)
        idle = phrase("không có gì đang chạy", "nothing was running")
        print(phrase(f"đã dừng: {names}", f"stopped: {names}") if names else idle)
    return DONE


def _status(args: argparse.Namespace) -> int:
    from vwu.settings import load_settings
    from vwu.stack.status import read_status

    _print_status(read_status(load_settings()), as_json=args.json)
    return DONE


def _dsn(args: argparse.Namespace) -> int:
    from vwu.settings import load_settings

    address = load_settings().database_url(args.role)
    print(json.dumps({"role": args.role, "dsn": address}) if args.json else address)
    return DONE


def _reader(args: argparse.Namespace) -> int:
    from vwu.catalogue import load_catalogue
    from vwu.publish.province import drop_reader, ensure_reader, login_of
    from vwu.settings import load_settings
    from vwu.stack.server import warehouse_admin

    settings = load_settings()
    role = login_of(load_catalogue(settings.root / "seeds"), args.province)
    with warehouse_admin(settings) as admin:
        password = None if args.drop else ensure_reader(admin, role)
        is_gone = args.drop and drop_reader(admin, role)
    address = settings.login_url(role, password) if password else None
    if args.json:
        print(json.dumps({"role": role, "dsn": address}))
    else:
        gone = phrase(f"đã bỏ tài khoản {role}", f"{role} is gone")
        none = phrase(f"không có tài khoản {role}", f"there was no login {role}")
        print(address or (gone if is_gone else none))
    return DONE


def _print_status(status: dict[str, Any], *, as_json: bool) -> None:
    from vwu.stack.status import describe

    print(json.dumps(status, ensure_ascii=False, indent=1, default=str) if as_json else describe(status))
