"""A whole nation's credit, from raw CSV to the star: every đồng and person counted a second time in plain Python.

`make test` runs 6,000 loans a month; the campaign a million, with every known fault beside them:

    .venv/bin/python -m pytest -s -m campaign tests/integration/test_credit_nation.py
"""

from __future__ import annotations

import csv
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from vwu.build import build
from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.generate.landing_zone import generate
from vwu.generate.planted import CHECK, Planted, read_planted
from vwu.generate.request import Request
from vwu.intake.feed.columns import CONTROL_SUFFIX
from vwu.intake.feed.control import SUMS
from vwu.intake.model import FeedChange, Outcome
from vwu.intake.receive import receive
from vwu.settings import Settings

pytestmark = pytest.mark.timeout(7200)

FEEDS = 12  # loans, groups and two summaries in three months
SUMMED = ("loans", *SUMS, "par30_balance", "par90_balance", "overdue_before", "rolled_to_overdue", "cured")
REASON = "thiếu một món giải ngân"
Key = tuple[str, ...]


@dataclass
class Counted:
    """What a second reading of the raw files says: sums and different people by bank, month and place."""

    sums: dict[Key, list[int]] = field(default_factory=dict)
    people: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))


def test_every_dong_and_person_of_a_nation(database: Settings) -> None:
    feeds = _write(database, Request(provinces=34, months=3, loans=6_000, seed=5))
    _hold_to_account(database, feeds)


@pytest.mark.campaign
def test_a_nation_of_a_million_loans_with_every_fault_beside_it(database: Settings) -> None:
    request = Request(provinces=34, months=3, loans=1_000_000, seed=5, faults=0.00002, provincial_form="csv")
    started = time.monotonic()
    list(generate(Path(database.landing), request, load_catalogue(database.root / "seeds")))
    _say("generated", started)
    folder = Path(database.landing) / "bank_feeds"
    clean = sorted(path for path in folder.iterdir() if path.name.startswith(("VBSP", "AGRIBANK", "TYM")))
    _hold_to_account(database, [path for path in clean if not path.name.endswith(CONTROL_SUFFIX)])
    started = time.monotonic()
    found = _receive_the_faulty(database, folder)
    _say(f"{found} planted fault classes found in their files, by their own rules alone", started)


def _write(settings: Settings, request: Request) -> list[Path]:
    """The bank feeds of a nation, which come before its submissions."""
    return list(islice(generate(Path(settings.landing), request, load_catalogue(settings.root / "seeds")), FEEDS))


def _hold_to_account(settings: Settings, feeds: list[Path]) -> None:
    assert len(feeds) == FEEDS
    started = time.monotonic()
    outcomes = [receive(settings, str(path)) for path in feeds]
    _say(f"{sum(each.row_count for each in outcomes):,} lines received", started)
    assert {each.state for each in outcomes} == {"landed"}, [each.summary() for each in outcomes]
    assert _rules(outcomes) <= {"LOAN_BORROWER_MALE"}
    feeds = _correct(settings, feeds)
    started = time.monotonic()
    result = build(settings)
    assert result.ok, result.failures
    slowest = _query(
        settings,
        """select string_agg(name || ' ' || seconds, ', ') from (
               select split_part(node_id, '.', 3) as name, round(seconds::numeric, 1) as seconds
               from quality.dbt_result order by quality.dbt_result.seconds desc limit 6
           ) as slowest""",
    )
    _say(f"built ({slowest[0][0]})", started)
    started = time.monotonic()
    counted = _count_again(settings, feeds)
    _say("counted again in Python", started)
    assert _published_sums(settings) == counted.sums
    _compare_with_controls(settings, feeds)
    assert _counted_people(settings) == {key: len(people) for key, people in counted.people.items()}
    ledger = _query(
        settings,
        """select bank_code, period_code, correction.kind, replaced_sequence, sequence, lent_after - lent_before,
               closing_balance_after - closing_balance_before, reason, state, corrected_by
           from marts.fct_credit_correction as correction
           inner join marts.dim_bank using (bank_key) inner join marts.dim_period using (period_key)""",
    )
    # No release has shown the first feed, so that nothing is told of it.
    assert ledger == [("TYM", "2025-07", "summary", 1, 2, None, None, REASON, "landed", settings.who)]


def _correct(settings: Settings, feeds: list[Path]) -> list[Path]:
    """TYM's last month comes again, for a thousand đồng: what it changes is shown before anything is built."""
    clean = next(path for path in feeds if path.name == "TYM_summary_2025-07-31.csv")
    header, line, *rest = list(csv.reader(clean.read_text("utf-8").splitlines()))
    was = dict(zip(header, line, strict=True))
    line[header.index("lent")] = str(int(was["lent"]) + 1000)
    path = clean.with_name("TYM_summary_2025-07-31_again.csv")
    path.write_text("".join(f"{','.join(cells)}\n" for cells in (header, line, *rest)), "utf-8")
    record = json.loads(clean.with_name(clean.name + CONTROL_SUFFIX).read_text("utf-8"))
    record |= {"sequence": 2, "file_name": path.name, "sum_lent": record["sum_lent"] + 1000, "reason": REASON}
    record["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + CONTROL_SUFFIX).write_text(json.dumps(record), "utf-8")
    outcome = receive(settings, str(path))
    place = (was["commune_code"], was["commune_code_system"], was["organisation"], was["credit_programme"])
    assert outcome.changes == (FeedChange(*place, "lent", int(was["lent"]), int(was["lent"]) + 1000),)
    return [path if each == clean else each for each in feeds]


def _rules(outcomes: list[Outcome]) -> set[str]:
    return {each.rule_id for outcome in outcomes for each in outcome.findings}


# The second reading: no engine, no SQL.


def _count_again(settings: Settings, feeds: list[Path]) -> Counted:
    places = _places(settings)
    counted = Counted()
    before: dict[str, tuple[int, int]] = {}
    for path in sorted(path for path in feeds if "_loan_" in path.name):
        now: dict[str, tuple[int, int]] = {}
        for line in _lines(path):
            owed, days = int(line["closing_balance"]), int(line["overdue_days"])
            now[line["loan_id"]] = (owed, days)
            amounts = [1, *(int(line[name]) for name in SUMS), owed * (days > 30), owed * (days > 90)]
            _add(counted, places, line, amounts + _moved(line, days, before.get(line["loan_id"], (0, 0))))
            for key in _person_keys(places, line):
                counted.people[key].add(line["citizen_id"])
        before = now
    for path in (path for path in feeds if "_summary_" in path.name):
        for line in _lines(path):
            _add(counted, places, line, [int(line[name]) for name in ("loans", *SUMS)] + [0] * 5)
    return counted


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _moved(line: dict[str, str], days: int, before: tuple[int, int]) -> list[int]:
    """Balance before of what was overdue, slid into it, recovered from it."""
    owed, late = before
    recovered = late > 0 and days == 0 and line["status"] not in {"written_off", "frozen"}
    return [owed * (late > 0), owed * (late == 0 and days > 0), owed * recovered]


def _add(counted: Counted, places: dict[Key, Key], line: dict[str, str], amounts: list[int]) -> None:
    who = (line["bank_code"], line["as_of_date"])
    commune, province, economic_region = places[line["commune_code"], line["commune_code_system"]]
    what = (line["credit_programme"], line["organisation"])
    for key in (
        (*who, "commune", commune, *what),
        (*who, "province", province, *what),
        (*who, "economic_region", economic_region, *what),
        (*who, "nation", "VN", "", ""),
    ):
        total = counted.sums.setdefault(key, [0] * len(amounts))
        for place, amount in enumerate(amounts):
            total[place] += amount


def _person_keys(places: dict[Key, Key], line: dict[str, str]) -> Iterator[Key]:
    """Where a person counts: at each level in all, and in the nation by each cut."""
    month, (commune, province, economic_region) = (
        line["as_of_date"],
        places[line["commune_code"], line["commune_code_system"]],
    )
    for level, code in (("commune", commune), ("province", province), ("economic_region", economic_region)):
        yield (month, level, code, "all", "all", "all")
    for bank in (line["bank_code"], "all"):
        for programme in (line["credit_programme"], "all"):
            for organisation in (line["organisation"], "all"):
                yield (month, "nation", "VN", bank, programme, organisation)


def _places(settings: Settings) -> dict[Key, Key]:
    """(commune, province, economic region) of each code and system, from the seed."""
    with (settings.root / "seeds" / "region.csv").open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if row["level"] == "commune"]
    rows.sort(key=lambda row: row["valid_from"])
    found: dict[Key, Key] = {}
    for row in rows:
        if row["valid_from"] <= "2025-07-01":
            system = "GSO-2025" if row["valid_from"] >= "2025-07-01" else "GSO-2024"
            found[row["region_code"], system] = (row["region_code"], row["province_code"], row["economic_region"])
    return found


# What the star says.


def _published_sums(settings: Settings) -> dict[Key, list[int]]:
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in SUMMED)
    levels = {
        ("commune", "region.region_code"): "programme.credit_programme, credit.organisation",
        ("province", "region.province_code"): "programme.credit_programme, credit.organisation",
        ("economic_region", "region.economic_region"): "programme.credit_programme, credit.organisation",
        ("nation", "'VN'"): "'', ''",
    }
    selects = [
        f"""select bank.bank_code, period.end_date::text, '{level}', {code}, {what}, {sums} {_STAR}
            group by 1, 2, 3, 4, 5, 6"""
        for (level, code), what in levels.items()
    ]
    return {tuple(row[:6]): list(row[6:]) for row in _query(settings, " union all ".join(selects))}


_STAR = """from marts.fct_credit_month as credit
    inner join marts.dim_bank as bank using (bank_key)
    inner join marts.dim_credit_programme as programme using (credit_programme_key)
    inner join marts.dim_region as region using (region_key)
    inner join marts.dim_period as period using (period_key)"""


def _compare_with_controls(settings: Settings, feeds: list[Path]) -> None:
    """The nation's sums are those that each bank sealed with its files."""
    sums = ", ".join(f"sum({name})::bigint" for name in SUMS)
    rows = _query(settings, f"select bank.bank_code, period.end_date::text, {sums} {_STAR} group by 1, 2")
    stated = {}
    for path in feeds:
        record = json.loads(path.with_name(path.name + CONTROL_SUFFIX).read_text("utf-8"))
        amounts = tuple(record[f"sum_{name}"] for name in SUMS)
        # Kinds of one bank and month state the same, but for direct lending, which passes by no group.
        if record["kind"] != "group":
            stated[record["bank_code"], record["as_of_date"]] = amounts
    assert {(bank, month): tuple(amounts) for bank, month, *amounts in rows} == stated
    assert len(stated) == 9


def _counted_people(settings: Settings) -> dict[Key, int]:
    """The exact counts behind `fct_credit_borrower`, before small ones are withheld."""
    rows = _query(
        settings,
        """select scope.as_of_date::text, region.level, region.region_code, borrower.bank_code,
               borrower.credit_programme, borrower.organisation, borrower.borrowers
           from intermediate.int_credit_borrower as borrower
           inner join intermediate.int_credit_person_scope as scope using (scope_key)
           inner join marts.dim_region as region using (region_key)
           where region.level = 'nation'
               or (region.level <> 'district' and (borrower.bank_code, borrower.credit_programme, borrower.organisation)
                   = ('all', 'all', 'all'))""",
    )
    return {tuple(row[:6]): row[6] for row in rows}


def _query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    with connect(settings, "builder") as connection:
        return connection.execute(text.encode()).fetchall()


def _receive_the_faulty(settings: Settings, folder: Path) -> int:
    """Each faulty feed shows exactly what was planted, at its line; returns how many classes of fault there were."""
    planted: dict[str, dict[str, list[Planted]]] = defaultdict(lambda: defaultdict(list))
    for each in read_planted(folder.parent):
        planted[each.file][each.rule_id].append(each)
    seen: set[str] = set()
    others = sorted(path for path in folder.iterdir() if not path.name.endswith(CONTROL_SUFFIX))
    for path in [path for path in others if not path.name.startswith(("VBSP", "AGRIBANK", "TYM"))]:
        expected = planted.get(f"bank_feeds/{path.name}", {})
        found = {each.rule_id: each for each in receive(settings, str(path)).findings if each.severity != "info"}
        assert set(found) == set(expected) - {"LOAN_BORROWER_MALE"}, path.name
        for rule_id, finding in found.items():
            if "history" not in path.name:
                lines = sum(each.lines for each in expected[rule_id])
                assert max(finding.line_count, 1) == lines, (path.name, finding)
            if expected[rule_id][0].found_by == CHECK:
                assert finding.position == expected[rule_id][0].position, (path.name, finding)
        seen |= set(found)
    assert seen == {rule for file, rules in planted.items() if file.startswith("bank_feeds/") for rule in rules}
    return len(seen)


def _say(what: str, started: float) -> None:
    print(f"{what}: {time.monotonic() - started:.1f} s")
