"""Isolation, measured: clients of every kind ask while releases come and go, and each answer is exactly one release's.

`make test` runs the short form; the campaign's is 100 releases, 5 rollbacks and at least 10,000 answers:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_isolation.py
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from small_candidate import build, gate, make_candidate, write_manifest

from vwu.database import connect
from vwu.publish import publish, rollback
from vwu.settings import Settings

# Rows of two tables with the release that each says it is of: of one release there is one row.
ASKED = """
select fact.release_id, info.release_id, count(*), sum(fact.value), dim.codes
from {fact} as fact
cross join published.release_info as info
cross join (
    select release_id, string_agg(period_code, ',' order by period_key) as codes
    from published.dim_period group by release_id
) as dim
group by fact.release_id, info.release_id, dim.release_id, dim.codes
"""
PUBLISHED = ASKED.format(fact="published.fct_sample")
OWN_VIEW = ASKED.format(fact="public.mine")
EXPECTED = """
select count(*), sum(value), (select string_agg(period_code, ',' order by period_key) from marts.dim_period)
from marts.fct_sample
"""
Rows = list[tuple[Any, ...]]
Ask = Callable[[psycopg.Connection], tuple[Rows, int | None]]


def ask_once(connection: psycopg.Connection) -> tuple[Rows, int | None]:
    return connection.execute(PUBLISHED).fetchall(), None


def ask_prepared(connection: psycopg.Connection) -> tuple[Rows, int | None]:
    """One statement, prepared by the server once and kept: a generic plan may not freeze a release."""
    return connection.execute(PUBLISHED, prepare=True).fetchall(), None


def ask_own_view(connection: psycopg.Connection) -> tuple[Rows, int | None]:
    return connection.execute(OWN_VIEW, prepare=True).fetchall(), None


def ask_repeatable(connection: psycopg.Connection) -> tuple[Rows, int | None]:
    """Three statements of one repeatable-read transaction."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        return [row for query in (PUBLISHED, OWN_VIEW, PUBLISHED) for row in connection.execute(query)], None


def ask_pinned(connection: psycopg.Connection) -> tuple[Rows, int | None]:
    """Two statements of a read-committed transaction that names a release, any that there is."""
    with connection.transaction():
        known = connection.execute("select release_id from published.release_history").fetchall()
        pin = random.choice(known)[0]
        connection.execute("select set_config('vwu.release', %s, true)", [str(pin)])
        return [row for query in (PUBLISHED, OWN_VIEW) for row in connection.execute(query)], pin


KINDS: tuple[Ask, ...] = (
    ask_once, ask_once, ask_repeatable, ask_repeatable, ask_pinned, ask_pinned, ask_prepared, ask_own_view,
)  # fmt: skip


@dataclass
class Client:
    """A BI session that asks in a loop. PostgreSQL itself ends a statement that waits for a lock over a second."""

    settings: Settings
    ask: Ask
    answers: list[tuple[Rows, int | None, float]] = field(default_factory=list)
    error: BaseException | None = None

    def run(self, stop: threading.Event) -> None:
        try:
            with connect(self.settings, "bi_reader", autocommit=True) as connection:
                connection.execute("set lock_timeout = '1s'")
                connection.execute("set plan_cache_mode = force_generic_plan")
                while not stop.is_set():
                    started = time.monotonic()
                    rows, pin = self.ask(connection)
                    self.answers.append((rows, pin, time.monotonic() - started))
        except BaseException as error:
            self.error = error


@dataclass
class Clients:
    """All clients at once."""

    clients: list[Client]

    def answered(self, more: int) -> None:
        """Return when each client has given so many more answers; raises what ended one of them."""
        wanted = [len(client.answers) + more for client in self.clients]
        while any(len(client.answers) < count for client, count in zip(self.clients, wanted, strict=True)):
            for client in self.clients:
                if client.error:
                    raise client.error
            time.sleep(0.005)

    def all(self) -> list[tuple[Rows, int | None, float]]:
        return [answer for client in self.clients for answer in client.answers]


@contextmanager
def asking(settings: Settings) -> Iterator[Clients]:
    """Clients of every kind ask until the block ends; an error of one is raised."""
    stop = threading.Event()
    clients = [Client(settings, ask) for ask in KINDS]
    threads = [threading.Thread(target=client.run, args=(stop,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield Clients(clients)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for client in clients:
        if client.error:
            raise client.error


def is_torn(rows: Rows, pin: int | None, expected: dict[int, tuple[Any, ...]]) -> bool:
    """Whether an answer is not exactly one release's: every row says one release, and has that release's figures."""
    releases = {release for row in rows for release in row[:2]}
    if len(releases) != 1 or (pin is not None and releases != {pin}):
        return True
    return any(row[2:] != expected[row[0]] for row in rows)


def next_release(settings: Settings, number: int, expected: dict[int, tuple[Any, ...]]) -> None:
    """Change one part of four and the table of one part, pass the gate, publish, and note what the release says."""
    build(
        settings,
        f"update marts.fct_sample set value = {number} + line_no where period_key = 2 and province_code = '19'",
        f"update marts.dim_period set period_code = 'at {number}' where period_key = 1",
    )
    gate(settings)
    with connect(settings, "builder") as builder:
        figures = builder.execute(EXPECTED).fetchone()
    assert figures is not None
    expected[publish(settings).release_id] = figures


def grow(settings: Settings) -> None:
    """The next release has a column more, so its view must be replaced while it is read."""
    build(settings, "alter table marts.fct_sample add column note text default 'x'")
    write_manifest(settings, note="A note")


def measure(settings: Settings, releases: int, rollbacks: int, answers: int) -> None:
    with connect(settings, "owner") as owner:
        owner.execute("create schema if not exists public")
    expected: dict[int, tuple[Any, ...]] = {}
    next_release(settings, 1, expected)
    with connect(settings, "owner") as owner:
        owner.execute("create view public.mine as select * from published.fct_sample")
        owner.execute("grant usage on schema public to bi_reader")
        owner.execute("grant select on public.mine to bi_reader")
    share = -(-answers // len(KINDS) // (releases + rollbacks - 1))
    back_after = {releases * number // (rollbacks + 1) for number in range(1, rollbacks + 1)}
    with asking(settings) as clients:
        for number in range(2, releases + 1):
            if number == releases // 2:
                grow(settings)
            next_release(settings, number, expected)
            clients.answered(share)
            if number in back_after:
                rollback(settings, max(number // 2, 1), "measured")
                clients.answered(share)
    given = clients.all()
    torn = [answer for answer in given if is_torn(*answer[:2], expected)]
    seen = {row[0] for rows, _, _ in given for row in rows}
    print(
        f"\nisolation: {len(given):,} answers of {len(KINDS)} clients during {len(expected)} releases and {rollbacks} "
        f"rollbacks; {len(torn)} of no single release, 0 waited over 1 s for a lock; releases seen {len(seen)}; "
        f"the longest answer took {max(seconds for _, _, seconds in given) * 1000:.0f} ms"
    )
    assert torn == []
    assert len(given) >= answers
    assert seen == set(expected)
    assert stored_rows(settings) == 12 + 3 * (releases - 2) + 12  # what changed; the new column changed every part


def stored_rows(settings: Settings) -> int:
    with connect(settings, "publisher") as publisher:
        row = publisher.execute("select count(*) from release.fct_sample").fetchone()
    assert row is not None
    return int(row[0])


def test_no_answer_mixes_releases(database: Settings) -> None:
    measure(make_candidate(database), releases=8, rollbacks=1, answers=400)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_no_answer_of_ten_thousand_mixes_releases(database: Settings) -> None:
    measure(make_candidate(database), releases=100, rollbacks=5, answers=10_000)


def test_a_long_reader_of_a_view_that_must_grow_blocks_nobody(database: Settings) -> None:
    """The publication waits for the reader in short steps, and others read on behind it."""
    candidate = make_candidate(database)
    expected: dict[int, tuple[Any, ...]] = {}
    next_release(candidate, 1, expected)
    grow(candidate)
    failures: list[BaseException] = []

    def publish_the_growth() -> None:
        try:
            next_release(candidate, 2, expected)
        except BaseException as error:
            failures.append(error)

    publication = threading.Thread(target=publish_the_growth)
    with connect(candidate, "bi_reader") as long_reader:
        long_reader.execute(PUBLISHED)
        publication.start()
        with connect(candidate, "bi_reader", autocommit=True) as reader, connect(candidate, "publisher") as watcher:
            watcher.autocommit = True
            reader.execute("set lock_timeout = '1s'")
            wait_for_waiter(watcher, long_reader.info.backend_pid)
            for _ in range(20):
                assert not is_torn(*ask_once(reader), expected)
    publication.join()
    assert failures == []
    assert set(expected) == {1, 2}


def wait_for_waiter(watcher: psycopg.Connection, blocker: int) -> None:
    for _ in range(2000):
        if watcher.execute(
            "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))", [blocker]
        ).fetchone():
            return
        time.sleep(0.01)
    pytest.fail("the publication never waited for the reader")
