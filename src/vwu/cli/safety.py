"""The verbs that keep what cannot be rebuilt: backup, restore."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vwu.cli.main import DONE
from vwu.cli.output import phrase


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    verb = verbs.add_parser(
        "backup",
        help="write what cannot be rebuilt into a folder: the database without the marts, and the content store",
        description="Write what cannot be rebuilt into a folder, or bring the backup there up to date. "
        "It is sealed under the store key: keep <home>/keys elsewhere, nobody can open it without them.",
    )
    verb.add_argument("folder", type=Path, metavar="DIR")
    verb.add_argument("--json", action="store_true", help="print JSON for machines")
    verb.set_defaults(func=_backup)
    verb = verbs.add_parser(
        "restore",
        help="fill an empty home folder and database from a backup",
        description="Fill an empty home folder and database from a backup. Every release is readable at once; "
        "`vwu run` makes the rest anew.",
    )
    verb.add_argument("folder", type=Path, metavar="DIR")
    verb.add_argument("--keys", type=Path, metavar="FOLDER", help="where token.key and store.key were kept")
    verb.add_argument("--json", action="store_true", help="print JSON for machines")
    verb.set_defaults(func=_restore)


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
