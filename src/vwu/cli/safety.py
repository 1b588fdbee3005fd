"""The verbs that keep what cannot be rebuilt: backup, restore."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vwu.cli.main import DONE
from vwu.cli.output import set_verb
from vwu.language import phrase


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    verb = verbs.add_parser(
        "backup",
        help=phrase(
            "ghi vào một thư mục những gì không dựng lại được: cơ sở dữ liệu trừ các bảng đã dựng, và kho tệp",
            "write what cannot be rebuilt into a folder: the database without the marts, and the content store",
        ),
        description=phrase(
            "Ghi vào một thư mục những gì không dựng lại được, hoặc bổ sung bản sao lưu sẵn có ở đó. Bản sao lưu được "
            "khóa bằng khóa của kho tệp: hãy cất <home>/keys ở nơi khác, thiếu nó không ai mở được.",
            "Write what cannot be rebuilt into a folder, or bring the backup there up to date. "
            "It is sealed under the store key: keep <home>/keys elsewhere, nobody can open it without them.",
        ),
    )
    _add_folder(verb)
    set_verb(verb, _backup)
    verb = verbs.add_parser(
        "restore",
        help=phrase(
            "khôi phục bản sao lưu vào thư mục và cơ sở dữ liệu còn trống",
            "fill an empty home folder and database from a backup",
        ),
        description=phrase(
            "Khôi phục bản sao lưu vào thư mục và cơ sở dữ liệu còn trống. Mọi bản phát hành đọc được ngay; `vwu run` "
            "làm lại phần còn lại.",
            "Fill an empty home folder and database from a backup. Every release is readable at once; "
            "`vwu run` makes the rest anew.",
        ),
    )
    _add_folder(verb)
    verb.add_argument(
        "--keys",
        type=Path,
        metavar=phrase("THƯ_MỤC", "FOLDER"),
        help=phrase("nơi cất token.key và store.key", "where token.key and store.key were kept"),
    )
    set_verb(verb, _restore)


def _add_folder(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "folder",
        type=Path,
        metavar=phrase("THƯ_MỤC", "DIR"),
        help=phrase("thư mục của bản sao lưu", "the folder of the backup"),
    )


def _backup(args: argparse.Namespace) -> int:
    from vwu.backup import backup
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress

    settings, progress = load_settings(), Progress()
    try:
        made = backup(settings, args.folder, progress.show)
    finally:
        progress.clear()
    if args.json:
        print(json.dumps(asdict(made)))
    else:
        print(phrase(
            f"{args.folder}: {made.receipts} biên nhận, {made.releases} bản phát hành, {made.files} tệp",
            f"{args.folder}: {made.receipts} receipts, {made.releases} releases, {made.files} files",
        ))  # fmt: skip
        print(phrase(
            f"hãy cất {settings.home / 'keys'} ở nơi khác: thiếu nó không ai mở được bản sao lưu",
            f"keep {settings.home / 'keys'} elsewhere: nobody can open the backup without it",
        ))  # fmt: skip
    return DONE


def _restore(args: argparse.Namespace) -> int:
    from vwu.backup import restore
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress

    progress = Progress()
    try:
        saved = restore(load_settings(), args.folder, args.keys, progress.show)
    finally:
        progress.clear()
    if args.json:
        print(json.dumps(asdict(saved)))
    else:
        print(phrase(
            f"đã khôi phục từ {saved.made_at}: {saved.receipts} biên nhận, {saved.releases} bản phát hành, "
            f"{saved.files} tệp",
            f"restored from {saved.made_at}: {saved.receipts} receipts, {saved.releases} releases, {saved.files} files",
        ))  # fmt: skip
        print(phrase("việc tiếp theo: vwu up, rồi vwu run", "next: vwu up, then vwu run"))
    return DONE
