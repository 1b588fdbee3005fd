"""Backup and restore of what cannot be rebuilt: the received bytes, and in the database all but what dbt makes.

A backup is a folder: `backup.json` (what it is, replaced last, so that the folder is always one whole backup), the dump
of the database, and a copy of the content store. Dump and kept files are sealed under the store key, because both hold
identities; the keys themselves are never in it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vwu.database import connect
from vwu.intake import store
from vwu.intake.feed.envelope import decrypt, encrypt
from vwu.language import phrase
from vwu.rights import makes_in
from vwu.settings import Settings
from vwu.stack import postgres, server, state

KEYS = ("token", "store")
SCHEMAS = (
    "intake", "raw", "vault", "quality", "release", "published", "province",
    "seeds", "staging", "intermediate", "marts",
)  # fmt: skip
REBUILT = ("seeds", "staging", "intermediate", "marts")  # the schemas are kept with their rights, the tables are not
MANIFEST = "backup.json"
_OLDER_SERVERS_LACK = b"SET transaction_timeout = 0;\n"  # known from PostgreSQL 17 on

Show = Callable[[str], None]


class BackupError(OSError):
    """Nothing was backed up or restored; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """What one backup holds: `files` of the store, the dump with its sha256, and which keys open it."""

    made_at: str
    code_version: str
    dump: str
    dump_sha256: str
    receipts: int
    releases: int
    files: int
    roles: tuple[str, ...]
    keys: dict[str, str]


def backup(settings: Settings, folder: Path, show: Show) -> Backup:
    """Write a backup into the folder, or bring the one that lies there up to date; only new bytes are copied.

    Cut off anywhere, the folder still is the backup before. Raises BackupError, OSError or psycopg.OperationalError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = _read(folder) if (folder / MANIFEST).exists() else None
    keys = {name: _mark(settings.key(name)) for name in KEYS}
    if before and before.keys != keys:
        raise BackupError(
            phrase(
                f"{folder} đã có bản sao lưu dùng khóa khác: hãy dùng một thư mục riêng cho bản này",
                f"{folder} holds a backup under other keys: give this one a folder of its own",
            )
        )
    show(phrase("cơ sở dữ liệu", "database"))
    # A receipt is there only after its bytes are in the store: the dump first, then every file that it can name.
    made_at = datetime.now(UTC)
    name = f"database-{made_at:%Y%m%dT%H%M%S.%fZ}.sql.gz.enc"
    _dump(settings, folder / name)
    wanted = _receipts(settings)
    show(phrase("kho tệp", "content store"))
    _copy_store(settings.store, str(folder / "store"), show)
    _refuse_gaps(str(folder / "store"), wanted, phrase("kho tệp", "the content store"))
    made = Backup(
        made_at=made_at.isoformat(timespec="seconds"),
        code_version=settings.code_version,
        dump=name,
        dump_sha256=store.sha256_of(folder / name),
        receipts=len(wanted),
        releases=_count_releases(settings),
        files=sum(1 for _ in _files(str(folder / "store"))),
        roles=_roles(settings),
        keys=keys,
    )
    state.write_private(folder / MANIFEST, json.dumps(asdict(made), indent=1))
    for outdated in folder.glob("database-*.sql.gz.enc*"):
        if outdated.name != name:
            outdated.unlink()
    return made


def restore(settings: Settings, folder: Path, keys: Path | None, show: Show) -> Backup:
    """Fill an empty home and database from a backup; the next build makes the rest anew, to the same bytes.

    `keys` is a folder with token.key and store.key, needed where the home has none. Raises BackupError when there is
    something already, or the keys or bytes are others than the backup's; the database is filled whole or not at all.
    """
    from vwu.stack.progress import Progress
    from vwu.stack.up import up

    saved = _read(folder)
    dump = folder / saved.dump
    if store.sha256_of(dump) != saved.dump_sha256:
        raise BackupError(
            phrase(f"{dump} bị hỏng: hãy dùng bản sao lưu khác", f"{dump} is damaged: take another backup")
        )
    _place_keys(settings, keys, saved.keys)
    settings = up(settings, Progress(), with_airflow=False).settings
    _refuse_used(settings)
    show(phrase("kho tệp", "content store"))
    _copy_store(str(folder / "store"), settings.store, show)
    show(phrase("cơ sở dữ liệu", "database"))
    server.renew_warehouse(settings, saved.roles)
    with _publisher_may_take_over(settings):
        _load(settings, dump)
    server.migrate_warehouse(settings)
    _verify(settings, show)
    return saved


@contextmanager
def _publisher_may_take_over(settings: Settings) -> Iterator[None]:
    """Let the publisher own tables of schemas that it does not own, before the dump comes to the rights of schemas.

    A table is given only to who may create in its schema, and pg_dump writes that right last of all.
    """
    with connect(settings, "owner") as connection:
        connection.execute("alter default privileges grant create on schemas to vwu_publisher")
    try:
        yield
    finally:
        with connect(settings, "owner") as connection:
            connection.execute("alter default privileges revoke create on schemas from vwu_publisher")
        with server.warehouse_admin(settings) as admin:
            made = admin.execute(
                r"select nspname from pg_namespace where nspname !~ '^(pg_|information_schema)' and nspname <> all(%s)",
                [list(makes_in("vwu_publisher"))],
            ).fetchall()
            for (schema,) in made:
                admin.execute(sql.SQL("revoke create on schema {} from vwu_publisher").format(sql.Identifier(schema)))


def _read(folder: Path) -> Backup:
    path = folder / MANIFEST
    if not path.exists():
        raise BackupError(
            phrase(
                f"{folder} không có bản sao lưu trọn vẹn (thiếu {MANIFEST})",
                f"{folder} holds no whole backup ({MANIFEST} is missing)",
            )
        )
    content = json.loads(path.read_text("utf-8"))
    return Backup(**content | {"roles": tuple(content["roles"])})


# Keys


def _mark(key: bytes) -> str:
    """What tells a key without giving it away."""
    return hmac.new(key, b"vwu backup", hashlib.sha256).hexdigest()[:16]


def _place_keys(settings: Settings, folder: Path | None, marks: dict[str, str]) -> None:
    """Put the keys into the home where it has none; raises BackupError unless they are the backup's."""
    for name in KEYS:
        place = settings.key_file(name)
        if folder and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            state.write_private(place, (folder / f"{name}.key").read_text("ascii"))
        if not place.exists() and not settings.is_key_in_environment(name):
            raise BackupError(
                phrase(
                    f"cần khóa {name} đã dùng khi làm bản sao lưu này: `vwu restore DIR --keys FOLDER`, với FOLDER "
                    "là nơi cất token.key và store.key",
                    f"the {name} key that this backup was made with is needed: `vwu restore DIR --keys FOLDER`, the "
                    "folder where token.key and store.key were kept",
                )
            )
        if _mark(settings.key(name)) != marks[name]:
            raise BackupError(
                phrase(
                    f"khóa {name} ở đây không phải khóa đã dùng khi làm bản sao lưu này",
                    f"the {name} key here is not the one that this backup was made with",
                )
            )


# The database


def _dump(settings: Settings, target: Path) -> None:
    """pg_dump as the owner, compressed by it and sealed here; the file appears whole or not at all."""
    arguments = [
        "--format=plain", "--compress=gzip:6", "--lock-wait-timeout=60s", "--no-password",
        *(f"--schema={name}" for name in SCHEMAS), *(f"--exclude-table={name}.*" for name in REBUILT),
    ]  # fmt: skip
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("wb") as file, _program(settings, "pg_dump", *arguments, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            encrypt(process.stdout, file, settings.key("store"))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _load(settings: Settings, dump: Path) -> None:
    """psql in one transaction. Whatever fails here, psql is ended before it can see the end of its input and commit."""
    arguments = ["--single-transaction", "--set=ON_ERROR_STOP=1", "--quiet", "--no-psqlrc", "--output=/dev/null"]
    with dump.open("rb") as file, _program(settings, "psql", *arguments, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        decrypt(file, cast("IO[bytes]", _Unpacked(process.stdin)), settings.key("store"))
        process.stdin.close()


@contextmanager
def _program(
    settings: Settings, name: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """One of PostgreSQL's client programs, as the owner; the password is in its environment, not in its arguments."""
    address: dict[str, Any] = conninfo_to_dict(settings.database_url("owner"))
    password = address.pop("password", "")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGPASSWORD": str(password)}
    command = [str(postgres.client(name)), *arguments, f"--dbname={make_conninfo(**address)}"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=errors)
        try:
            yield process
        except BaseException as error:
            process.kill()
            process.wait()
            if isinstance(error, BrokenPipeError):
                raise BackupError(
                    phrase(f"{name} kết thúc sớm: {_end_of(errors)}", f"{name} ended early: {_end_of(errors)}")
                ) from error
            raise
        if process.wait():
            raise BackupError(phrase(f"{name} bị hỏng: {_end_of(errors)}", f"{name} failed: {_end_of(errors)}"))


def _end_of(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read()[-2000:].decode(errors="replace").strip()


class _Unpacked:
    """Takes gzip, gives plain SQL to psql, without the one setting that an older server does not know."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self._unzip, self._is_head = target, zlib.decompressobj(31), True

    def write(self, data: bytes) -> None:
        plain = self._unzip.decompress(data)
        if self._is_head and plain:
            plain, self._is_head = plain.replace(_OLDER_SERVERS_LACK, b"", 1), False
        self._target.write(plain)


def _receipts(settings: Settings) -> list[str]:
    with connect(settings, "loader") as connection:
        rows = connection.execute(
            "select stored_sha256 from intake.receipt where stored_sha256 is not null order by stored_sha256"
        )
        return [sha256 for (sha256,) in rows]


def _count_releases(settings: Settings) -> int:
    with connect(settings, "publisher") as connection:
        row = connection.execute("select count(*) from release.release").fetchone()
    assert row is not None
    return int(row[0])


def _roles(settings: Settings) -> tuple[str, ...]:
    """Roles that own something or have a right in the database: those must be there before it is filled."""
    with connect(settings, "owner") as connection:
        rows = connection.execute(
            """select distinct role.rolname from pg_shdepend as depend
               inner join pg_roles as role on role.oid = depend.refobjid
               where depend.refclassid = 'pg_authid'::regclass
                 and depend.dbid = (select oid from pg_database where datname = current_database())
               order by role.rolname"""
        ).fetchall()
    return tuple(name for (name,) in rows)


def _refuse_used(settings: Settings) -> None:
    with connect(settings, "owner") as connection:
        row = connection.execute(
            "select (select count(*) from intake.receipt), (select count(*) from release.release)"
        ).fetchone()
    if row != (0, 0):
        raise BackupError(
            phrase(
                f"cơ sở dữ liệu ở {settings.home} đã có biên nhận hoặc bản phát hành: hãy khôi phục vào một thư mục "
                "trống (VWU_HOME), không bao giờ đè lên những gì đang có",
                f"the database at {settings.home} holds receipts or releases: restore into an empty home "
                "(VWU_HOME), never over what is there",
            )
        )


# The content store


def _files(place: str) -> Iterator[str]:
    """Names of the whole files in a store, relative to it."""
    from fsspec.core import url_to_fs

    file_system, folder = url_to_fs(place)
    if not file_system.exists(folder):
        return
    for path in sorted(file_system.find(folder)):
        if not path.endswith(".partial"):
            yield path.removeprefix(folder).lstrip("/")


def _copy_store(source: str, target: str, show: Show) -> None:
    """Copy the files that the target lacks, or has in another size; each appears whole or not at all."""
    from fsspec.core import url_to_fs

    here, source_folder = url_to_fs(source)
    there, target_folder = url_to_fs(target)
    for number, name in enumerate(_files(source), start=1):
        place = f"{target_folder}/{name}"
        if there.exists(place) and there.size(place) == here.size(f"{source_folder}/{name}"):
            continue
        show(phrase(f"kho tệp: tệp {number}", f"content store: file {number}"))
        there.makedirs(there._parent(place), exist_ok=True)
        with here.open(f"{source_folder}/{name}", "rb") as read, there.open(f"{place}.partial", "wb") as write:
            shutil.copyfileobj(read, write, 1 << 20)
        there.mv(f"{place}.partial", place)


def _refuse_gaps(place: str, wanted: Iterable[str], what: str) -> None:
    there = {Path(name).name.removesuffix(".enc") for name in _files(place)}
    missing = [sha256 for sha256 in wanted if sha256 not in there]
    if missing:
        raise BackupError(
            phrase(
                f"{what} thiếu nội dung của {len(missing)} biên nhận, đầu tiên là {missing[0][:16]}",
                f"{what} lacks the bytes of {len(missing)} receipts, the first {missing[0][:16]}",
            )
        )


def _verify(settings: Settings, show: Show) -> None:
    """Every receipt's bytes are there and have its sha256."""
    wanted = _receipts(settings)
    _refuse_gaps(settings.store, wanted, phrase("bản sao lưu", "the backup"))
    for number, sha256 in enumerate(wanted, start=1):
        show(phrase(f"kiểm lại tệp {number}/{len(wanted)}", f"verify file {number}/{len(wanted)}"))
        try:
            store.read(settings.store, sha256, settings.key("store"))
        except ValueError as error:
            raise BackupError(str(error)) from error
