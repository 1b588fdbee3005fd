"""The reference data hang together: complete, dated without gaps, and nothing points nowhere."""

import csv
import importlib.util
import re
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from vwu.catalogue import load_catalogue
from vwu.intake.submission.text import clean, match_key

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"
NAMES = sorted(path.stem for path in SEEDS.glob("*.csv"))
REFORM = "2025-07-01"
LAST_DAY_BEFORE = "2025-06-30"

Row = dict[str, str]


def read(seed: str) -> list[Row]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def holds(row: Row, on: str) -> bool:
    return row["valid_from"] <= on <= (row["valid_to"] or "9999-12-31")


@pytest.fixture(scope="module")
def regions() -> list[Row]:
    return read("region")


@pytest.fixture(scope="module")
def successions() -> list[Row]:
    return read("region_succession")


@pytest.fixture(scope="module")
def branches() -> list[Row]:
    return read("branch")


# Files ---------------------------------------------------------------------------------------------------------


def test_every_seed_that_the_house_knows_is_there() -> None:
    assert set(NAMES) >= {
        *("unit", "programme", "programme_alias", "indicator", "indicator_alias", "indicator_programme", "target"),
        *("region", "region_alias", "region_succession", "branch", "period", "period_rule", "tile_grid"),
        *("bank", "credit_programme", "credit_programme_rate", "credit_programme_ceiling"),
        *("form", "form_assignment"),
    }


@pytest.mark.parametrize("seed", NAMES)
def test_properties_give_each_column_its_type_and_a_description(seed: str) -> None:
    properties = yaml.safe_load((SEEDS / f"{seed}.yml").read_text(encoding="utf-8"))["seeds"]
    header = (SEEDS / f"{seed}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert [entry["name"] for entry in properties] == [seed]
    assert list(properties[0]["config"]["column_types"]) == header
    assert len(properties[0]["description"]) > 20


@pytest.mark.parametrize("seed", NAMES)
def test_text_is_clean_and_lines_end_in_line_feeds(seed: str) -> None:
    raw = (SEEDS / f"{seed}.csv").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    names = [value for row in read(seed) for column, value in row.items() if column.startswith("name")]
    assert [name for name in names if name.replace("“", '"').replace("”", '"') != clean(name)] == []


@pytest.mark.parametrize("seed", ["region", "branch"])
def test_big_seeds_have_one_plain_line_per_record(seed: str) -> None:
    """The catalogue indexes these by line without a CSV parser."""
    text = (SEEDS / f"{seed}.csv").read_text(encoding="utf-8")
    assert '"' not in text
    assert len(text.splitlines()) == len(read(seed)) + 1


def test_deriving_the_seeds_again_gives_the_same_bytes(tmp_path: Path) -> None:
    derive_tool().derive(tmp_path)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["branch.csv", "period.csv", "region.csv", "region_succession.csv"]
    for name in written:
        assert (tmp_path / name).read_bytes() == (SEEDS / name).read_bytes(), name


def derive_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derive_seeds", ROOT / "tools" / "derive_seeds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


# Regions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (LAST_DAY_BEFORE, {"nation": 1, "economic_region": 6, "province": 63, "district": 696, "commune": 10035}),
        ("2016-02-29", {"nation": 1, "economic_region": 6, "province": 63, "district": 696, "commune": 10035}),
        (REFORM, {"nation": 1, "economic_region": 6, "province": 34, "commune": 3321}),
        ("2026-11-21", {"nation": 1, "economic_region": 6, "province": 34, "commune": 3321}),
    ],
)
def test_counts_of_units_on_a_day(regions: list[Row], on: str, counts: dict[str, int]) -> None:
    assert Counter(row["level"] for row in regions if holds(row, on)) == counts


@pytest.mark.parametrize(
    ("on", "cities"), [("2024-12-31", 5), (LAST_DAY_BEFORE, 6), ("2026-04-29", 6), ("2026-04-30", 7)]
)
def test_centrally_run_cities(regions: list[Row], on: str, cities: int) -> None:
    kinds = Counter(row["kind"] for row in regions if row["level"] == "province" and holds(row, on))
    assert kinds["Thành phố"] == cities


def test_kinds_of_communes_today(regions: list[Row]) -> None:
    kinds = Counter(row["kind"] for row in regions if row["level"] == "commune" and holds(row, "2026-11-21"))
    assert kinds == {"Xã": 2611, "Phường": 697, "Đặc khu": 13}


def test_kind_begins_the_name(regions: list[Row]) -> None:
    administrative = [row for row in regions if row["level"] in ("province", "district", "commune")]
    assert [row["name_vi"] for row in administrative if not row["name_vi"].startswith(row["kind"] + " ")] == []


def test_versions_of_a_region_neither_overlap_nor_leave_a_gap(regions: list[Row]) -> None:
    versions = defaultdict(list)
    for row in regions:
        versions[row["level"], row["region_code"]].append(row)
    for found in versions.values():
        for earlier, later in pairwise(found):
            assert date.fromisoformat(earlier["valid_to"]) + timedelta(1) == date.fromisoformat(later["valid_from"])


def test_each_region_lies_within_one_version_of_its_parent(regions: list[Row]) -> None:
    by_identity = {(row["level"], row["region_code"], row["valid_from"]): row for row in regions}
    assert len(by_identity) == len(regions)
    for row in regions:
        if row["level"] == "nation":
            continue
        parent = by_identity[row["parent_level"], row["parent_code"], row["parent_valid_from"]]
        assert parent["valid_from"] <= row["valid_from"], row
        assert (row["valid_to"] or "9999") <= (parent["valid_to"] or "9999"), row
        if row["level"] in ("district", "commune"):
            assert (row["province_code"], row["economic_region"]) == (
                parent["province_code"],
                parent["economic_region"],
            )


def test_three_provinces_changed_their_economic_region(regions: list[Row]) -> None:
    """Bắc Giang, Vĩnh Phúc and Long An (DOMAIN B.1); the other renamed groupings are not changes of side."""
    heir = {
        row["from_code"]: row["to_code"]
        for row in read("region_succession")
        if row["from_level"] == "province" and row["to_valid_from"] == REFORM
    }
    then = {r["region_code"]: r["economic_region"] for r in regions if is_province_on(r, LAST_DAY_BEFORE)}
    now = {r["region_code"]: r["economic_region"] for r in regions if is_province_on(r, REFORM)}
    split_up = {"RBTB_DHMT", "RTAYNGUYEN"}
    assert {old for old, region in then.items() if region not in split_up and now[heir[old]] != region} == {
        "24",
        "26",
        "80",
    }


def is_province_on(row: Row, on: str) -> bool:
    return row["level"] == "province" and holds(row, on)


def test_known_changes_of_name(regions: list[Row]) -> None:
    names = {(row["level"], row["region_code"], row["valid_from"]): row["name_vi"] for row in regions}
    assert names["province", "46", "2015-01-01"] == "Tỉnh Thừa Thiên Huế"
    assert names["province", "46", "2025-01-01"] == "Thành phố Huế"
    assert names["province", "75", "2025-07-01"] == "Tỉnh Đồng Nai"
    assert names["province", "75", "2026-04-30"] == "Thành phố Đồng Nai"
    assert names["commune", "26485", "2025-07-01"] == "Xã Nhơn Trạch"
    assert names["commune", "26485", "2026-04-30"] == "Phường Nhơn Trạch"
    changed = [
        code
        for (level, code, start), name in names.items()
        if level == "commune" and start == "2026-04-30" and names[level, code, "2025-07-01"] != name
    ]
    assert len(changed) == 10


# Succession ----------------------------------------------------------------------------------------------------


def source(row: Row) -> tuple[str, str, str]:
    return row["from_level"], row["from_code"], row["from_valid_from"]


def test_pairs_across_the_reform(successions: list[Row]) -> None:
    across = [row for row in successions if row["to_valid_from"] == REFORM]
    pairs = Counter(row["from_level"] for row in across)
    predecessors = Counter(level for level, _, _ in {source(row) for row in across})
    assert pairs == {"commune": 10566, "district": 5, "province": 63}
    assert predecessors == {"commune": 10035, "district": 5, "province": 63}
    assert len({row["to_code"] for row in across if row["to_level"] == "commune"}) == 3321
    assert len({source(row) for row in across if row["is_split"] == "true"}) == 441


def test_weights_of_a_predecessor_sum_to_one_with_one_default(successions: list[Row]) -> None:
    weights: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    defaults: Counter[tuple[str, str, str]] = Counter()
    for row in successions:
        weights[source(row)].append(Decimal(row["weight"]))
        defaults[source(row)] += row["is_default"] == "true"
    assert {key for key, found in weights.items() if sum(found) != 1} == set()
    assert set(defaults.values()) == {1}
    assert all(0 < weight <= 1 for found in weights.values() for weight in found)


def test_only_what_rests_on_a_share_is_estimated(successions: list[Row]) -> None:
    for row in successions:
        is_share = row["basis"].endswith("_share")
        assert (row["is_split"] == "true") == is_share
        assert (row["is_estimated"] == "true") == is_share
        assert (Decimal(row["weight"]) == 1) == (not is_share)


SPLIT = ("commune", "00001")
MEASURED = {"00001": ("members", {"10001": Decimal(200), "10002": Decimal(100)})}


def test_a_split_commune_is_shared_equally_or_by_a_measure() -> None:
    """Weights of three successors that no decimal can tell exactly sum to one all the same."""
    tool = derive_tool()
    assert tool.weigh(SPLIT, ["10001"], {}) == ("merged", [Decimal(1)])
    basis, weights = tool.weigh(SPLIT, ["10001", "10002", "10003"], {})
    assert (basis, sum(weights)) == ("equal_share", 1)
    basis, weights = tool.weigh(SPLIT, ["10001", "10002"], MEASURED)
    assert (basis, weights) == ("members_share", [Decimal("0.666666"), Decimal("0.333334")])


def test_a_measure_that_does_not_fit_the_split_is_refused() -> None:
    tool = derive_tool()
    with pytest.raises(ValueError, match="went to 10001, 10002, 10003"):
        tool.weigh(SPLIT, ["10001", "10002", "10003"], MEASURED)
    row = {"from_code": "00001", "to_code": "10001", "measure": "members", "amount": "5"}
    assert tool.split_measures([row]) == {"00001": ("members", {"10001": Decimal(5)})}
    for second in (row, row | {"to_code": "10002", "measure": "loans"}, row | {"to_code": "10002", "amount": "0"}):
        with pytest.raises(ValueError, match="does not go with"):
            tool.split_measures([row, second])


def test_everything_that_ended_went_somewhere(regions: list[Row], successions: list[Row]) -> None:
    known = {source(row) for row in successions}
    ended = [row for row in regions if row["valid_to"] and row["level"] in ("province", "commune")]
    assert [row for row in ended if (row["level"], row["region_code"], row["valid_from"]) not in known] == []


def test_successors_begin_the_day_after(regions: list[Row], successions: list[Row]) -> None:
    ends = {(row["level"], row["region_code"], row["valid_from"]): row["valid_to"] for row in regions}
    for row in successions:
        assert (row["to_level"], row["to_code"], row["to_valid_from"]) in ends
        assert date.fromisoformat(ends[source(row)]) + timedelta(1) == date.fromisoformat(row["to_valid_from"])


def test_today_is_at_most_two_links_away(successions: list[Row]) -> None:
    """Whoever restates to today's boundaries may rely on this instead of recursing."""
    onward = defaultdict(set)
    for row in successions:
        onward[source(row)].add((row["to_level"], row["to_code"], row["to_valid_from"]))
    second = {key for found in onward.values() for key in found if key in onward}
    assert second
    assert not {further for key in second for further in onward[key]} & set(onward)


def test_each_new_commune_lies_in_exactly_one_old_province(regions: list[Row], successions: list[Row]) -> None:
    province = {(row["level"], row["region_code"], row["valid_from"]): row["province_code"] for row in regions}
    heir = {
        row["from_code"]: row["to_code"]
        for row in successions
        if row["from_level"] == "province" and row["to_valid_from"] == REFORM
    }
    origins = defaultdict(set)
    for row in successions:
        if row["to_level"] == "commune" and row["to_valid_from"] == REFORM:
            old = province[source(row)]
            origins[row["to_code"]].add(old)
            assert heir[old] == province["commune", row["to_code"], REFORM]
    assert len(origins) == 3321
    assert {len(found) for found in origins.values()} == {1}


def test_the_district_of_the_photo_went_to_two_communes(regions: list[Row], successions: list[Row]) -> None:
    communes = {row["region_code"] for row in regions if row["parent_code"] == "200"}
    targets = {r["to_code"] for r in successions if r["from_level"] == "commune" and r["from_code"] in communes}
    assert communes
    assert targets == {"06895", "06913"}


def test_aliases_of_regions_resolve_and_are_not_ambiguous(regions: list[Row]) -> None:
    identities = {(row["level"], row["region_code"], row["valid_from"]): row for row in regions}
    meant = defaultdict(set)
    for row in read("region_alias"):
        key = row["level"], row["region_code"], row["region_valid_from"]
        assert key in identities
        meant[row["region_valid_from"], match_key(row["alias_vi"])].add(row["region_code"])
    assert {key: found for key, found in meant.items() if len(found) > 1} == {}
    assert {row["region_code"] for row in read("region_alias")} == {
        row["region_code"] for row in regions if row["level"] == "province"
    }


def test_tiles_are_the_provinces_of_today_and_the_two_archipelagos(regions: list[Row]) -> None:
    tiles = {row["tile_code"]: row["region_code"] for row in read("tile_grid")}
    today = {row["region_code"]: row["name_vi"] for row in regions if is_province_on(row, "2026-11-21")}
    assert {code for code in tiles if code in today} == set(today)
    assert {code: home for code, home in tiles.items() if code not in today} == {"48-HS": "48", "56-TS": "56"}
    assert [r for r in read("tile_grid") if r["tile_code"] in today and r["name_vi"] != today[r["tile_code"]]] == []


def test_nothing_follows_or_contains_itself(regions: list[Row], successions: list[Row]) -> None:
    """A successor always begins later and a parent always stands higher, so neither chain can close."""
    height = ["commune", "district", "province", "economic_region", "nation"].index
    assert [row for row in successions if row["to_valid_from"] <= row["from_valid_from"]] == []
    below = [row for row in regions if row["level"] != "nation"]
    assert [row for row in below if height(row["parent_level"]) <= height(row["level"])] == []


@pytest.mark.parametrize("on", ["2015-01-01", "2024-12-31", "2025-01-01", LAST_DAY_BEFORE, REFORM, "2026-04-30"])
def test_every_region_of_a_day_leads_up_to_the_nation(regions: list[Row], on: str) -> None:
    there = {(row["level"], row["region_code"]): row for row in regions if holds(row, on)}
    for row in there.values():
        levels = []
        while row["level"] != "nation":
            row = there[row["parent_level"], row["parent_code"]]
            levels.append(row["level"])
        assert levels[-3:] in (["province", "economic_region", "nation"], ["economic_region", "nation"], ["nation"], [])


def test_every_old_commune_counts_whole_in_one_province_of_today(regions: list[Row], successions: list[Row]) -> None:
    """Shares of a split commune never cross a provincial border, so provinces and the nation are exact."""
    province = {row["region_code"]: row["province_code"] for row in regions if row["valid_from"] == REFORM}
    reached = defaultdict(set)
    for row in successions:
        if row["from_level"] == "commune" and row["to_valid_from"] == REFORM:
            reached[row["from_code"]].add(province[row["to_code"]])
    assert len(reached) == 10035
    assert {len(found) for found in reached.values()} == {1}


def test_what_changed_in_april_2026_kept_its_code(regions: list[Row]) -> None:
    """Đồng Nai became a city and ten of its communes wards (DOMAIN B.1)."""
    kinds = {(row["region_code"], row["valid_from"]): row["kind"] for row in regions if row["level"] == "commune"}
    changed = {
        code: (kinds[code, REFORM], kind)
        for (code, since), kind in kinds.items()
        if since == "2026-04-30" and kind != kinds[code, REFORM]
    }
    wards = ("25270", "25357", "25363", "26116", "26170", "26248", "26326", "26368", "26425", "26485")
    assert changed == dict.fromkeys(wards, ("Xã", "Phường"))


# Branches ------------------------------------------------------------------------------------------------------


def test_counts_of_branches_on_a_day(branches: list[Row]) -> None:
    before = Counter(row["level"] for row in branches if holds(row, LAST_DAY_BEFORE))
    since = Counter(row["level"] for row in branches if holds(row, REFORM))
    assert before == {"central": 1, "province": 63, "district": 696, "commune": 10035, "unit": 2}
    assert since == {"central": 1, "province": 34, "commune": 3321, "unit": 2}


def test_branch_codes_have_the_form_of_their_level(branches: list[Row]) -> None:
    forms = {
        "central": r"TW",
        "province": r"P\d\d",
        "district": r"P\d\d-D\d{3}",
        "commune": r"P\d\d-\d{5}",
        "unit": r"P\d\d-X\d\d",
    }
    assert [row for row in branches if not re.fullmatch(forms[row["level"]], row["branch_code"])] == []


def test_each_branch_has_one_parent_for_all_its_days(branches: list[Row]) -> None:
    versions = defaultdict(list)
    for row in branches:
        versions[row["branch_code"]].append(row)
    for row in branches:
        if row["level"] == "central":
            continue
        parents = [p for p in versions[row["parent_branch_code"]] if holds(p, row["valid_from"])]
        assert len(parents) == 1, row
        assert (row["valid_to"] or "9999") <= (parents[0]["valid_to"] or "9999"), row


def test_a_branch_lives_as_long_as_its_region(branches: list[Row], regions: list[Row]) -> None:
    ends = {(row["level"], row["region_code"], row["valid_from"]): row["valid_to"] for row in regions}
    for row in branches:
        if row["region_code"]:
            key = row["region_level"], row["region_code"], row["region_valid_from"]
            assert (row["valid_from"], row["valid_to"]) == (row["region_valid_from"], ends[key])


def test_what_ended_was_merged_into_a_branch_of_the_next_day(branches: list[Row]) -> None:
    starts = {(row["branch_code"], row["valid_from"]) for row in branches}
    for row in branches:
        assert bool(row["valid_to"]) == bool(row["merged_into"]), row
        if row["valid_to"]:
            following = date.fromisoformat(row["valid_to"]) + timedelta(1)
            assert (row["merged_into"], following.isoformat()) in starts, row


# Periods -------------------------------------------------------------------------------------------------------


def test_periods_of_a_kind_follow_each_other_without_a_gap() -> None:
    kinds = defaultdict(list)
    for row in read("period"):
        if row["period_kind"] in ("month", "quarter", "year"):
            kinds[row["calendar"], row["period_kind"]].append(row)
    assert {key: len(rows) for key, rows in kinds.items()} == {
        (calendar, kind): 16 * count
        for calendar in ("union", "bank")
        for kind, count in (("month", 12), ("quarter", 4), ("year", 1))
    }
    for rows in kinds.values():
        for earlier, later in pairwise(rows):
            assert date.fromisoformat(earlier["end_date"]) + timedelta(1) == date.fromisoformat(later["start_date"])


@pytest.mark.parametrize(
    ("calendar", "code", "start", "end"),
    [
        ("union", "2024-01", "2023-12-15", "2024-01-14"),
        ("union", "2024-Q1", "2023-12-15", "2024-03-14"),
        ("union", "2024-6M", "2023-12-15", "2024-06-14"),
        ("union", "2024-9M", "2023-12-15", "2024-09-14"),
        ("union", "2024", "2023-12-15", "2024-12-14"),
        ("union", "T2021-2026-H1", "2021-10-01", "2024-03-31"),
        ("union", "T2021-2026-H2", "2024-04-01", "2026-09-30"),
        ("bank", "2024-02", "2024-02-01", "2024-02-29"),
        ("bank", "2024-Q4", "2024-10-01", "2024-12-31"),
        ("bank", "2030", "2030-01-01", "2030-12-31"),
    ],
)
def test_days_of_known_periods(calendar: str, code: str, start: str, end: str) -> None:
    found = [row for row in read("period") if (row["calendar"], row["period_code"]) == (calendar, code)]
    assert [(row["start_date"], row["end_date"]) for row in found] == [(start, end)]


def test_a_report_is_due_after_the_end_by_the_stated_days() -> None:
    days = {(row["calendar"], row["period_kind"]): int(row["due_days"]) for row in read("period_rule")}
    for row in read("period"):
        waited = date.fromisoformat(row["due_date"]) - date.fromisoformat(row["end_date"])
        assert waited.days == days[row["calendar"], row["period_kind"]]


# Programmes, indicators, targets -------------------------------------------------------------------------------

REPORTED = [
    # figure, programme, indicator, scenario, basis, unit: the 23 figures of the two source documents
    ("QN-01", "DA939", "WOMEN_STARTUP_SUPPORTED", "actual", "programme_to_date", "PERSON"),
    ("QN-02", "DA939", "MEMBERS_REACHED_STARTUP_AWARENESS_PCT", "actual", "as_of", "PERCENT"),
    ("QN-03", "DA939", "COOP_GROUPS_ESTABLISHED_SUPPORTED", "actual", "programme_to_date", "THT_HTX"),
    ("QN-04", "DA939", "TRAINING_CLASSES", "plan", "in_period", "CLASS"),
    ("TN-00", "NQ_TN_XIV", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM", "actual", "in_period", "HOUSEHOLD"),
    ("TN-01", "TINCHAP", "CREDIT_GUARANTEED_AMOUNT", "actual", "in_period", "VND"),
    ("TN-02", "TINCHAP", "LOAN_TURNS", "actual", "in_period", "TURN"),
    ("TN-03", "NQ_TN_XIV", "SAFE_PRODUCE_SHOPS_MAINTAINED", "actual", "as_of", "SHOP"),
    ("TN-04", "GIAMNGHEO", "POOR_NEARPOOR_HOUSEHOLDS_HELPED", "actual", "in_period", "HOUSEHOLD"),
    ("TN-05", "NQ_TN_XIV", "COOPERATIVES_NEW", "actual", "in_period", "HTX"),
    ("TN-06", "NQ_TN_XIV", "FEMALE_WORKERS_TRAINED", "actual", "in_period", "PERSON"),
    ("TN-07", "NQ_TN_XIV", "TRAINED_IN_JOB", "actual", "in_period", "PERSON"),
    ("TN-08", "GIAMNGHEO", "POOR_HOUSEHOLDS_ESCAPED", "actual", "in_period", "HOUSEHOLD"),
    ("TN-09", "GIAMNGHEO", "NEARPOOR_HOUSEHOLDS_ESCAPED", "actual", "in_period", "HOUSEHOLD"),
    ("TN-10", "GIAMNGHEO", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM", "actual", "in_period", "HOUSEHOLD"),
    ("TN-12", "MAIAM", "SHELTERS_BUILT_REPAIRED", "actual", "in_period", "HOUSE"),
    ("TN-13", "MAIAM", "SHELTER_FUND", "actual", "in_period", "VND"),
    ("TN-14", "MEDODAU", "ORPHANS_SPONSORED", "actual", "in_period", "CHILD"),
    ("TN-15", "MEDODAU", "SPONSORSHIP_FUND", "actual", "in_period", "VND"),
    ("TN-16", "NQ_TN_XIV", "RESOLUTION_TARGETS_TOTAL_PROV", "plan", "in_period", "TARGET"),
    ("TN-17", "NQ_TN_XIV", "RESOLUTION_TARGETS_EXCEEDED", "actual", "as_of", "TARGET"),
    ("TN-18", "NQ_TN_XIV", "RESOLUTION_TARGETS_MET", "actual", "as_of", "TARGET"),
    ("TN-19", "NQ_TW_XIII", "RESOLUTION_TARGETS_TOTAL_NATL", "plan", "in_period", "TARGET"),
]


@pytest.mark.parametrize(("figure", "programme", "indicator", "scenario", "basis", "unit"), REPORTED)
def test_each_reported_figure_is_accepted(
    figure: str, programme: str, indicator: str, scenario: str, basis: str, unit: str
) -> None:
    catalogue = load_catalogue(SEEDS)
    found = catalogue.indicator(indicator)
    assert found is not None, figure
    assert catalogue.programme(programme) is not None
    assert programme in catalogue.programme_codes_of(indicator)
    assert found.unit_code == unit
    assert found.accepts(scenario, basis)


def test_codes_in_lists_exist() -> None:
    indicators = {row["indicator_code"] for row in read("indicator")}
    for row in read("indicator"):
        assert set(filter(None, row["component_codes"].split("|"))) <= indicators


def test_measures_are_declared_in_full() -> None:
    units = {row["unit_code"]: row["kind"] for row in read("unit")}
    for row in read("indicator"):
        is_ratio = row["measure"] == "ratio"
        assert bool(row["numerator_code"] and row["denominator_code"]) == is_ratio, row["indicator_code"]
        assert (units[row["unit_code"]] == "percent") == is_ratio, row["indicator_code"]
        has_reasons = bool(row["undetermined_reason_vi"] and row["undetermined_reason_en"])
        assert has_reasons == (row["measure"] == "undetermined"), row["indicator_code"]
        assert set(row["bases"].split("|")) <= {"in_period", "year_to_date", "programme_to_date", "as_of"}


def test_a_part_is_counted_in_the_unit_of_its_whole() -> None:
    unit = {row["indicator_code"]: row["unit_code"] for row in read("indicator")}
    for row in read("indicator"):
        wholes = [row["parent_code"], *row["component_codes"].split("|")]
        assert [whole for whole in wholes if whole and unit[whole] != row["unit_code"]] == []
        if row["numerator_code"]:
            assert unit[row["numerator_code"]] == unit[row["denominator_code"]]


def test_undetermined_are_the_three_of_the_document() -> None:
    undetermined = {row["indicator_code"] for row in read("indicator") if row["measure"] == "undetermined"}
    assert undetermined == {"CREDIT_GUARANTEED_AMOUNT", "ORPHANS_SPONSORED", "SPONSORSHIP_FUND"}


def test_each_programme_that_runs_can_be_reported_on() -> None:
    catalogue = load_catalogue(SEEDS)
    reported = {code for indicator in catalogue.indicators for code in catalogue.programme_codes_of(indicator)}
    umbrellas = {"MTQG_DTTS", "MTQG_2026_2035"}
    assert set(catalogue.programmes) - reported == umbrellas


def test_targets_are_of_reportable_indicators_in_their_unit_and_basis() -> None:
    catalogue = load_catalogue(SEEDS)
    targets = read("target")
    assert {row["programme_code"] for row in targets} == {"DA939", "DA2415", "DA938", "DA01", "DA8", "NQ_TW_XIII"}
    for row in targets:
        indicator = catalogue.indicators[row["indicator_code"]]
        assert row["programme_code"] in catalogue.programme_codes_of(row["indicator_code"])
        assert row["unit_code"] == indicator.unit_code
        assert indicator.accepts("actual", row["basis"]), row["target_code"]
        assert catalogue.period(row["horizon_period_code"]) is not None
        assert catalogue.region(row["region_level"], row["region_code"], date.fromisoformat(row["horizon_start"]))


# Every figure that a decision or resolution sets, by the last year (or the term) of its horizon; in base units.
OFFICIAL_TARGETS = {
    ("DA939", "2025"): {
        "WOMEN_STARTUP_SUPPORTED": 20_000, "COOP_GROUPS_ESTABLISHED_SUPPORTED": 1_200,
        "WOMEN_FIRMS_NEW_ADVISED": 100_000, "MEMBERS_REACHED_STARTUP_AWARENESS_PCT": 70,
    },
    ("DA2415", "2030"): {
        "MEMBERS_REACHED_STARTUP_AWARENESS_PCT": 80, "FULLTIME_STAFF_TRAINED_STARTUP_PCT": 90,
        "WOMEN_BUSINESSES_ADVISED": 500_000, "WOMEN_OWNERS_TRAINED": 50_000, "WOMEN_BUSINESSES_CREDIT_ADVISED": 50_000,
        "HOUSEHOLD_BUSINESSES_CONVERTED": 12_500, "WOMEN_BUSINESSES_RESTRUCTURED": 5_000,
    },
    ("DA938", "2022"): {
        "PEOPLE_INFORMED_SOCIAL_ISSUES": 20_000_000, "STAFF_TRAINED_SOCIAL_ISSUES_PCT": 80,
        "WOMEN_AT_RISK_HELPED": 55_000,
    },
    ("DA938", "2027"): {
        "PEOPLE_INFORMED_SOCIAL_ISSUES": 30_000_000, "BEHAVIOUR_CHANGED_PCT": 60, "STAFF_TRAINED_SOCIAL_ISSUES_PCT": 95,
        "WOMEN_AT_RISK_HELPED": 80_000, "PEOPLE_SPEAKING_UP": 10_000_000,
    },
    ("DA01", "2025"): {
        "COOPERATIVES_STRENGTHENED": 750, "COOP_GROUPS_STRENGTHENED": 5_000, "JOBS_IN_COOPERATIVES": 15_000,
        "JOBS_IN_COOP_GROUPS": 40_000, "WOMEN_COOP_MANAGERS_TRAINED_PCT": 100,
    },
    ("DA01", "2030"): {
        "COOPERATIVES_STRENGTHENED": 1_500, "COOP_GROUPS_STRENGTHENED": 10_000, "JOBS_IN_COOPERATIVES": 30_000,
        "JOBS_IN_COOP_GROUPS": 100_000,
    },
    ("DA8", "2025"): {"COMMUNICATION_TEAMS": 9_000, "TRUSTED_ADDRESSES": 1_000, "CHANGE_LEADER_CLUBS": 1_800},
    **{
        ("NQ_TW_XIII", str(year)): {"HOUSEHOLDS_OUT_OF_POVERTY": 33_500, "WOMEN_MANAGERS_TRAINED": 17_000}
        for year in range(2022, 2027)
    },
    ("NQ_TW_XIII", "T2022-2027"): {
        "COOPERATIVES_NEW": 350, "VICTIMS_REACHING_SERVICE_PCT": 80, "FAMILIES_5_NO_3_CLEAN_NEW": 55_000,
    },
}  # fmt: skip


def test_the_nation_has_every_official_target_and_no_other() -> None:
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in read("target"):
        if row["region_level"] == "nation":
            found[row["programme_code"], row["horizon_period_code"]][row["indicator_code"]] = int(row["target_value"])
            assert row["comparator"] == "at_least"
            is_doubtful = row["programme_code"] == "DA8" or row["indicator_code"] == "WOMEN_MANAGERS_TRAINED"
            assert (row["is_confirmed"] == "false") == is_doubtful
    assert found == OFFICIAL_TARGETS


def test_a_province_has_targets_of_its_own() -> None:
    (row,) = (row for row in read("target") if row["region_level"] == "province")
    assert (row["region_code"], row["indicator_code"], row["target_value"]) == ("04", "COMMUNICATION_TEAMS", "625")


# Credit --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "key"),
    [
        ("credit_programme_rate", ("credit_programme", "variant")),
        ("credit_programme_ceiling", ("credit_programme", "ceiling_basis")),
        ("form_assignment", ("form", "level", "period_kind")),
    ],
)
def test_dated_rows_of_one_key_do_not_overlap(seed: str, key: tuple[str, ...]) -> None:
    versions = defaultdict(list)
    for row in read(seed):
        versions[tuple(row[column] for column in key)].append((row["valid_from"], row["valid_to"] or "9999"))
    for days in versions.values():
        for (_, end), (start, _) in pairwise(sorted(days)):
            assert end < start


def test_form_assignments_are_of_kinds_of_period_that_exist() -> None:
    kinds = {row["period_kind"] for row in read("period") if row["calendar"] == "union"}
    assert {row["period_kind"] for row in read("form_assignment")} <= kinds
