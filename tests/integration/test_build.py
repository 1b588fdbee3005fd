"""The star on a real database: the example built, what branches send changing under it, and what must never change."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vwu import build as star
from vwu.build import build, project_hash, run_dbt
from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.example import figures, write_example
from vwu.intake.arrivals import ZONES, list_arrivals
from vwu.intake.calendar import DAYS_REMINDED, begun, debts
from vwu.intake.check import today
from vwu.intake.landing import IntakeError, answer, hold, lift, withdraw
from vwu.intake.model import Outcome, State, SubmissionScope
from vwu.intake.receive import receive
from vwu.settings import Settings

pytestmark = pytest.mark.timeout(900)

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
HALF_TERM = "T2021-2026-H1"
FIRMS = "DA939,WOMEN_FIRMS_NEW_ADVISED,actual,in_period"
SHELTERS = "MAIAM,SHELTERS_BUILT_REPAIRED,actual,in_period"
NEIGHBOURS = {
    ("P22", HALF_TERM): [
        f"{SHELTERS},34,HOUSE",
        "MAIAM,SHELTER_FUND,actual,in_period,700 triệu đồng,VND",
        "TINCHAP,CREDIT_GUARANTEED_AMOUNT,actual,in_period,2.000 tỷ đồng,VND",
        "GIAMNGHEO,POOR_HOUSEHOLDS_ESCAPED,actual,in_period,trên 100,HOUSEHOLD",
    ],
    ("P06", "2024-05"): [f"{SHELTERS},7,HOUSE"],
    ("P19", "2024-05"): [f"{SHELTERS},5,HOUSE"],
    ("P19-01840", "2026-01"): [f"{SHELTERS},6,HOUSE"],
    ("P19-05443", "2026-01"): [f"{SHELTERS},4,HOUSE"],
    ("P22", "2026-01"): [f"{SHELTERS},3,HOUSE"],
    ("P19", "2026-02"): [f"{SHELTERS},20,HOUSE"],
    ("P19-01840", "2026-02"): [f"{SHELTERS},1,HOUSE"],
    ("P19", "2024-6M"): [f"{FIRMS},60,FIRM"],
    ("P19", "2024-9M"): ["DA939,WOMEN_FIRMS_NEW_ADVISED,actual,year_to_date,trên 100,FIRM"],
    ("P22-D207", "2024-01"): [f"{FIRMS},10,FIRM"],
    ("P22-07192", "2024-05"): [f"{FIRMS},8,FIRM"],
    ("P22-07195", "2024-05"): [f"{FIRMS},4,FIRM"],
    **{
        (f"P22-{commune}", f"2024-0{month}"): [f"{FIRMS},{value},FIRM"]
        for commune, values in {"07192": (8, 10, 9), "07195": (5, 5, 10), "07198": (2, 5, 6)}.items()
        for month, value in enumerate(values, 1)
    },
}
INCREMENTAL = ("fct_indicator_value", "fct_credit_month", "protected_credit_month")


@pytest.fixture(scope="module")
def warehouse(module_database: Settings) -> Settings:
    """The example with what two more provinces say, landed and built for the first time."""
    write_example(Path(module_database.landing))
    for path in [path for zone in ZONES for path in list_arrivals(module_database, zone, settle_seconds=0.0)]:
        receive(module_database, path)
    for (branch, period), lines in NEIGHBOURS.items():
        report(module_database, branch, period, lines)
    result = build(module_database)
    assert result.ok, result.failures
    assert result.is_full_refresh
    return module_database


def query(settings: Settings, text: str, *values: Any) -> list[tuple[Any, ...]]:
    with connect(settings, "builder") as connection:
        return connection.execute(text.encode(), values).fetchall()


def report(settings: Settings, branch: str, period: str, lines: Iterable[str]) -> Outcome:
    """Land one report: each line is `programme,indicator,scenario,basis,value,unit`."""
    folder = Path(settings.landing) / "branch_submissions"
    rows = [f"BM01,1,{branch},{period},{line}," for line in lines]
    path = folder / f"{branch} {period.replace('/', '_')} {time.monotonic_ns()}.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    outcome = receive(settings, str(path))
    assert outcome.state is State.LANDED, outcome.findings
    return outcome


def rebuild(settings: Settings, full_refresh: bool = False) -> None:
    result = build(settings, full_refresh)
    assert result.ok, result.failures
    assert result.is_full_refresh is full_refresh


def checksums(settings: Settings) -> dict[str, str]:
    """Content of every mart, whatever the order of its rows."""
    tables = query(settings, "select table_name from information_schema.tables where table_schema = 'marts'")
    assert len(tables) == 18
    return {
        name: query(
            settings,
            f"select coalesce(md5(string_agg(row::text, ' ' order by row::text)), '') from marts.{name} as row",
        )[0][0]
        for (name,) in tables
    }


def rollup(settings: Settings, indicator: str, region: str, period: str, boundary: str = "as_reported") -> Any:
    """(value, lower, upper, is_approximate, blocked_code, expected, reported, level_used) of one actual roll-up."""
    found = query(
        settings,
        """select value, lower_bound, upper_bound, is_approximate, blocked_code, branches_expected, branches_reported,
                  level_used
           from marts.fct_indicator_rollup
           inner join marts.dim_indicator using (indicator_key)
           inner join marts.dim_region as region using (region_key)
           inner join marts.dim_period as period using (period_key)
           where indicator_code = %s and region.region_code = %s and region.level in ('nation', 'province', 'district')
               and period_code = %s and boundary = %s and scenario = 'actual'""",
        indicator, region, period, boundary,
    )  # fmt: skip
    assert len(found) == 1, found
    return found[0]


def test_dbt_unit_tests_pass(warehouse: Settings) -> None:
    nodes = run_dbt(warehouse, "test", "--select", "test_type:unit")
    assert len(nodes) >= 45
    assert [str(node) for node in nodes if not node.is_good] == []


def test_every_node_is_on_record(warehouse: Settings) -> None:
    kinds = dict(
        query(
            warehouse,
            """select resource_type, count(*) from quality.dbt_result
               where build_id = (select min(build_id) from quality.build_run) group by resource_type""",
        )
    )
    models = list((warehouse.root / "dbt_project/models").rglob("*.sql"))
    seeds = list((warehouse.root / "seeds").glob("*.csv"))
    assert kinds["model"] == len(models)
    assert kinds["seed"] == len(seeds)
    assert kinds["test"] > 200


def test_a_model_is_reference_when_only_seeds_decide_it(warehouse: Settings) -> None:
    """Such models are left out of every build but a full one: a wrong tag would freeze or waste."""
    manifest = json.loads((warehouse.home / "dbt/target/manifest.json").read_text("utf-8"))
    parents, nodes = manifest["parent_map"], manifest["nodes"]

    def rests_on_seeds(node: str) -> bool:
        return node.startswith("seed.") or (
            node.startswith("model.") and all(rests_on_seeds(parent) for parent in parents[node])
        )

    models = {name for name, node in nodes.items() if node["resource_type"] == "model"}
    tagged = {name for name in models if "reference" in nodes[name]["tags"]}
    assert tagged == {name for name in models if rests_on_seeds(name)}


def test_every_mart_has_a_contract_a_key_and_words_in_both_languages(warehouse: Settings) -> None:
    manifest = json.loads((warehouse.home / "dbt/target/manifest.json").read_text("utf-8"))
    marts = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    assert len(marts) == 18
    for mart in marts:
        assert mart["config"]["contract"]["enforced"], mart["name"]
        assert [constraint["type"] for constraint in mart["constraints"]] == ["primary_key"], mart["name"]
        # What is published of credit is protected; the truth behind it is not published.
        assert ("part_by" in mart["config"]["meta"].get("published", {})) is (mart["name"] != "fct_credit_month")
        for column in mart["columns"].values():
            assert column["description"], (mart["name"], column["name"])
            assert column["config"]["meta"]["vi"], (mart["name"], column["name"])


def test_the_reported_figures_are_in_the_star(warehouse: Settings) -> None:
    stored = query(
        warehouse,
        """select programme.programme_code, indicator.indicator_code, branch_code, period_code, scenario, basis, value,
                  qualifier, lower_bound, upper_bound
           from marts.fct_indicator_value
           inner join marts.dim_programme as programme using (programme_key)
           inner join marts.dim_indicator as indicator using (indicator_key)
           inner join marts.dim_branch using (branch_key)
           inner join marts.dim_period using (period_key)
           where value_state = 'reported'""",
    )
    stated = [
        (each.programme_code, each.indicator_code, each.branch_code, each.period_code, each.scenario, each.basis)
        for each in figures()
    ]
    assert len(stated) == 23
    assert set(stated) <= {row[:6] for row in stored}
    said = {row[:6]: row[6:] for row in stored}
    turnover = ("TINCHAP", "CREDIT_GUARANTEED_AMOUNT", "P19", HALF_TERM, "actual", "in_period")
    assert said[turnover] == (Decimal("3.5e12"), "more_than", Decimal("3.5e12"), None)
    in_job = ("NQ_TN_XIV", "TRAINED_IN_JOB", "P19", HALF_TERM, "actual", "in_period")
    assert said[in_job] == (Decimal(10000), "less_than", None, Decimal(10000))


def test_two_provinces_add_up_bounded_and_refused_as_they_must(warehouse: Settings) -> None:
    exact = (Decimal(100), Decimal(100), Decimal(100), False, None, 63, 2, "province")
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "VN", HALF_TERM) == exact
    below = (Decimal("3e9"), None, Decimal("3e9"), True, None, 63, 2, "province")
    assert rollup(warehouse, "SHELTER_FUND", "VN", HALF_TERM) == below
    above = (Decimal(1647), Decimal(1647), None, True, None, 63, 2, "province")
    assert rollup(warehouse, "POOR_HOUSEHOLDS_ESCAPED", "VN", HALF_TERM) == above
    for undetermined in ("CREDIT_GUARANTEED_AMOUNT", "ORPHANS_SPONSORED", "SPONSORSHIP_FUND"):
        for region in ("VN", "19"):
            value, lower, upper, _, blocked, *_ = rollup(warehouse, undetermined, region, HALF_TERM)
            assert (value, lower, upper, blocked) == (None, None, None, "undetermined")
    assert rollup(warehouse, "MEMBERS_REACHED_STARTUP_AWARENESS_PCT", "22", "2024-01")[0] == 100
    assert rollup(warehouse, "MEMBERS_REACHED_STARTUP_AWARENESS_PCT", "VN", "2024-01")[4] == "ratio_without_parts"
    assert rollup(warehouse, "RESOLUTION_TARGETS_EXCEEDED", "19", HALF_TERM)[0] == 6
    assert rollup(warehouse, "RESOLUTION_TARGETS_EXCEEDED", "VN", HALF_TERM)[4] == "not_additive_over_regions"


def test_who_owes_what_is_the_same_for_reminders_and_for_the_star(warehouse: Settings) -> None:
    """The rule stands twice: pure, for what is reminded of on a day, and in SQL, for all periods."""
    catalogue, on = load_catalogue(warehouse.root / "seeds"), today()
    scopes = query(warehouse, "select branch_code, period_code, form from staging.stg_scope where kind = 'submission'")
    received = frozenset(SubmissionScope(*row) for row in scopes)
    owed = {
        (branch.branch_code, period.period_code, form)
        for branch, period, form in debts(catalogue, begun(catalogue, received), on)
    }
    in_star = query(
        warehouse,
        """select branch_code, period_code, form from intermediate.int_submission_expected
           where due_date >= %s and due_date < %s""",
        on - timedelta(days=DAYS_REMINDED), on,
    )  # fmt: skip
    assert owed
    assert owed == set(in_star)


def test_a_plan_is_in_no_actual(warehouse: Settings) -> None:
    found = query(
        warehouse,
        """select distinct scenario from marts.fct_indicator_rollup
           inner join marts.dim_indicator using (indicator_key) where indicator_code = 'TRAINING_CLASSES'""",
    )
    assert found == [("plan",)]


def test_old_provinces_make_todays_exactly(warehouse: Settings) -> None:
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "06", "2024-05")[0] == 7
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "19", "2024-05")[0] == 5
    today = rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "19", "2024-05", "as_now")
    assert (today[0], today[5], today[6]) == (12, 2, 2)
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "VN", "2024-05", "as_now")[0] == 12


def test_new_figures_are_shown_for_old_provinces(warehouse: Settings) -> None:
    """Each new commune lies in one old province; a merged province's own figure in none, a lone one's in its own."""

    def shown(period: str) -> dict[str, Any]:
        return {
            region: rollup(warehouse, "SHELTERS_BUILT_REPAIRED", region, period, "as_before")[0]
            for region in ("06", "19", "22", "VN")
            if region != "19" or period == "2026-01"
        }

    assert shown("2026-01") == {"06": 6, "19": 4, "22": 3, "VN": 13}
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "19", "2026-01", "as_now")[0] == 10
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "06", "2026-01", "as_before")[5:7] == (37, 1)
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "VN", "2026-02", "as_before")[0] == 20
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "06", "2026-02", "as_before")[0] == 1
    year = rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "VN", "2026", "as_before")
    assert year == rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "VN", "2026")


def test_a_quarter_is_nine_months_less_six(warehouse: Settings) -> None:
    assert rollup(warehouse, "WOMEN_FIRMS_NEW_ADVISED", "19", "2024-Q3")[:4] == (40, 40, None, True)


def test_what_is_missing_is_estimated_beside_the_total(warehouse: Settings) -> None:
    """Two of the three communes of Cô Tô: 12, and perhaps 6 more."""
    assert rollup(warehouse, "WOMEN_FIRMS_NEW_ADVISED", "207", "2024-05")[0] == 12
    assert query(
        warehouse,
        """select region_code, branches_missing, missing_estimate, missing_estimate_by
           from marts.fct_indicator_rollup
           inner join marts.dim_region using (region_key)
           inner join marts.dim_period using (period_key)
           where period_code = '2024-05' and region_code in ('207', '22') and missing_estimate is not null""",
    ) == [("207", 1, 6, "branches")]


def test_a_district_that_reported_january_alone_does_not_hide_its_communes(warehouse: Settings) -> None:
    """Cô Tô and its three communes: the month stands, the quarter is the communes'; who differs is named."""
    assert rollup(warehouse, "WOMEN_FIRMS_NEW_ADVISED", "207", "2024-01")[0] == 10
    for region in ("207", "22", "VN"):
        quarter = rollup(warehouse, "WOMEN_FIRMS_NEW_ADVISED", region, "2024-Q1")
        assert (quarter[0], quarter[6], quarter[7]) == (60, 3, "commune")
    found = query(
        warehouse,
        """select period_code, branch_value, bank_value, outcome, explaining_branch_code from marts.fct_reconciliation
           inner join marts.dim_region using (region_key) inner join marts.dim_period using (period_key)
           where level = 'district' and region_code = '207' and period_code in ('2024-01', '2024-Q1')
           order by period_code""",
    )
    assert found == [
        ("2024-01", Decimal(10), Decimal(15), "differs", "P22-07195"),
        ("2024-Q1", Decimal(10), Decimal(60), "agrees", None),
    ]


def test_a_claim_that_its_parts_contradict_differs(warehouse: Settings) -> None:
    found = query(
        warehouse,
        """select matter, branch_value, bank_value, outcome from marts.fct_reconciliation
           inner join marts.dim_region using (region_key) inner join marts.dim_period using (period_key)
           where region_code = '19' and period_code = %s and matter like 'claim:%%' order by matter""",
        HALF_TERM,
    )
    claim = "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM:in_period"
    assert found == [
        (f"claim:{programme}:{claim}", Decimal(2000), Decimal(1995), "differs")
        for programme in ("GIAMNGHEO", "NQ_TN_XIV")
    ]


def test_groups_and_loans_agree_to_the_dong(warehouse: Settings) -> None:
    found = query(
        warehouse,
        """select outcome, count(*), sum(difference) from marts.fct_reconciliation
           where matter = 'group_balance' group by outcome""",
    )
    assert found == [("agrees", 8, Decimal(0))]  # three months and their quarter, in two provinces


def test_a_second_build_waits_for_the_first_and_changes_nothing(warehouse: Settings) -> None:
    before, stored = checksums(warehouse), stored_rows(warehouse)
    results: list[star.BuildResult] = []
    with connect(warehouse, "builder", autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [star.LOCK])
        runs = query(warehouse, "select count(*) from quality.build_run")
        worker = threading.Thread(target=lambda: results.append(build(warehouse)))
        worker.start()
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while not query(warehouse, waiting)[0][0]:
            assert worker.is_alive()
            time.sleep(0.05)
        assert query(warehouse, "select count(*) from quality.build_run") == runs
    worker.join(300)
    assert [(result.ok, result.is_full_refresh) for result in results] == [(True, False)]
    assert checksums(warehouse) == before
    assert stored_rows(warehouse) == stored  # not even rewritten


def test_replaced_tables_are_dropped_one_at_a_time(warehouse: Settings) -> None:
    """Two drops at once reach the views on both in any order, and each may wait for the other (seen: a deadlock)."""
    results: list[star.BuildResult] = []
    with connect(warehouse, "builder", autocommit=True) as other:
        other.execute("select pg_advisory_lock(7700011)")
        worker = threading.Thread(target=lambda: results.append(build(warehouse)))
        worker.start()
        # One has come to its turn and holds nothing but what it may: no lock on a relation that somebody reads.
        waiting = "select pid from pg_locks where locktype = 'advisory' and objid = 7700011 and not granted"
        while len(found := query(warehouse, waiting)) < 2:
            assert worker.is_alive()
            time.sleep(0.05)
        held = "select count(*) from pg_locks where pid = any(%s) and mode = 'AccessExclusiveLock'"
        assert query(warehouse, held, [pid for (pid,) in found]) == [(0,)]
    worker.join(300)
    assert [result.ok for result in results] == [True]


def stored_rows(settings: Settings) -> list[list[tuple[Any, ...]]]:
    """Which transaction wrote each row of the incremental marts, and where."""
    return [query(settings, f"select xmin::text, ctid::text from marts.{table} order by ctid") for table in INCREMENTAL]


def test_incremental_is_full_refresh(warehouse: Settings) -> None:
    """After replacement, withdrawal, holding and an answer, the same rows as from nothing; other rows untouched."""
    others = "select count(distinct xmin::text) from marts.fct_credit_month"
    credit_before = query(warehouse, others)
    report(warehouse, "P22", "2024-05", [f"{SHELTERS},3,HOUSE", "MAIAM,SHELTER_FUND,actual,in_period,1 tỷ đồng,VND"])
    withdrawn = report(warehouse, "P22", "2024-06", [f"{SHELTERS},4,HOUSE"])
    held = report(warehouse, "P22", "2024-07", [f"{SHELTERS},5,HOUSE"])
    good = report(warehouse, "P22", "2024-08", [f"{SHELTERS},8,HOUSE"])
    doubted = report(warehouse, "P22", "2024-08", [f"{SHELTERS},80,HOUSE"])
    rebuild(warehouse)
    report(warehouse, "P22", "2024-05", [f"{SHELTERS},30,HOUSE"])
    assert withdrawn.receipt_id is not None
    assert held.receipt_id is not None
    assert doubted.receipt_id is not None
    with connect(warehouse, "loader") as connection:
        withdraw(connection, withdrawn.receipt_id, "test", "sent by mistake")
        hold(connection, held.receipt_id, "far from last year", "test")
        hold(connection, doubted.receipt_id, "ten times the month before", "test")
        (finding_id,) = connection.execute(
            """select finding_id from intake.finding inner join intake.receipt using (receipt_id)
               where receipt.state = 'landed' order by finding_id limit 1"""
        ).fetchone() or (None,)
        answer(connection, finding_id, "explained", "both figures are quoted from speeches", "test")
    rebuild(warehouse)
    assert query(warehouse, others) == credit_before
    assert rollup(warehouse, "SHELTERS_BUILT_REPAIRED", "22", "2024-05")[0] == 30
    left = query(
        warehouse,
        """select period_code, count(*) from marts.fct_indicator_value
           inner join marts.dim_period using (period_key) inner join marts.dim_branch using (branch_key)
           where branch_code = 'P22' and period_code between '2024-05' and '2024-08' group by period_code""",
    )
    # The line that was left out is gone, so are the withdrawn and the held file; the last good one of August stays.
    assert sorted(left) == [("2024-05", 1), ("2024-08", 1)]
    assert august(warehouse) == [(8, True, good.receipt_id, "held", good.receipt_id, doubted.receipt_id)]
    assert query(warehouse, "select count(*) from marts.finding where finding_id = %s", finding_id) == [(0,)]
    incremental = checksums(warehouse)
    rebuild(warehouse, full_refresh=True)
    assert checksums(warehouse) == incremental
    with connect(warehouse, "loader") as connection:
        lift(connection, doubted.receipt_id, "confirmed by telephone", "test")
        with pytest.raises(IntakeError, match="not held by hand"):
            lift(connection, doubted.receipt_id, "again", "test")
        with pytest.raises(IntakeError, match="not in force"):
            hold(connection, good.receipt_id or "", "replaced", "test")
    rebuild(warehouse)
    assert august(warehouse) == [(80, False, doubted.receipt_id, "landed", doubted.receipt_id, None)]


def august(settings: Settings) -> list[tuple[Any, ...]]:
    """The figure of P22 in August 2024, whether it is the last good one only, and what its submission says."""
    return query(
        settings,
        """select fact.value, fact.is_outdated, fact.receipt_id, submission.state, submission.receipt_id,
                  submission.held_receipt_id
           from marts.fct_indicator_value as fact
           inner join marts.dim_period as period using (period_key) inner join marts.dim_branch using (branch_key)
           inner join marts.fct_submission as submission using (branch_key, period_key)
           where branch_code = 'P22' and period_code = '2024-08'""",
    )


def test_changed_models_or_an_unfinished_beginning_ask_for_everything(database: Settings) -> None:
    code, seeds = project_hash(database.root)
    with connect(database, "builder") as connection:
        assert not star._is_current(connection, code, seeds)
        connection.execute("create table intermediate.loaded_scope (model_name text)")
        for code_hash, is_full, status, is_current in (
            (code, True, "failed", False),  # nothing was ever finished
            (code, True, "success", True),
            (code, False, "failed", True),  # what it did not reach, the next one reaches
            ("older models", True, "running", False),  # killed: who knows which tables are whose
            (code, True, "success", True),
            (code, True, "failed", False),
        ):
            connection.execute(
                "insert into quality.build_run (code_hash, seeds_hash, is_full_refresh, status)"
                " values (%s, %s, %s, %s)",
                [code_hash, seeds, is_full, status],
            )
            assert star._is_current(connection, code, seeds) is is_current
        connection.execute("insert into quality.build_run (code_hash, seeds_hash, is_full_refresh, status)"
                           " values (%s, %s, true, 'success')", [code, seeds])  # fmt: skip
        connection.execute("drop table intermediate.loaded_scope")  # a database restored from a backup has no marts
        assert not star._is_current(connection, code, seeds)
