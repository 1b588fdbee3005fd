"""The home folder of a stack: the one writer of `secrets.json`, `stack.json` and the master keys.

`vwu.settings` reads what is written here. Everything that holds a secret has mode 0600; a file is replaced
by a rename, so that a reader never sees half of it.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vwu.language import phrase
from vwu.settings import KEY_BYTES, ROLES, Settings
from vwu.stack import StackError

SPACE_NEEDED = 500_000_000  # bytes: an empty cluster with its write-ahead log, Airflow's tables, logs, one example


def prepare(settings: Settings) -> None:
    """Make the home folder, its secrets and its keys where they are missing; what exists is left as it is.

    Raises StackError when the folder is not ours or its disk is full.
    """
    try:
        _make_folders(settings)
    except PermissionError as error:
        raise StackError(
            phrase(
                f"tài khoản này không dùng được {settings.home} ({error.strerror}: {error.filename}): hãy giao thư "
                "mục cho tài khoản chạy vwu, hoặc đặt VWU_HOME vào thư mục của mình",
                f"{settings.home} cannot be used by this account ({error.strerror}: {error.filename}): "
                "give it to the account that runs vwu, or set VWU_HOME to a folder of your own",
            )
        ) from error
    require_space(settings.home)
    _fill_secrets(settings.home)
    for name in ("token", "store"):
        _make_key(settings.home / "keys" / f"{name}.key")


def _make_folders(settings: Settings) -> None:
    # Root's PostgreSQL runs under another account, which must pass through the folder (but not list it).
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    for name in ("airflow", "keys", "lineage", "logs", "run"):
        (settings.home / name).mkdir(exist_ok=True, mode=0o700)
    # Both hold identities; folders that the user made keep the rights that the user gave them.
    for place in (settings.landing, settings.store):
        if "://" not in place:
            Path(place).mkdir(parents=True, exist_ok=True, mode=0o700)
    if "://" not in settings.landing:
        for kind in ("branch_submissions", "bank_feeds"):
            (Path(settings.landing) / kind).mkdir(exist_ok=True)


def require_space(folder: Path, needed: int = SPACE_NEEDED) -> None:
    """Raise StackError when the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StackError(
            phrase(
                f"ổ đĩa của {folder} đã đầy: còn {free // 1_000_000} MB, cần {needed // 1_000_000} MB; hãy giải phóng "
                "chỗ, hoặc đặt VWU_HOME vào thư mục trên ổ đĩa khác",
                f"the disk of {folder} is full: {free // 1_000_000} MB free, {needed // 1_000_000} MB needed; "
                "free some space, or set VWU_HOME to a folder on another disk",
            )
        )


def explain_full_disk(error: OSError, folder: Path) -> StackError | None:
    """The plain words for a disk (or quota) that filled up while we worked; None for any other error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return StackError(
        phrase(
            f"ổ đĩa của {error.filename or folder} đã đầy; cần {SPACE_NEEDED // 1_000_000} MB: hãy giải phóng chỗ, "
            "hoặc đặt VWU_HOME vào thư mục trên ổ đĩa khác, rồi chạy lại `vwu up`",
            f"the disk of {error.filename or folder} filled up; {SPACE_NEEDED // 1_000_000} MB are needed: "
            "free some space, or set VWU_HOME to a folder on another disk, and run `vwu up` again",
        )
    )


def _fill_secrets(home: Path) -> None:
    """Add the secrets that are missing; a later version may need more than an earlier one wrote."""
    path = home / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    wanted = [*ROLES, "superuser", "airflow_admin", "airflow_jwt", "airflow_api", "superset_key", "superset_admin"]
    filled = {name: secrets.token_urlsafe(24) for name in wanted} | {
        "airflow_fernet": base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode("ascii")
    }
    if set(filled) - set(known):
        write_private(path, json.dumps(filled | known, indent=1))


def _make_key(path: Path) -> None:
    if not path.exists():
        write_private(path, os.urandom(KEY_BYTES).hex())


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def record_addresses(settings: Settings, addresses: Mapping[str, Any]) -> Settings:
    """Write where the stack listens (postgres_port, airflow_port) and return settings that know it."""
    merged = {"host": "127.0.0.1"} | settings.stack | dict(addresses)
    if merged != settings.stack:
        write_private(settings.home / "stack.json", json.dumps(merged, indent=1))
    return reread(settings)


def reread(settings: Settings) -> Settings:
    """The same settings, reading the home folder's files anew."""
    from dataclasses import replace

    return replace(settings)


@contextmanager
def lock(home: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the stack's lock: one `up` or `down` at a time. It goes with the process, however that ends."""
    home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    with (home / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(
                phrase(
                    "một lệnh vwu up hoặc down khác đang chạy ở đây; đang đợi nó",
                    "another vwu up or down is at work here; waiting for it",
                )
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
