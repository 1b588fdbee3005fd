"""Every fault is followed by the same check: the release in force is whole, the next run completes, nothing is lost or
doubled, and what was acknowledged is there. `make test` strikes at a few places, the campaign everywhere:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_faults.py

SIGKILL is not power loss: what the kernel had is still written to the disk.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import faults
import psutil
import psycopg
import pytest
from faults import AFTER, BACKEND, BEFORE, BROKEN, CUT, FREEZE, FULL, KILL, SERVER, Fault, Proxy, Refusal
from small_candidate import build, gate, make_candidate

from vwu.database import connect
from vwu.example_credit import feed_files
from vwu.intake import store
from vwu.intake.receive import receive
from vwu.publish import publish, rollback
from vwu.settings import Settings, load_settings
from vwu.stack import postgres, state
from vwu.stack.server import admin_url, migrate_warehouse, prepare_server, warehouse_name

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
FIGURES = "BM01,1,P22,2024-05,MAIAM,SHELTERS_BUILT_REPAIRED,actual,in_period,{},HOUSE,"
FEED = "Sao kê khoản vay NHCSXH tháng 01-2024.csv"
STATE = {
    "receipts": "select receipt_id, kind, state, row_count, superseded_by from intake.receipt order by receipt_id",
    "scopes": "select scope_key, receipt_id, is_held from intake.scope order by scope_key",
    # By rank: a number that a transaction took and rolled back is not given again.
    "filled": "select scope_key, receipt_id, rank() over (partition by scope_key order by precedence) "
    "from intake.receipt_scope order by scope_key, precedence",
    "findings": "select finding_id from intake.finding order by finding_id",
    "values": "select receipt_id, line_no, value from raw.submission_value order by receipt_id, line_no",
    "loans": "select receipt_id, line_no, loan_id, citizen_token, closing_balance from raw.loan order by 1, 2",
    "control": "select receipt_id, row_count from raw.feed_control order by receipt_id",
    "people": "select citizen_token, full_name from vault.person order by 1, 2",
    "releases": "select release_id, candidate_hash, row_counts from release.release order by release_id",
    "in force": "select release_id from release.pointer",
    "moves": "select action, from_release_id, to_release_id from release.event order by event_id",
    "parts": "select table_name, part_key, content_hash, first_release_id from release.part order by 1, 2, 3",
    "manifest": "select count(*) from release.manifest",
    "inputs": "select * from release.release_receipt order by 1, 2, 3",
}
ORPHANS = """
select part.part_id, part.row_count, stored.rows
from release.part as part
full join (
    select part_id, count(*) as rows from (
        select part_id from release.fct_sample union all select part_id from release.dim_period
    ) as all_rows group by part_id
) as stored using (part_id)
where part.row_count is distinct from stored.rows
"""
FIGURES_OF_A_RELEASE = """
select max(fact.release_id), count(*), sum(value),
    (select string_agg(period_code, ',' order by period_key) from published.dim_period)
from published.fct_sample as fact
"""


# The world in which a step is struck


@dataclass(frozen=True)
class World:
    """A durable server with one warehouse to copy: release 1 in force, the next candidate passed, files waiting."""

    settings: Settings

    def postmaster(self) -> int:
        """The pid of the server; one that was killed is started again, as `vwu up` does."""
        return start_server(self.settings).pid

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Settings]:
        """A copy to break: its own database and home. Both are gone afterwards."""
        name = f"vwu_fault_{secrets.token_hex(6)}"
        shutil.copytree(self.settings.home, folder, ignore=shutil.ignore_patterns("postgres", "logs", "lock"))
        with self._admin() as admin:
            admin.execute(f"create database {name} template {warehouse_name(self.settings)} owner vwu_owner")
            # A sequence of a copied database is logged anew only after a checkpoint; else a crash would turn it back.
            admin.execute("checkpoint")
        settings = replace(
            self.settings, home=folder, landing=str(folder / "landing"), store=str(folder / "store"), database=name
        )
        try:
            yield settings
        finally:
            self.postmaster()
            with self._admin() as admin:
                admin.execute(f"drop database {name} with (force)")
            shutil.rmtree(folder)

    def _admin(self) -> psycopg.Connection:
        """An administrator of the server, as soon as it has recovered."""
        return patiently(lambda: psycopg.connect(admin_url(self.settings, "postgres"), autocommit=True))


def patiently(ask: Callable[[], Any]) -> Any:
    """The answer, once the server has recovered from what was done to it."""
    for _ in range(600):
        try:
            return ask()
        except psycopg.OperationalError:
            time.sleep(0.05)
    return ask()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("faults") / "home") as made:
        yield made


@contextmanager
def make_world(home: Path) -> Iterator[World]:
    settings = load_settings({"VWU_HOME": str(home)})
    try:
        with state.lock(settings.home, print):
            state.prepare(settings)
            settings = state.reread(settings)
            settings = state.record_addresses(settings, {"postgres_port": start_server(settings).port})
            prepare_server(settings)
        migrate_warehouse(settings)
        fill(settings)
        yield World(settings)
    finally:
        postgres.remove(home)


def start_server(settings: Settings) -> postgres.Server:
    """Commits wait for the log as in production; only the disk's own cache is trusted."""
    port = settings.stack.get("postgres_port")
    return postgres.start(settings.home, settings.secrets["superuser"], port, options={"fsync": "off"})


def fill(settings: Settings) -> None:
    make_candidate(settings)
    publish(settings)
    build(
        settings,
        "update marts.fct_sample set value = 99 where period_key = 2 and province_code = '19'",
        "update marts.dim_period set period_code = 'x' where period_key = 1",
    )
    gate(settings)
    report(settings, 3)
    receive(settings, report(settings, 4))
    for name, content in feed_files().items():
        (Path(settings.landing) / "bank_feeds" / name).write_bytes(content)


def report(settings: Settings, figure: int) -> str:
    path = Path(settings.landing) / "branch_submissions" / f"P22 {figure}.csv"
    path.write_text("\n".join([HEADER, FIGURES.format(figure), ""]), "utf-8")
    return str(path)


# Steps, as the tasks call them


def receive_report(settings: Settings) -> str:
    return str(receive(settings, f"{settings.landing}/branch_submissions/P22 3.csv").state)


def receive_feed(settings: Settings) -> str:
    return str(receive(settings, f"{settings.landing}/bank_feeds/{FEED}").state)


def publish_next(settings: Settings) -> int:
    return publish(settings).release_id


def publish_and_go_back(settings: Settings) -> int:
    """Two transactions: the check after a fault between them must find release 2 published and not lost."""
    publish(settings)
    rollback(settings, 1, "a fault is planned")
    return 1


STEPS: dict[str, Callable[[Settings], Any]] = {
    "receive a report": receive_report,
    "receive a feed": receive_feed,
    "publish": publish_next,
    "publish, roll back": publish_and_go_back,
}


# The one check after every fault


def look(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All that matters of a warehouse, without times."""
    with connect(settings, "owner") as owner:
        return {name: owner.execute(query.encode()).fetchall() for name, query in STATE.items()}


def assert_whole(settings: Settings) -> None:
    """What readers see is one release, of the parts that it was made of; what landed has its bytes and all its rows."""
    with connect(settings, "bi_reader") as reader:
        for (release_id,) in reader.execute("select release_id from published.release_history").fetchall():
            reader.execute("select set_config('vwu.release', %s, true)", [str(release_id)])
            assert reader.execute(FIGURES_OF_A_RELEASE).fetchall() == [RELEASES[release_id]]
        reader.execute("select set_config('vwu.release', '', true)")
        (figures,) = reader.execute(FIGURES_OF_A_RELEASE).fetchall()
        assert figures == RELEASES[figures[0]]
    with connect(settings, "owner") as owner:
        assert owner.execute(ORPHANS).fetchall() == []
        for sha256, rows, counted in owner.execute(
            """select receipt.sha256, receipt.row_count, coalesce(landed.rows, 0)
               from intake.receipt
               left join (
                   select receipt_id, count(*) as rows from (
                       select receipt_id from raw.submission_value union all select receipt_id from raw.loan
                   ) as landed_rows group by receipt_id
               ) as landed using (receipt_id)"""
        ).fetchall():
            assert counted in (rows, 0 if rows is None else rows)
            assert store.read(settings.store, sha256, settings.key("store"))


RELEASES = {1: (1, 12, 240, "2024-09,2024-10"), 2: (2, 12, 477, "x,2024-10")}


def recover(settings: Settings, step: Callable[[Settings], Any], answer: Any, wanted: dict[str, Any]) -> None:
    """Whole after the fault, what was acknowledged is there, and the next run leaves what no fault leaves."""
    patiently(lambda: assert_whole(settings))
    if isinstance(answer, int):
        assert (answer,) in [row[:1] for row in look(settings)["releases"]], "an acknowledged release is gone"
    again, _ = faults.run(settings, step)
    assert again in (1, 2, "landed", "unchanged"), again
    assert_whole(settings)
    assert look(settings) == wanted


@dataclass
class Undisturbed:
    """Of each step without a fault: the state afterwards, and how many statements it asks; found out on demand."""

    world: World
    folder: Path
    known: dict[str, tuple[dict[str, Any], int]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[dict[str, Any], int]:
        if name not in self.known:
            with self.world.copy(self.folder / secrets.token_hex(4)) as settings:
                answer, statements = faults.run(settings, STEPS[name])
                assert answer in (1, 2, "landed"), answer
                assert_whole(settings)
                self.known[name] = look(settings), statements
        return self.known[name]

    def places(self, names: Iterable[str], actions: tuple[str, ...]) -> Iterator[tuple[str, Fault]]:
        """Every statement of these steps, on both sides, for each action."""
        for name in names:
            numbers = range(1, self.of(name)[1] + 1)
            for number, side, action in itertools.product(numbers, (BEFORE, AFTER), actions):
                yield name, Fault(action, number, side)


@pytest.fixture(scope="module")
def undisturbed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(world, tmp_path_factory.mktemp("undisturbed"))


def strike(undisturbed: Undisturbed, folder: Path, name: str, *planned: Fault | Refusal) -> int:
    """One experiment: each fault in turn (a second one strikes the recovery), then the check; how many did strike."""
    step, answer, struck = STEPS[name], None, 0
    wanted, _ = undisturbed.of(name)
    with undisturbed.world.copy(folder / secrets.token_hex(4)) as settings:
        for fault in planned:
            answer, strikes = patiently(lambda fault=fault: meet(undisturbed.world, settings, step, fault))
            struck += strikes
            undisturbed.world.postmaster()
            patiently(lambda: assert_whole(settings))
        print(f"{name}: {', then '.join(map(str, planned))}: {answer}")
        recover(settings, step, answer, wanted)
    return struck


def meet(world: World, settings: Settings, step: Callable[[Settings], Any], fault: Fault | Refusal) -> tuple[Any, int]:
    """Run a step that meets a fault; what it acknowledged, and how often the fault struck."""
    if isinstance(fault, Refusal):
        return faults.run_refused(settings, step, fault, world.postmaster())
    answer, statements = faults.run(settings, step, fault=fault, postmaster=world.postmaster())
    return answer, int(statements >= fault.statement)


@pytest.mark.timeout(600)
def test_a_fault_at_any_statement_loses_and_doubles_nothing(undisturbed: Undisturbed, tmp_path: Path) -> None:
    for number, (names, actions) in enumerate(
        [
            (["publish"], (KILL,)),
            (["publish"], (CUT,)),
            (["publish"], (BACKEND,)),
            (["publish"], (SERVER,)),
            (["receive a report"], (KILL, CUT)),
        ]
    ):
        name, fault = random.Random(number).choice(list(undisturbed.places(names, actions)))
        assert strike(undisturbed, tmp_path, name, fault) == 1


@pytest.mark.campaign
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("action", [KILL, CUT, BACKEND, SERVER])
def test_a_fault_at_every_statement(undisturbed: Undisturbed, tmp_path: Path, action: str) -> None:
    done: Counter[str] = Counter()
    for name, fault in undisturbed.places(STEPS, (action,)):
        done[name] += strike(undisturbed, tmp_path, name, fault)
    print(f"\n{action}: {done.total()} times, {dict(done)}; each time whole, completed, nothing lost or doubled")
    assert done.total() >= 250


@pytest.mark.timeout(600)
def test_a_fault_during_the_recovery_from_a_fault(undisturbed: Undisturbed, tmp_path: Path) -> None:
    strike_twice(undisturbed, tmp_path, ["publish"], 1)


@pytest.mark.campaign
@pytest.mark.timeout(7200)
def test_fifty_faults_during_recoveries(undisturbed: Undisturbed, tmp_path: Path) -> None:
    strike_twice(undisturbed, tmp_path, list(STEPS), 50)
    print("\nfault during recovery: 50 times")


def strike_twice(undisturbed: Undisturbed, folder: Path, names: list[str], times: int) -> None:
    chance = random.Random(3)
    every = list(undisturbed.places(names, (KILL, CUT, BACKEND)))
    for _ in range(times):
        name, first = chance.choice(every)
        second = replace(first, action=chance.choice((KILL, CUT)), statement=chance.randint(1, first.statement))
        strike(undisturbed, folder, name, first, second)


def refusals(undisturbed: Undisturbed, folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Refusal]]:
    """Every system call that a step or a process of its server makes: once with a full, once with a broken disk."""
    for name, of_server in itertools.product(names, (False, True)):
        world = undisturbed.world
        with world.copy(folder / secrets.token_hex(4)) as settings:
            calls = faults.count_calls(settings, STEPS[name], world.postmaster() if of_server else None)
        assert calls["write"] + calls["pwrite64"], f"strace saw nothing written by {name}: {calls}"
        for call, times in sorted(calls.items()):
            for number, error in itertools.product(range(1, times + 1), (FULL, BROKEN)):
                yield name, Refusal(call, number, error, of_server)


def pick(planned: Iterable[tuple[str, Refusal]], times: int) -> Iterator[tuple[str, Refusal]]:
    """So many of them, as many of each step, side and call as there are of the others, as far as there are so many."""
    chance, kinds = random.Random(7), defaultdict[tuple[str, bool, str, str], list[Refusal]](list)
    for name, refusal in planned:
        kinds[name, refusal.of_server, refusal.call, refusal.error].append(refusal)
    left = {key: chance.sample(members, len(members)) for key, members in kinds.items()}
    while times > 0 and left:
        for key in list(left)[:times]:
            yield key[0], left[key].pop()
            times -= 1
        left = {key: members for key, members in left.items() if members}


@pytest.mark.program("strace")
@pytest.mark.timeout(600)
def test_a_disk_that_is_full_or_broken_loses_and_doubles_nothing(undisturbed: Undisturbed, tmp_path: Path) -> None:
    steps = [refusal for _, refusal in refusals(undisturbed, tmp_path, ["receive a report"])]
    by_the_step, by_the_server = ([each for each in steps if each.of_server is side] for side in (False, True))
    for refusal in (random.Random(5).choice(by_the_step), random.Random(5).choice(by_the_server)):
        assert strike(undisturbed, tmp_path, "receive a report", refusal)


@pytest.mark.campaign
@pytest.mark.program("strace")
@pytest.mark.timeout(7200)
def test_two_hundred_system_calls_that_fail(undisturbed: Undisturbed, tmp_path: Path) -> None:
    done: Counter[str] = Counter()
    for name, refusal in pick(refusals(undisturbed, tmp_path, STEPS), 300):
        done[f"{refusal.error} of the {'server' if refusal.of_server else 'step'}"] += bool(
            strike(undisturbed, tmp_path, name, refusal)
        )
    print(f"\nexperiments in which a system call failed: {done.total()}, {dict(done)}")
    assert done.total() >= 200


def go_back(settings: Settings) -> int | None:
    return rollback(settings, 1, "a jump is planned")


def restart_by_another_clock(settings: Settings, jump: str) -> None:
    """The same server again, whose clock is wrong by `jump`."""
    process = psutil.Process(start_server(settings).pid)
    command, account = process.cmdline(), process.uids().real
    postgres.stop(postgres.locate(settings.home))
    log = (settings.home / "logs" / "clock.log").open("wb")
    subprocess.Popen(
        ["faketime", "-f", jump, *command],
        user=account, extra_groups=[], cwd="/", start_new_session=True, stdout=log, stderr=log,
    )  # fmt: skip
    patiently(lambda: connect(settings, "owner").close())


def in_turn(world: World, folder: Path, jump: str) -> dict[str, Any]:
    """The state after steps of which every other one runs by a wrong clock (none where there is no jump)."""
    with world.copy(folder) as settings:
        for number, step in enumerate((receive_report, receive_feed, publish_next, go_back)):
            if jump and number % 2 == 0:
                restart_by_another_clock(world.settings, jump)
            assert step(settings) in (1, 2, "landed")
            assert_whole(settings)
            if jump and number % 2 == 0:
                postgres.stop(postgres.locate(world.settings.home))
                world.postmaster()
        return look(settings)


@pytest.mark.program("faketime")
@pytest.mark.timeout(600)
def test_a_server_whose_clock_jumps_there_and_back_loses_and_doubles_nothing(world: World, tmp_path: Path) -> None:
    wanted = in_turn(world, tmp_path / "undisturbed", "")
    for jump in ("-40d", "+40d"):
        assert in_turn(world, tmp_path / jump, jump) == wanted


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own in memory, small enough to be filled, where the server's account can reach it."""
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        folder.rmdir()


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """The disk with so many bytes left."""
    room, filler = os.statvfs(disk), disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(room.f_bavail * room.f_frsize - left, 1))
    try:
        yield
    finally:
        filler.unlink()


@pytest.mark.campaign
@pytest.mark.program("mount")
@pytest.mark.timeout(7200)
def test_a_small_disk_that_is_full_forty_times_loses_and_doubles_nothing() -> None:
    """Server, store and landing zone are on it: whatever is written first finds no room, the log of the server too."""
    chance, done = random.Random(9), Counter[str]()
    with small_disk(Path("/mnt") / f"vwu-{secrets.token_hex(4)}") as disk, make_world(disk / "home") as world:
        undisturbed = Undisturbed(world, disk / "undisturbed")
        undisturbed.folder.mkdir()
        for _ in range(40):
            name, left = chance.choice(list(STEPS)), chance.choice((0, 4, 16, 64, 256)) * 1024
            wanted, _ = undisturbed.of(name)
            with world.copy(disk / secrets.token_hex(4)) as settings:
                assert_whole(settings)  # and with it what the server writes at the first connection
                with filled(disk, left):
                    answer, _ = faults.run(settings, STEPS[name])
                print(f"{name}, {left // 1024} kB left: {answer}")
                done["failed" if answer not in (1, 2, "landed") else "went through"] += 1
                world.postmaster()
                recover(settings, STEPS[name], answer, wanted)
    print(f"\nfull disk: {dict(done)}")
    assert done["failed"] >= 20


@pytest.mark.timeout(300)
def test_a_publication_that_stands_still_and_wakes_makes_one_release_with_the_one_that_came_after(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """A task that is frozen past its heartbeat is started again by the scheduler; then the first one goes on."""
    wanted, statements = undisturbed.of("publish")
    with undisturbed.world.copy(tmp_path / "home") as settings:
        with Proxy(faults.address(settings), Fault(FREEZE, statements // 2)) as proxy:
            first = faults.start(publish_next, faults.through(settings, proxy.port))
            proxy.pid = first.pid
            first.go()
            assert proxy.struck.wait(120)
            second = faults.start(publish_next, settings)
            second.go()
            os.kill(first.pid, signal.SIGCONT)
            assert (first.answer(), second.answer()) == (2, 2)
        assert_whole(settings)
        assert look(settings) == wanted
