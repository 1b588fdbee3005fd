"""Verbs of what is kept of persons: rotate-key, forget, purge."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import Any

from vwu.cli.output import set_verb
from vwu.language import phrase

DONE, BLOCKED, WRONG_USE = 0, 1, 2


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    rotate = verbs.add_parser(
        "rotate-key",
        help=phrase(
            "đổi khóa và làm lại mã thay thế của mọi người; cả khi đã mất khóa",
            "make every token of a person anew, with another key; also when the key is lost",
        ),
        epilog=phrase(
            "Hãy giữ một bản sao của tệp khóa mới ở nơi an toàn. Trong lúc đó không nhận được sao kê nào.",
            "Keep a copy of the new key file in a safe place. No feed can land meanwhile.",
        ),
    )
    rotate.add_argument(
        "--to",
        type=Path,
        metavar=phrase("TỆP", "FILE"),
        help=phrase("khóa mới; chưa có thì được tạo", "the new key; made when it is not there"),
    )
    set_verb(rotate, _rotate_key)

    forget = verbs.add_parser(
        "forget",
        help=phrase(
            "xóa thông tin một người theo yêu cầu: số định danh đọc từ đầu vào chuẩn",
            "take a person out on request: the citizen id is read from standard input",
        ),
        epilog=phrase(
            "Không làm khi người đó còn khoản vay. Các dòng và số tổng vẫn còn, từ đó không của riêng ai.",
            "Refused while a loan of theirs runs. Lines and sums stay; they are nobody's from then on.",
        ),
    )
    forget.add_argument(
        "--reason",
        required=True,
        metavar=phrase("LÝ_DO", "REASON"),
        help=phrase("ai yêu cầu, ngày nào; được lưu trong nhật ký", "who asked, and when; kept in the log"),
    )
    set_verb(forget, _forget)

    purge = verbs.add_parser(
        "purge",
        help=phrase(
            "bỏ tệp gốc của sao kê cũ; số liệu đã nhận từ đó vẫn còn",
            "remove the kept bytes of old bank feeds; what was landed of them stays",
        ),
    )
    purge.add_argument(
        "--months",
        type=int,
        default=24,
        metavar="N",
        help=phrase("giữ bấy nhiêu tháng (mặc định 24)", "keep so many months (default 24)"),
    )
    purge.add_argument(
        "--yes",
        action="store_true",
        help=phrase(
            "bỏ thật; không có nó thì chỉ đếm, mã thoát 1",
            "remove them; without it they are only counted, exit code 1",
        ),
    )
    set_verb(purge, _purge)


def _rotate_key(args: argparse.Namespace) -> int:
    from vwu.intake.feed.vault import rotate_key
    from vwu.settings import load_settings

    done = rotate_key(load_settings(), args.to)
    if args.json:
        print(json.dumps(asdict(done), default=str))
        return DONE
    for table, count in done.rows.items():
        print(f"{table}: {count} {phrase('dòng', 'rows')}")
    print(f"{phrase('khóa', 'token key')}: {done.former_key_id or '-'} → {done.key_id} ({done.key_file})")
    if not done.is_in_use:
        print(phrase(
            "việc tiếp theo: đưa nội dung tệp đó vào VWU_TOKEN_KEY; trước đó không nhận được sao kê nào",
            "next: put the content of that file into VWU_TOKEN_KEY; until then no feed lands",
        ))  # fmt: skip
    print(phrase(
        "giữ một bản sao của tệp khóa ở nơi an toàn", "keep a copy of the key file in a safe place"
    ))  # fmt: skip
    return DONE


def _forget(args: argparse.Namespace) -> int:
    from vwu.intake.feed.erasure import forget
    from vwu.settings import load_settings

    # Not an argument: those are seen in the list of processes, and stay in the shell's history.
    citizen_id = getpass(phrase("số định danh: ", "citizen id: ")) if sys.stdin.isatty() else sys.stdin.readline()
    settings = load_settings()
    done = forget(settings, citizen_id.strip(), args.reason)
    if args.json:
        print(json.dumps(asdict(done)))
        return DONE
    print(phrase(
        f"đã xóa: {done.lines} dòng, {done.vault_rows} dòng trong kho định danh, {done.files} tệp",
        f"taken out: {done.lines} rows, {done.vault_rows} in the vault, {done.files} files",
    ))  # fmt: skip
    print(phrase(
        f"việc tiếp theo: xóa trong các bản sao lưu cũ, và tệp của ngân hàng ở {settings.landing}",
        f"next: delete what old backups hold, and the bank's own files in {settings.landing}",
    ))  # fmt: skip
    return DONE


def _purge(args: argparse.Namespace) -> int:
    from vwu.intake.feed.erasure import purge
    from vwu.settings import load_settings

    if args.months < 1:
        print(f"vwu purge: {phrase('--months phải từ 1 trở lên', '--months must be 1 or more')}", file=sys.stderr)
        return WRONG_USE
    count = purge(load_settings(), args.months, is_certain=args.yes)
    is_refused = count > 0 and not args.yes
    if args.json:
        print(json.dumps({"files": count, "removed": not is_refused}))
    elif is_refused:
        print(phrase(f"chưa xóa {count} tệp: chạy lại với --yes", f"not removed: {count} files; again with --yes"))
    else:
        print(phrase(f"đã xóa: {count} tệp", f"removed: {count} files"))
    return BLOCKED if is_refused else DONE
