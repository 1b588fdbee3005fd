"""Verbs of what is kept of persons: rotate-key."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

DONE = 0


def register(verbs: Any) -> None:
    """Add this group's verbs."""
    rotate = verbs.add_parser(
        "rotate-key",
        help="make every token of a person anew, with another key; also when the key is lost",
        epilog="Keep a copy of the new key file in a safe place. No feed can land meanwhile.",
    )
    rotate.add_argument("--to", type=Path, metavar="FILE", help="the new key; made when it is not there")
    rotate.add_argument("--json", action="store_true", help="print JSON for machines")
    rotate.set_defaults(func=_rotate_key)


def _rotate_key(args: argparse.Namespace) -> int:
    from vwu.intake.feed.vault import rotate_key
    from vwu.settings import load_settings

    done = rotate_key(load_settings(), args.to)
    if args.json:
        print(json.dumps(asdict(done), default=str))
        return DONE
    for table, count in done.rows.items():
        print(f"{table}: {count} dòng/rows")
    print(f"khóa / token key: {done.former_key_id or '-'} → {done.key_id} ({done.key_file})")
    if not done.is_in_use:
        print("việc tiếp theo / next: put the content of that file into VWU_TOKEN_KEY; until then no feed lands")
    print("giữ một bản sao của tệp khóa ở nơi an toàn / keep a copy of the key file in a safe place")
    return DONE
