"""Faults at chosen places: a step runs in a process of its own, its database behind a proxy that counts statements.

At the nth statement, before PostgreSQL sees it or after it was done and before the client hears so, the proxy kills the
process, freezes it, cuts the connection (so the acknowledgement of a commit is lost), kills the server's backend, which
makes the whole server recover, or the server itself. Or strace makes the nth system call of a process, or of each
process of the server, fail as on a full or broken disk. SIGKILL is not power loss: what the kernel had is written.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from vwu.settings import Settings

BEFORE, AFTER = "before", "after"
KILL, CUT, FREEZE = "kill the process", "cut the connection", "freeze the process"
BACKEND, SERVER = "kill the backend", "kill the server"
STANDS_STILL = "stands still"
PATIENCE = 300.0  # seconds that a step is given before it counts as standing still
# Preloaded once: a step starts in milliseconds, as a process forked from this server.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults", "vwu.publish", "vwu.intake.receive", "vwu.intake.feed.check"])


@dataclass(frozen=True)
class Fault:
    """What happens at which statement of a step (1 is the first), of those with a certain text, and on which side."""

    action: str
    statement: int
    side: str = BEFORE
    containing: str = ""

    def __str__(self) -> str:
        which = f"statement {self.statement}" + (f" with {self.containing}" if self.containing else "")
        return f"{self.action} {self.side} {which}"


@dataclass
class Proxy:
    """Stands between one step and PostgreSQL; `statements` counts what the step asked, on all its connections."""

    server: tuple[str, int]
    fault: Fault | None = None
    pid: int | None = None
    postmaster: int | None = None
    statements: int = 0
    struck: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Proxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            for each in (client, server):  # else a small message waits 40 ms for a delayed acknowledgement
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [client, server]
            link = _Link(self, client, server)
            threads = [threading.Thread(target=link.carry_requests), threading.Thread(target=link.carry_replies)]
            self._threads += threads
            for thread in threads:
                thread.start()

    def count(self, text: bytes) -> int:
        """The number of this statement, 0 when it is not one to count."""
        if self.fault is not None and self.fault.containing.encode() not in text:
            return 0
        with self._lock:
            self.statements += 1
            return self.statements

    def is_due(self, number: int, side: str) -> bool:
        return self.fault is not None and (self.fault.statement, self.fault.side) == (number, side)

    def strike(self, link: _Link) -> bool:
        """Do what the fault says; returns whether the message goes on its way afterwards."""
        assert self.fault is not None
        if self.fault.action in (KILL, FREEZE):
            assert self.pid is not None
            os.kill(self.pid, signal.SIGKILL if self.fault.action == KILL else signal.SIGSTOP)
        elif self.fault.action == BACKEND:
            os.kill(link.backend, signal.SIGKILL)
        elif self.fault.action == SERVER:
            assert self.postmaster is not None
            os.kill(self.postmaster, signal.SIGKILL)
        self.struck.set()
        return self.fault.action == FREEZE


@dataclass
class _Link:
    """One connection of the step: PostgreSQL's messages in both directions, one at a time."""

    proxy: Proxy
    client: socket.socket
    server: socket.socket
    backend: int = 0
    pending: list[int] = field(default_factory=list)

    def carry_requests(self) -> None:
        with self._ending():
            self.server.sendall(_startup(self.client))
            text = b""
            while True:
                kind, message = _message(self.client)
                if kind in b"QP":
                    text += message
                if kind in b"QS":  # a simple query, or the end of an extended one: the server answers with `Z`
                    number, text = self.proxy.count(text), b""
                    if self.proxy.is_due(number, BEFORE) and not self.proxy.strike(self):
                        return
                    self.pending.append(number)
                self.server.sendall(message)

    def carry_replies(self) -> None:
        with self._ending():
            while True:
                kind, message = _message(self.server)
                if kind == b"K":
                    self.backend = struct.unpack(">I", message[5:9])[0]
                if kind == b"Z" and self.pending:
                    number = self.pending.pop(0)
                    if self.proxy.is_due(number, AFTER) and not self.proxy.strike(self):
                        return
                self.client.sendall(message)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Whoever ends first ends both sides, as a broken connection does."""
        try:
            yield
        except OSError:
            pass
        finally:
            for each in (self.client, self.server):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


def _startup(client: socket.socket) -> bytes:
    head = _exactly(client, 4)
    return head + _exactly(client, struct.unpack(">I", head)[0] - 4)


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(source, 5)
    return head[:1], head + _exactly(source, struct.unpack(">I", head[1:])[0] - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = source.recv(size)
        if not part:
            raise ConnectionResetError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# Steps in a process of their own


@dataclass
class Running:
    """A step in its own process, which begins at `go`."""

    process: Any
    pipe: Connection

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def go(self) -> None:
        self.pipe.send("go")

    def answer(self, patience: float = PATIENCE) -> Any:
        """Wait for the end. What the step returned, or the name and text of what it raised; None when it was killed."""
        said = None
        if not self.pipe.poll(patience):
            self.process.kill()
            said = STANDS_STILL
        with suppress(EOFError, ConnectionResetError):
            said = self.pipe.recv()
        self.process.join()
        return said


def start(step: Callable[..., Any], *arguments: Any) -> Running:
    """A process for a step of the product, ready to go."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_work, args=(theirs, step, arguments))
    process.start()
    theirs.close()
    ours.recv()
    return Running(process, ours)


def _work(pipe: Connection, step: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send("ready")
    pipe.recv()
    try:
        said = step(*arguments)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    pipe.send(said)


def through(settings: Settings, port: int) -> Settings:
    """The same warehouse behind a proxy. Not encrypted: it reads the messages."""
    name = urlsplit(settings.database_url("owner")).path
    return replace(settings, external_url=f"postgresql://127.0.0.1:{port}{name}?sslmode=disable&gssencmode=disable")


def address(settings: Settings) -> tuple[str, int]:
    parts = urlsplit(settings.database_url("owner"))
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def run(
    settings: Settings,
    step: Callable[..., Any],
    *arguments: Any,
    fault: Fault | None = None,
    postmaster: int | None = None,
    patience: float = PATIENCE,
) -> tuple[Any, int]:
    """Run a step, with a fault or without; returns what it acknowledged (None: nothing) and how much it asked."""
    with Proxy(address(settings), fault, postmaster=postmaster) as proxy:
        running = start(step, through(settings, proxy.port), *arguments)
        proxy.pid = running.pid
        running.go()
        return running.answer(patience), proxy.statements


# System calls that fail

CALLS = ("openat", "write", "pwrite64", "pwritev", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate")
FULL, BROKEN = "ENOSPC", "EIO"


@dataclass(frozen=True)
class Refusal:
    """The nth call of one name fails: of each thread of the step, or of each process of the server."""

    call: str
    number: int
    error: str
    of_server: bool = False

    def __str__(self) -> str:
        return f"{self.call} {self.number} of the {'server' if self.of_server else 'step'} fails with {self.error}"


def run_refused(settings: Settings, step: Callable[..., Any], refusal: Refusal, postmaster: int) -> tuple[Any, int]:
    """Run a step of which, or of whose server, one system call fails; its answer, and how many calls did fail."""
    inject = f"inject={refusal.call}:error={refusal.error}:when={refusal.number}"
    answer, log = _run_traced(settings, step, postmaster if refusal.of_server else None, refusal.call, inject)
    return answer, log.count("(INJECTED)")


def count_calls(settings: Settings, step: Callable[..., Any], postmaster: int | None) -> Counter[str]:
    """How often one thread of the step, or one process of the server, makes each of `CALLS` at most."""
    _, log = _run_traced(settings, step, postmaster, ",".join(f"?{call}" for call in CALLS))
    made = Counter(re.findall(r"^(\d+) +(\w+)\(", log, re.MULTILINE))
    most: Counter[str] = Counter()
    for (_, call), times in made.items():
        most[call] = max(most[call], times)
    return most


def _run_traced(
    settings: Settings, step: Callable[..., Any], postmaster: int | None, calls: str, *expressions: str
) -> tuple[Any, str]:
    """What the step answered, and what strace wrote of it or of the server."""
    log, running = settings.home / "calls", start(step, settings)
    options = [part for each in (f"trace={calls}", *expressions) for part in ("-e", each)]
    with subprocess.Popen(
        ["strace", "-f", "-o", str(log), *options, "-p", str(postmaster or running.pid)],
        stderr=subprocess.PIPE,
        text=True,
    ) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        assert "attached" in said, said
        running.go()
        answer = running.answer()
        tracer.send_signal(signal.SIGINT)
    return answer, log.read_text("utf-8", "replace")
