"""PostgreSQL refuses to run as root: the system account that it runs under then."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vwu.language import phrase
from vwu.stack import StackError

NAME = "vwu-postgres"


@dataclass(frozen=True)
class Account:
    """A system account to start a process under; only root may."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """What `subprocess` needs to run something as this account, with none of root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account | None:
    """None for an ordinary user (the server runs as that user), else `vwu-postgres`, made on first use.

    Raises StackError when root cannot make the account.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _create()
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create() -> None:
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", NAME]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reason = done.stderr.strip()
    except FileNotFoundError:
        reason = phrase("hệ thống này không có useradd", "there is no useradd on this system")
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        raise StackError(
            phrase(
                f"PostgreSQL không chạy dưới root, mà không tạo được tài khoản hệ thống {NAME} ({reason}): "
                f"hãy tạo nó (`{' '.join(command)}`), hoặc chạy vwu bằng người dùng thường",
                f"PostgreSQL does not run as root, and the system account {NAME} could not be made ({reason}): "
                f"make it (`{' '.join(command)}`), or run vwu as an ordinary user",
            )
        ) from None


def can_enter(account: Account, folder: Path) -> bool:
    """Whether the account can pass through every folder down to this one and into it."""
    probe = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
        **account.popen(),
    )
    return probe.returncode == 0
