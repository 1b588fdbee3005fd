"""Bank feeds on real PostgreSQL: they land whole, identities in the vault alone, and history is held against them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vwu.catalogue import Catalogue, load_catalogue
from vwu.database import connect
from vwu.example_credit import feed_files
from vwu.intake import store
from vwu.intake.feed.check import check_feed
from vwu.intake.feed.control import SUMS
from vwu.intake.feed.tokens import citizen_token
from vwu.intake.model import Finding, Kind, Outcome, State
from vwu.intake.receive import receive
from vwu.settings import Settings
from vwu.stack.server import admin_url, warehouse_name

Rows = list[dict[str, str]]
JANUARY, FEBRUARY = "2024-01-31", "2024-02-29"


def example(kind: str, as_of: str) -> tuple[Rows, dict[str, Any]]:
    """The example's rows and control record of a kind and month: small, clean and consistent."""
    files = feed_files()
    for name, content in files.items():
        if name.endswith(".control.json"):
            control = json.loads(content)
            if (control["kind"], control["as_of_date"]) == (kind, as_of):
                data = files[name.removesuffix(".control.json")].decode()
                return list(csv.DictReader(io.StringIO(data, newline=""))), control
    raise AssertionError(f"the example has no feed {kind} of {as_of}")


def write(folder: Path, rows: Rows, control: dict[str, Any], **stated: Any) -> Path:
    """Write the rows under a control record that agrees with them, but for what is stated."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = buffer.getvalue().encode()
    name = f"{control['kind']}_{control['as_of_date']}_{stated.get('sequence', control['sequence'])}.csv"
    record = control | {
        "file_name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "row_count": len(rows),
        **{f"sum_{each}": sum(int(row[each]) for row in rows) for each in SUMS},
        "distinct_groups": len({row["group_id"] for row in rows if row.get("group_id")}),
    }
    if control["kind"] == "loan":
        record["distinct_customers"] = len({row["customer_id"] for row in rows})
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / f"{name}.control.json").write_text(json.dumps(record | stated))
    return folder / name


@pytest.fixture
def send(database: Settings, tmp_path: Path) -> Callable[..., Outcome]:
    """Receive rows as a feed, as `vwu receive` does."""

    def send_rows(rows: Rows, control: dict[str, Any], **stated: Any) -> Outcome:
        return receive(database, str(write(tmp_path / "feeds", rows, control, **stated)))

    return send_rows


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parents[2] / "seeds")


def query(settings: Settings, text: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(settings, "loader") as connection:
        return connection.execute(text, values).fetchall()


def rules_of(findings: tuple[Finding, ...]) -> list[str]:
    return [each.rule_id for each in findings if each.severity != "info"]


def test_every_example_feed_lands_with_its_totals(database: Settings, send: Callable[..., Outcome]) -> None:
    for as_of in (JANUARY, FEBRUARY):
        for kind in ("loan", "group"):
            rows, control = example(kind, as_of)
            outcome = send(rows, control)
            assert (outcome.state, outcome.row_count, rules_of(outcome.findings)) == (State.LANDED, len(rows), [])
            table = {"loan": "raw.loan", "group": "raw.credit_group"}[kind]
            sums = ", ".join(f"sum({name})" for name in SUMS)
            (landed,) = query(
                database,
                f"select count(*), min(line_no), max(line_no), {sums} from {table} where receipt_id = %s",
                outcome.receipt_id,
            )
            assert landed == (len(rows), 2, len(rows) + 1, *(control[f"sum_{name}"] for name in SUMS))


def test_each_landed_cell_is_the_one_that_was_sent(database: Settings, send: Callable[..., Outcome]) -> None:
    rows, control = example("loan", JANUARY)
    send(rows, control)
    key = database.key("token")
    with connect(database, "loader") as connection:
        cursor = connection.execute("select * from raw.loan order by line_no")
        names = [column.name for column in cursor.description or ()]
        landed = [dict(zip(names, row, strict=True)) for row in cursor]
    assert len(landed) == len(rows)
    for sent, row in zip(rows, landed, strict=True):
        assert row["citizen_token"] == citizen_token(key, sent["citizen_id"])
        for name in set(sent) & set(row):
            assert _is_what_was_sent(row[name], sent[name]), name


def _is_what_was_sent(value: object, sent: str) -> bool:
    return value == Decimal(sent) if isinstance(value, Decimal) else sent == ("" if value is None else str(value))


def test_a_summary_lands(database: Settings, send: Callable[..., Outcome]) -> None:
    """A bank that sends no loan lines sends one line a commune, organisation and programme."""
    _, control = example("group", JANUARY)
    names = ("lent", "collected", "closing_balance", "overdue", "frozen")
    rows = [
        {
            "bank_code": control["bank_code"],
            "as_of_date": JANUARY,
            "commune_code": "06895",
            "commune_code_system": "GSO-2024",
            "organisation": organisation,
            "credit_programme": "HN",
            "loans": "7",
            "households": "6",
            **dict(zip(names, ("5", "4", "3", "2", "1"), strict=True)),
        }
        for organisation in ("PN", "ND", "TT")
    ]
    stated = {"kind": "summary", "distinct_customers": None, "distinct_groups": None}
    outcome = send(rows, control | stated, distinct_groups=None)
    assert (outcome.state, outcome.kind, rules_of(outcome.findings)) == (State.LANDED, Kind.SUMMARY, [])
    landed = query(database, "select line_no, organisation, loans, households, lent, frozen from raw.credit_summary")
    assert sorted(landed) == [(2, "PN", 7, 6, 5, 1), (3, "ND", 7, 6, 5, 1), (4, "TT", 7, 6, 5, 1)]


def test_the_vault_knows_each_person_once(database: Settings, send: Callable[..., Outcome]) -> None:
    people = set()
    for as_of in (JANUARY, FEBRUARY):
        rows, control = example("loan", as_of)
        send(rows, control)
        people |= {(row["citizen_id"], row["customer_id"], row["full_name"], row["birth_date"]) for row in rows}
    known = query(database, "select citizen_id, customer_id, full_name, birth_date::text from vault.person")
    assert sorted(known) == sorted(people)
    (unmatched,) = query(
        database,
        """select count(*) from raw.loan
           left join vault.person using (citizen_token, bank_code)
           where person.citizen_token is null""",
    )
    assert unmatched == (0,)


def test_a_changed_name_is_one_more_wording(database: Settings, send: Callable[..., Outcome]) -> None:
    rows, control = example("loan", JANUARY)
    send(rows, control)
    (before,) = query(database, "select count(*) from vault.person")
    citizen_id = rows[0]["citizen_id"]
    changed = [row | ({"full_name": "Tên Đã Sửa"} if row["citizen_id"] == citizen_id else {}) for row in rows]
    assert send(changed, control, sequence=2).state == State.LANDED
    assert query(database, "select count(*) from vault.person") == [(before[0] + 1,)]
    names = query(database, "select full_name from vault.person where citizen_id = %s", citizen_id)
    assert {name for (name,) in names} == {rows[0]["full_name"], "Tên Đã Sửa"}


def test_identities_are_nowhere_but_in_the_vault(
    database: Settings, send: Callable[..., Outcome], capfd: pytest.CaptureFixture[str]
) -> None:
    """Scans every column of every other table, the content store, and what was printed."""
    loans, loan_control = example("loan", JANUARY)
    groups, group_control = example("group", JANUARY)
    loans[0] |= {
        "sex": loans[1]["full_name"],
        "status": loans[1]["citizen_id"],
    }  # refused, with findings that show cells
    assert send(loans, loan_control, sequence=1).state == State.REJECTED
    loans, _ = example("loan", JANUARY)
    assert send(loans, loan_control, sequence=2).state == State.LANDED
    assert send(groups, group_control).state == State.LANDED
    planted = {row[name] for row in loans for name in ("citizen_id", "customer_id", "full_name")}
    planted |= {row["leader_name"] for row in groups if row["leader_name"]}
    texts = _all_text_outside_the_vault(database)
    assert any(loans[0]["loan_id"] in text for text in texts)
    printed = "".join(capfd.readouterr())
    files = b"".join(path.read_bytes() for path in Path(database.store).rglob("*") if path.is_file())
    assert len(files) > 10_000
    for identity in planted:
        assert not any(identity in text for text in texts), identity
        assert identity not in printed
        assert identity.encode() not in files


def _all_text_outside_the_vault(settings: Settings) -> list[str]:
    superuser = settings.database_url("superuser")
    own = settings.database_url("owner").rsplit("/", 1)[1].split("?")[0]
    with psycopg.connect(superuser, dbname=own) as connection:
        tables = connection.execute(
            """select format('%I.%I', schemaname, tablename) from pg_tables
               where schemaname not in ('vault', 'pg_catalog', 'information_schema')"""
        ).fetchall()
        assert ("raw.loan",) in tables
        texts = []
        for (table,) in tables:
            texts += [row[0] for row in connection.execute(f"select each::text from {table} as each")]
        return texts


FAULTS: list[tuple[str, Callable[[Rows, dict[str, Any]], object]]] = [
    ("LOAN_OPENING_DIFFERS", lambda rows, _: rows[5].update(_shifted(rows[5], 1))),
    ("LOAN_VANISHED", lambda rows, _: rows.pop(7)),
    ("FEED_PREVIOUS_SUM", lambda _, control: control.update(previous_sum_closing_balance=1)),
]


def _shifted(row: dict[str, str], amount: int) -> dict[str, str]:
    names = ("opening_balance", "closing_balance", "approved_amount")
    return {name: str(int(row[name]) + amount) for name in names}


@pytest.mark.parametrize(("rule_id", "plant"), FAULTS, ids=[rule_id for rule_id, _ in FAULTS])
def test_a_month_is_held_against_the_one_before(
    rule_id: str, plant: Callable[..., object], database: Settings, send: Callable[..., Outcome]
) -> None:
    assert send(*example("loan", JANUARY)).state == State.LANDED
    rows, control = example("loan", FEBRUARY)
    plant(rows, control)
    stated = {key: control[key] for key in ("previous_sum_closing_balance",)}
    outcome = send(rows, control, **stated)
    assert (outcome.state, rules_of(outcome.findings)) == (State.REJECTED, [rule_id])
    (found,) = (each for each in outcome.findings if each.rule_id == rule_id)
    assert found.position.endswith({"LOAN_OPENING_DIFFERS": ".csv:7", "LOAN_VANISHED": ".csv"}.get(rule_id, ".json"))
    assert query(database, "select count(*) from raw.loan where as_of_date = %s", date(2024, 2, 29)) == [(0,)]
    assert query(database, "select count(*) from raw.feed_control") == [(1,)]


def _of_another(rows: Rows, name: str) -> dict[str, str]:
    """The first loan of a person who has no other, with another citizen id or customer number."""
    row = next(row for row in rows if [each["customer_id"] for each in rows].count(row["customer_id"]) == 1)
    row[name] = {"citizen_id": "022199999999", "customer_id": "K99999999"}[name]
    return row


@pytest.mark.parametrize(
    ("name", "shown", "rule_id"),
    [
        ("citizen_id", "0221••••••99", "LOAN_CUSTOMER_CITIZEN_CHANGED"),
        ("customer_id", "K999•••99", "LOAN_CITIZEN_CUSTOMER_CHANGED"),
    ],
)
def test_a_customer_stays_the_same_citizen_over_the_months(
    name: str, shown: str, rule_id: str, send: Callable[..., Outcome]
) -> None:
    """Told in the first month that says so, each time that it comes, and not in later ones; a wording may change."""
    send(*example("loan", JANUARY))
    rows, control = example("loan", FEBRUARY)
    changed = _of_another(rows, name)
    other = next(row for row in rows if row["customer_id"] != changed["customer_id"])
    for row in rows:
        row["full_name"] = "Tên Đã Sửa" if row["customer_id"] == other["customer_id"] else row["full_name"]
    stated = {"previous_sum_closing_balance": control["previous_sum_closing_balance"]}
    for sequence in (1, 2):
        rows[0]["savings_balance"] = str(sequence)
        outcome = send(rows, control, sequence=sequence, **stated)
        assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, [rule_id])
        (found,) = (each for each in outcome.findings if each.rule_id == rule_id)
        assert (found.column, found.value, found.line_count) == (name, shown, 1)
        assert found.position.endswith(f".csv:{rows.index(changed) + 2}")
    for row in rows:
        row |= {"as_of_date": "2024-03-31", "opening_balance": row["closing_balance"]}
        row |= dict.fromkeys(("lent", "collected", "written_off", "transferred"), "0")
    before = sum(int(row["opening_balance"]) for row in rows)
    later = control | {"as_of_date": "2024-03-31"}
    assert rules_of(send(rows, later, previous_sum_closing_balance=before).findings) == []


def test_openings_in_all_are_held_against_the_control_record(send: Callable[..., Outcome]) -> None:
    """With no month before in the database there is still what the control record says of it."""
    rows, control = example("loan", FEBRUARY)
    outcome = send(rows, control, previous_sum_closing_balance=control["previous_sum_closing_balance"] + 1)
    assert (outcome.state, rules_of(outcome.findings)) == (State.REJECTED, ["FEED_OPENING_SUM"])


@pytest.mark.parametrize(("first", "second"), [("loan", "group"), ("group", "loan")])
def test_loans_and_groups_of_a_month_are_held_against_each_other(
    first: str, second: str, send: Callable[..., Outcome]
) -> None:
    """Either may be right, so it is a warning; whichever comes second says it."""
    assert rules_of(send(*example(first, JANUARY)).findings) == []
    rows, control = example(second, JANUARY)
    group = next(row["group_id"] for row in rows if row["group_id"] and int(row["overdue"]) == 0)
    row = next(row for row in rows if row["group_id"] == group)
    row |= {"overdue": "1", **({"overdue_days": "1"} if second == "loan" else {})}
    outcome = send(rows, control)
    assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, ["LOAN_GROUP_TOTALS_DIFFER"])
    found = next(each for each in outcome.findings if each.rule_id == "LOAN_GROUP_TOTALS_DIFFER")
    assert (found.value, found.line_count) == (group, 1)
    assert "(overdue)" in found.message_en


@pytest.mark.parametrize(("first", "second"), [("loan", "group"), ("group", "loan")])
def test_a_group_stands_in_one_place_in_both_kinds(first: str, second: str, send: Callable[..., Outcome]) -> None:
    send(*example(first, JANUARY))
    rows, control = example(second, JANUARY)
    group = next(row["group_id"] for row in rows if row["group_id"])
    for row in rows:
        if row["group_id"] == group:
            row["organisation"] = next(each for each in ("ND", "CCB") if each != row["organisation"])
    outcome = send(rows, control)
    assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, ["LOAN_GROUP_PLACE_DIFFERS"])
    found = next(each for each in outcome.findings if each.rule_id == "LOAN_GROUP_PLACE_DIFFERS")
    assert (found.value, found.line_count, "(organisation)" in found.message_en) == (group, 1, True)


def summary_of(rows: Rows, keys: tuple[str, ...]) -> Rows:
    """The summary that agrees with loans or groups; all of one programme where the lines do not say which."""
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        known = {"bank_code": row["bank_code"], "as_of_date": row["as_of_date"], "credit_programme": "HN"}
        counts = {"loans": "9", "households": "9"} | dict.fromkeys(SUMS, "0")
        line = lines.setdefault(key, known | dict(zip(keys, key, strict=True)) | counts)
        line |= {name: str(int(line[name]) + int(row[name])) for name in SUMS}
    return list(lines.values())


PLACE = ("commune_code", "commune_code_system", "organisation")
SUMMARIES = [("loan", (*PLACE, "credit_programme"), "LOAN_SUMMARY_TOTALS_DIFFER"),
             ("group", PLACE, "GROUP_SUMMARY_TOTALS_DIFFER")]  # fmt: skip


@pytest.mark.parametrize(("kind", "keys", "rule_id"), SUMMARIES, ids=["loan", "group"])
def test_a_summary_is_held_against_loans_and_groups(
    kind: str, keys: tuple[str, ...], rule_id: str, send: Callable[..., Outcome]
) -> None:
    rows, control = example(kind, JANUARY)
    send(rows, control)
    summary = summary_of(rows, keys)
    record = control | {"kind": "summary", "distinct_customers": None}
    assert rules_of(send(summary, record, distinct_groups=None).findings) == []
    summary[0]["collected"] = str(int(summary[0]["collected"]) + 1)
    outcome = send(summary, record, sequence=2, distinct_groups=None)
    assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, [rule_id])
    found = next(each for each in outcome.findings if each.rule_id == rule_id)
    assert (found.line_count, "(collected)" in found.message_en) == (1, True)
    assert summary[0]["commune_code"] in found.value


@pytest.mark.parametrize("kind", ["loan", "group"])
def test_a_month_that_does_not_say_what_was_before_is_asked(kind: str, send: Callable[..., Outcome]) -> None:
    """Only the first file of a bank has nothing before it."""
    rows, control = example(kind, FEBRUARY)
    assert rules_of(send(rows, control, previous_sum_closing_balance=None).findings) == []
    send(*example(kind, JANUARY))
    rows[0]["savings_balance"] = "1"
    outcome = send(rows, control, sequence=2, previous_sum_closing_balance=None)
    assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, ["FEED_PREVIOUS_SUM_UNSTATED"])


@pytest.mark.parametrize(("kind", "line"), [("loan", 7), ("group", 0)])
def test_a_corrected_month_is_held_against_the_one_after(kind: str, line: int, send: Callable[..., Outcome]) -> None:
    """The later month is in force and opens with what this one closed with before it was corrected."""
    rows, control = example(kind, JANUARY)
    send(rows, control)
    send(*example(kind, FEBRUARY))
    same = [rows[0] | {"savings_balance": "1"}, *rows[1:]]
    assert rules_of(send(same, control, sequence=2).findings) == []
    changed = _shifted(rows[5], 1) if kind == "loan" else {"closing_balance": str(int(rows[5]["closing_balance"]) + 1)}
    rows[5] |= changed
    outcome = send(rows, control, sequence=3)
    assert (outcome.state, rules_of(outcome.findings)) == (State.LANDED, ["FEED_NEXT_MONTH_DIFFERS"])
    (found,) = (each for each in outcome.findings if each.rule_id == "FEED_NEXT_MONTH_DIFFERS")
    assert found.position.endswith(f".csv:{line}" if line else ".csv")


def test_a_higher_sequence_replaces_and_a_late_lower_one_is_refused(
    database: Settings, send: Callable[..., Outcome]
) -> None:
    rows, control = example("loan", JANUARY)
    second = send(rows, control, sequence=2)
    third = send(rows[:-1], control, sequence=3)
    late = send(rows, control, sequence=1, created_at="2024-02-09T00:00:00Z")
    again = send(rows[:-1], control, sequence=3)
    assert second.receipt_id == late.receipt_id  # the same data bytes: known, and superseded by then
    assert (second.state, third.state, late.state, again.state) == ("landed", "landed", "unchanged", "unchanged")
    fresh = send([rows[0] | {"savings_balance": "1"}, *rows[1:]], control, sequence=1)
    assert (fresh.state, rules_of(fresh.findings)) == (State.REJECTED, ["FEED_SEQUENCE_LATE"])
    assert query(database, "select receipt_id from intake.scope") == [(third.receipt_id,)]


@pytest.mark.parametrize("kind", ["loan", "group"])
def test_a_rolled_back_landing_leaves_nothing(
    kind: str, database: Settings, catalogue: Catalogue, tmp_path: Path
) -> None:
    rows, control = example(kind, JANUARY)
    path = write(tmp_path / "feeds", rows, control)
    record = path.with_name(path.name + ".control.json").read_bytes()
    with connect(database, "loader") as connection, check_feed(path, record, catalogue, date(2024, 3, 1)) as feed:
        assert feed.scope is not None
        _open_receipt(connection, feed.scope.key)
        feed.land(connection, "0" * 16, feed.scope.key, bytes(32))
        table = {"loan": "raw.loan", "group": "raw.credit_group"}[kind]
        assert connection.execute(f"select count(*) from {table}").fetchone() == (len(rows),)
        connection.rollback()
    for table in ("raw.loan", "raw.credit_group", "raw.feed_control", "vault.person", "vault.group_leader"):
        assert query(database, f"select count(*) from {table}") == [(0,)]


def _open_receipt(connection: psycopg.Connection, scope_key: str) -> None:
    kind, bank_code, as_of = scope_key.split("|")
    connection.execute(
        """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by)
           values (%s, %s, %s, 'f', 1, 'received', 'test')""",
        ["0" * 16, "0" * 64, kind],
    )
    connection.execute(
        "insert into intake.scope (scope_key, kind, bank_code, as_of_date) values (%s, %s, %s, %s)",
        [scope_key, kind, bank_code, as_of],
    )


def test_a_database_error_in_the_middle_of_landing_is_raised(
    database: Settings, catalogue: Catalogue, tmp_path: Path
) -> None:
    """The side that produces rows must end when the side that takes them fails, and the other way round."""
    rows, control = example("loan", JANUARY)
    path = write(tmp_path / "feeds", rows, control)
    record = path.with_name(path.name + ".control.json").read_bytes()
    with connect(database, "loader") as connection, check_feed(path, record, catalogue, date(2024, 3, 1)) as feed:
        assert feed.scope is not None
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            feed.land(connection, "0" * 16, feed.scope.key, bytes(32))
        connection.rollback()
        _open_receipt(connection, feed.scope.key)
        connection.execute("set local statement_timeout = '1ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            feed.land(connection, "0" * 16, feed.scope.key, bytes(32))
        connection.rollback()
        _open_receipt(connection, feed.scope.key)
        feed.land(connection, "0" * 16, feed.scope.key, bytes(32))
        connection.commit()
    assert query(database, "select count(*) from raw.loan") == [(len(rows),)]


def test_two_kinds_of_a_month_land_at_the_same_time(database: Settings, tmp_path: Path) -> None:
    paths = [write(tmp_path / "feeds", *example(kind, JANUARY)) for kind in ("loan", "group")]
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda path: receive(database, str(path)), paths))
    assert [outcome.state for outcome in outcomes] == [State.LANDED, State.LANDED]
    assert {outcome.kind for outcome in outcomes} == {Kind.LOAN, Kind.GROUP}


_RECEIVE = "import pickle, sys; from vwu.intake.receive import receive; receive(*pickle.load(sys.stdin.buffer))"


@pytest.mark.parametrize(
    "table", ["intake.receipt", "raw.feed_control", "raw.loan", "vault.person", "intake.receipt_scope", "intake.event"]
)
def test_a_loader_killed_while_it_writes_a_table_leaves_nothing(database: Settings, tmp_path: Path, table: str) -> None:
    """A lock holds the loader at each table in turn, so that the kill is certain to hit that very step."""
    rows, control = example("loan", JANUARY)
    path = write(tmp_path / "feeds", rows, control)
    with connect(database, "owner") as blocker:
        blocker.execute(f"lock table {table} in share mode")
        loader = _start_loader(database, path)
        _wait_until(database, "select from pg_locks where relation = %s::regclass and not granted", table)
        loader.kill()
        assert loader.wait() == -signal.SIGKILL
    _wait_until_gone(database, "vwu loader")
    assert query(database, "select count(*) from raw.loan") == [(0,)]
    assert query(database, "select count(*) from vault.person") == [(0,)]
    assert receive(database, str(path)).state is State.LANDED
    assert query(database, "select count(*), count(distinct line_no) from raw.loan") == [(len(rows), len(rows))]


def test_a_loader_killed_at_any_moment_leaves_all_or_nothing(database: Settings, tmp_path: Path) -> None:
    """The loader dies at ever later moments, until it is done before it is killed."""
    rows, control = example("loan", JANUARY)
    many = [_copy_of(rows[number % len(rows)], number) for number in range(20_000)]
    path = write(tmp_path / "feeds", many, control)
    for moment in (wait / 10 for wait in range(4, 600, 4)):
        loader = _start_loader(database, path)
        try:
            assert loader.wait(moment) == 0
            break
        except subprocess.TimeoutExpired:
            loader.kill()
            loader.wait()
        ((landed,),) = query(database, "select count(*) from raw.loan")
        ((people,),) = query(database, "select count(*) from vault.person")
        assert (landed, people) in {(0, 0), (len(many), len(many))}
    assert query(database, "select count(*), count(distinct line_no) from raw.loan") == [(len(many), len(many))]
    assert query(database, "select state from intake.receipt") == [("landed",)]


@pytest.mark.campaign
@pytest.mark.timeout(7200)
def test_sixty_kills_while_a_large_correction_lands(database: Settings, tmp_path: Path) -> None:
    """Of 300,000 lines, at random moments: the former file stays in force, whole, until the correction is."""
    rows, control = example("loan", JANUARY)
    many = [_copy_of(rows[number % len(rows)], number) for number in range(300_000)]
    started = time.monotonic()
    receive(database, str(write(tmp_path / "feeds", many, control)))
    duration, drawn, found = time.monotonic() - started, random.Random(4), Counter[str]()
    path = _corrected(tmp_path, many, control, 2)
    while found["killed"] < 60:
        found[_kill_after(drawn.uniform(0, duration), _start_loader(database, path))] += 1
        (in_force,) = query(database, "select receipt_id from intake.scope")
        assert query(database, "select receipt_id from intake.receipt where state = 'landed'") == [in_force]
        landed = query(database, "select receipt_id, count(*), count(distinct line_no) from raw.loan group by 1")
        assert in_force[0] in {receipt_id for receipt_id, *_ in landed}
        assert {tuple(counts) for _, *counts in landed} == {(len(many), len(many))}
        if in_force[0] == store.receipt_id_of(store.sha256_of(path)):
            found["whole"] += 1
            path = _corrected(tmp_path, many, control, found["whole"] + 2)
    assert receive(database, str(path)).state is State.LANDED
    print(dict(found), f"{duration:.1f} s a landing")


def _corrected(folder: Path, rows: Rows, control: dict[str, Any], sequence: int) -> Path:
    """The month once more with other savings of one customer, which no control counts."""
    first = rows[0] | {"savings_balance": str(int(rows[0]["savings_balance"]) + sequence)}
    return write(folder / "feeds", [first, *rows[1:]], control, sequence=sequence)


def _kill_after(seconds: float, loader: subprocess.Popen[bytes]) -> str:
    try:
        assert loader.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        loader.kill()
        loader.wait()
        return "killed"
    return "ended"


def _start_loader(settings: Settings, path: Path) -> subprocess.Popen[bytes]:
    loader = subprocess.Popen([sys.executable, "-c", _RECEIVE], stdin=subprocess.PIPE)
    assert loader.stdin is not None
    loader.stdin.write(pickle.dumps((settings, str(path))))
    loader.stdin.close()
    return loader


def _wait_until(settings: Settings, text: str, *values: object, is_met: bool = True) -> None:
    """Ask until the answer has rows, or has none."""
    with psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as watcher:
        deadline = time.monotonic() + 120
        while bool(watcher.execute(text, values).fetchall()) is not is_met:
            assert time.monotonic() < deadline, f"not within two minutes: {text}"
            time.sleep(0.02)


def _wait_until_gone(settings: Settings, application: str) -> None:
    """A backend that waited for a lock learns that its client died only once it has the lock."""
    _wait_until(
        settings,
        "select from pg_stat_activity where application_name = %s and datname = current_database()",
        application,
        is_met=False,
    )


def _copy_of(row: dict[str, str], number: int) -> dict[str, str]:
    """The same loan of another person, with no group."""
    return row | {
        "loan_id": f"L{number}",
        "customer_id": f"K{number}",
        "citizen_id": f"022187{number:06}",
        "group_id": "",
    }
