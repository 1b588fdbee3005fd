"""One settings object, read once at the edge: the environment, then what `vwu up` wrote into the home folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from vwu import __version__
from vwu.language import phrase

# Python's name of a role -> its name in the database.
ROLES: Mapping[str, str] = {
    "owner": "vwu_owner",
    "loader": "vwu_loader",
    "builder": "vwu_builder",
    "publisher": "vwu_publisher",
    "bi_reader": "bi_reader",
    "airflow": "airflow",
}
PROVINCE_READER = "province_reader"  # what the logins `province_19` of one province's readers are members of
WAREHOUSE_DATABASE = "vwu"
AIRFLOW_DATABASE = "airflow"
LINEAGE_NAMESPACE = "vwu"
KEY_BYTES = 32  # of the token and the store key


class SettingsError(Exception):
    """The settings do not allow what was asked; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """Where things are and what is allowed. Paths are absolute; nothing here is read again later."""

    root: Path
    home: Path
    landing: str
    store: str
    external_url: str | None = None
    external_airflow_url: str | None = None
    token_key_file: Path | None = None
    store_key_file: Path | None = None
    database: str = WAREHOUSE_DATABASE
    max_held_share: float = 0.25
    max_held_feed_share: float = 0.5
    max_held_days: int = 90
    small_cell: int = 5
    dominance_pct: int = 10
    embargo_until: datetime | None = None
    smtp_url: str | None = None
    smtp_from: str = "vwu@localhost"
    contacts_file: Path | None = None
    approval_hours: float = 72
    remind_days_before: int = 4
    who: str = "vwu"
    code_version: str = __version__

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Generated passwords by role, from `<home>/secrets.json` (written by `vwu up`, mode 0600)."""
        return _read_json(self.home / "secrets.json")

    @cached_property
    def stack(self) -> dict[str, Any]:
        """Where the local stack listens, from `<home>/stack.json` (written by `vwu up`)."""
        return _read_json(self.home / "stack.json")

    def database_url(self, role: str) -> str:
        """URI for one role (a key of ROLES, or `superuser`), password included.

        Raises SettingsError when the stack was never started or the role is unknown.
        """
        if role == "superuser" and self.external_url:
            return self.external_url
        if role == "airflow" and self.external_airflow_url:
            return self.external_airflow_url
        if role not in ROLES and role != "superuser":
            raise SettingsError(
                phrase(
                    f"không có vai trò {role!r}; các vai trò: {', '.join([*ROLES, 'superuser'])}",
                    f"there is no role {role!r}; roles are {', '.join([*ROLES, 'superuser'])}",
                )
            )
        if role not in self.secrets:
            raise SettingsError(
                phrase(
                    f"không có mật khẩu của vai trò {role!r} trong {self.home}/secrets.json: hãy chạy `vwu up` trước",
                    f"no password for role {role!r} in {self.home}/secrets.json: run `vwu up` first",
                )
            )
        return self._url("postgres" if role == "superuser" else ROLES[role], self.secrets[role], role)

    def login_url(self, user: str, password: str) -> str:
        """URI of the warehouse for a login that is none of ours to keep (`vwu reader`)."""
        return self._url(user, password, "bi_reader")

    def _url(self, user: str, password: str, role: str) -> str:
        host, database, query = self._address(role)
        return urlunsplit(("postgresql", f"{user}:{quote(password, safe='')}@{host}", f"/{database}", query, ""))

    def _address(self, role: str) -> tuple[str, str, str]:
        """Host with port, database name and query string that a role connects to."""
        if self.external_url:
            parts = urlsplit(self.external_url)
            host = (parts.netloc.rpartition("@")[2]) or "localhost"
            database = AIRFLOW_DATABASE if role == "airflow" else parts.path.lstrip("/") or self.database
            return host, database, parts.query
        if "postgres_port" not in self.stack:
            raise SettingsError(
                phrase(
                    f"chưa biết PostgreSQL nào ở {self.home}: hãy chạy `vwu up` trước",
                    f"no PostgreSQL is known in {self.home}: run `vwu up` first",
                )
            )
        database = {"airflow": AIRFLOW_DATABASE, "superuser": "postgres"}.get(role, self.database)
        return f"127.0.0.1:{self.stack['postgres_port']}", database, ""

    def key(self, name: str) -> bytes:
        """The `token` or `store` master key: 32 bytes from its file, else from VWU_TOKEN_KEY / VWU_STORE_KEY (hex).

        It is never in the database, in a log, in a finding or in XCom (ARCHITECTURE D9).
        """
        if self.is_key_in_environment(name):
            return bytes.fromhex(os.environ[f"VWU_{name.upper()}_KEY"])
        path = self.key_file(name)
        if not path.exists():
            raise SettingsError(
                phrase(
                    f"khóa {name} không có ở {path}: hãy chạy `vwu up`, hoặc đặt VWU_{name.upper()}_KEY_FILE",
                    f"the {name} key is not at {path}: run `vwu up`, or set VWU_{name.upper()}_KEY_FILE",
                )
            )
        return read_key(path)

    @property
    def lineage_transport(self) -> dict[str, Any] | None:
        """Where OpenLineage events go, a line each, unless the client's own environment sends them elsewhere (None)."""
        if os.environ.get("OPENLINEAGE_URL") or os.environ.get("OPENLINEAGE_CONFIG"):
            return None
        return {"type": "file", "log_file_path": str(self.home / "lineage" / "events.jsonl"), "append": True}

    def key_file(self, name: str) -> Path:
        """Where the `token` or `store` key is, unless it is in the environment."""
        return {"token": self.token_key_file, "store": self.store_key_file}[name] or self.home / "keys" / f"{name}.key"

    def is_key_in_environment(self, name: str) -> bool:
        """Whether VWU_TOKEN_KEY or VWU_STORE_KEY holds the key itself."""
        return bool(os.environ.get(f"VWU_{name.upper()}_KEY"))


def read_key(path: Path) -> bytes:
    """A master key from its file. Raises SettingsError when the file does not hold 32 bytes in hexadecimal digits."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            phrase(
                f"{path} không chứa khóa: cần {2 * KEY_BYTES} chữ số thập lục phân",
                f"{path} does not hold a key: {2 * KEY_BYTES} hexadecimal digits are needed",
            )
        )
    return key


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment once. VWU_HOME, VWU_LANDING and VWU_STORE default to `.vwu` in the project's root."""
    env = os.environ if environment is None else environment
    root = Path(env.get("VWU_ROOT") or Path(__file__).resolve().parents[2])
    home = Path(env.get("VWU_HOME") or root / ".vwu").resolve()
    return Settings(
        root=root,
        home=home,
        landing=env.get("VWU_LANDING") or str(home / "landing"),
        store=env.get("VWU_STORE") or str(home / "store"),
        external_url=env.get("VWU_DATABASE_URL") or None,
        external_airflow_url=env.get("VWU_AIRFLOW_DATABASE_URL") or None,
        token_key_file=_path(env.get("VWU_TOKEN_KEY_FILE")),
        store_key_file=_path(env.get("VWU_STORE_KEY_FILE")),
        max_held_share=float(env.get("VWU_MAX_HELD_SHARE", "0.25")),
        max_held_feed_share=float(env.get("VWU_MAX_HELD_FEED_SHARE", "0.5")),
        max_held_days=int(env.get("VWU_MAX_HELD_DAYS", "90")),
        small_cell=_at_least(env, "VWU_SMALL_CELL", 5, 3),
        embargo_until=_moment(env, "VWU_EMBARGO_UNTIL"),
        dominance_pct=_at_least(env, "VWU_DOMINANCE_PCT", 10, 1),
        smtp_url=env.get("VWU_SMTP_URL") or None,
        smtp_from=env.get("VWU_SMTP_FROM") or "vwu@localhost",
        contacts_file=_path(env.get("VWU_CONTACTS")),
        approval_hours=float(env.get("VWU_APPROVAL_HOURS", "72")),
        remind_days_before=_at_least(env, "VWU_REMIND_DAYS_BEFORE", 4, 0),
        who=env.get("VWU_WHO") or env.get("USER") or "vwu",
    )


def _at_least(env: Mapping[str, str], name: str, default: int, least: int) -> int:
    """A whole number, such as a threshold of protection; raises SettingsError for one that is too small."""
    value = env.get(name) or str(default)
    if not value.isdecimal() or int(value) < least:
        raise SettingsError(
            phrase(
                f"{name} là {value!r}: cần số nguyên từ {least} trở lên",
                f"{name} is {value!r}: a whole number of at least {least} is needed",
            )
        )
    return int(value)


def _moment(env: Mapping[str, str], name: str) -> datetime | None:
    """An instant with its offset; raises SettingsError for one without, which would be another hour elsewhere."""
    value = env.get(name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(
            phrase(
                f"{name} là {value!r}: hãy viết như 2026-07-20T08:00:00+07:00",
                f"{name} is {value!r}: write it as 2026-07-20T08:00:00+07:00",
            )
        )
    return moment


def _path(value: str | None) -> Path | None:
    return Path(value).resolve() if value else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return content
