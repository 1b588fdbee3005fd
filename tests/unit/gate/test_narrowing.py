"""What a check need not see again, and everything that makes it look at all again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vwu.gate.narrowing import Judged, checked_with, narrow
from vwu.gate.suites import Check, Suite
from vwu.publish.models import PublishedModel
from vwu.publish.parts import Part
from vwu.settings import load_settings


def model(name: str, *part_by: str, relation: str = "") -> PublishedModel:
    return PublishedModel(name, "marts", relation or name, part_by)


MODELS = (
    model("dim_region"),
    model("fct_rollup", "period_key"),
    model("fct_value", "period_key"),
    model("fct_submission", "branch_key"),
    model("fct_credit", "period_key", relation="protected_credit"),
)
IN_FORCE = frozenset(
    Part(name, key, f"{name} {key}", 3)
    for name, keys in {"dim_region": ["all"], "fct_rollup": "123", "fct_value": "123", "fct_submission": "7",
                       "fct_credit": "12"}.items()
    for key in keys
)  # fmt: skip


def candidate(*changes: tuple[str, str]) -> dict[str, list[Part]]:
    """What is in force, with other rows in these parts."""
    parts: dict[str, list[Part]] = {each.name: [] for each in MODELS}
    for part in IN_FORCE:
        other = (part.table_name, part.part_key) in changes
        parts[part.table_name].append(replace(part, content_hash="other") if other else part)
    for name, key in set(changes) - {(part.table_name, part.part_key) for part in IN_FORCE}:
        parts[name].append(Part(name, key, "new", 3))
    return parts


def check(query: str, table: str = "fct_rollup", judges: str | None = "part") -> Check:
    meta = {"judges": judges} if judges else {}
    kwargs = {"unexpected_rows_query": query}
    return Check("RULE", table, "validity", "error", "warehouse", "vi", "en", {"kwargs": kwargs, "meta": meta})


BOUNDS = "with candidate as (select * from {batch}) select * from candidate where value < 0"
PLACES = f"{BOUNDS} and region_key not in (select region_key from marts.dim_region)"
VALUES = f"{BOUNDS} and period_key in (select period_key from marts.fct_value)"


def seen(query: str, parts: dict[str, list[Part]], judged: Judged | None = None, **more: Any) -> str:
    asked = check(query, **more)
    in_force = Judged(1, IN_FORCE) if judged is None else judged
    (narrowed,) = narrow(Suite(asked.table_name, (asked,)), MODELS, parts.__getitem__, in_force).checks
    return narrowed.query or ""


def some(*keys: int) -> Callable[[str], bool]:
    return lambda query: f"{{batch}} where period_key = any(array{list(keys)}::bigint[])) as part" in query


def everything(query: str) -> bool:
    return "any(array[" not in query


@pytest.mark.parametrize(
    ("query", "changes", "sees"),
    [
        (BOUNDS, [], some()),
        (BOUNDS, [("fct_rollup", "2")], some(2)),
        (BOUNDS, [("fct_rollup", "4"), ("fct_rollup", "1")], some(1, 4)),
        (BOUNDS, [("fct_value", "2"), ("dim_region", "all")], some()),  # it reads neither
        (PLACES, [("fct_rollup", "3")], some(3)),
        (PLACES, [("fct_rollup", "3"), ("dim_region", "all")], everything),
        (PLACES, [("dim_region", "new")], everything),
        (VALUES, [("fct_value", "2"), ("fct_rollup", "3")], some(2, 3)),  # the same month of either
        (BOUNDS.replace("< 0", "< (select 1 from marts.fct_submission)"), [], everything),  # cut by something else
        (BOUNDS.replace("< 0", "< (select 1 from marts.protected_credit)"), [("fct_credit", "2")], some(2)),
        (
            BOUNDS.replace("< 0", "< (select 1 from marts.fct_credit)"),
            [],
            everything,
        ),  # the truth, which is in no release
    ],
)
def test_a_check_sees_what_changed(query: str, changes: list[tuple[str, str]], sees: Callable[[str], bool]) -> None:
    found = seen(query, candidate(*changes))
    assert sees(found), found


def test_a_part_that_went_with_what_it_rests_on_is_seen() -> None:
    parts = candidate()
    parts["fct_value"] = [part for part in parts["fct_value"] if part.part_key != "1"]
    assert some(1)(seen(VALUES, parts))
    parts["dim_region"] = []
    assert everything(seen(PLACES, parts))


def test_nothing_is_taken_for_judged_without_a_release_that_these_checks_let_through() -> None:
    assert everything(seen(BOUNDS, candidate(), judged=Judged()))
    assert everything(seen(BOUNDS, candidate(), judges=None))
    assert everything(seen(BOUNDS, candidate(), table="fct_credit"))  # not published: nothing is known of its parts
    assert everything(seen(BOUNDS, candidate(), table="dim_region"))


def test_another_limit_or_suite_is_another_check(tmp_path: Path) -> None:
    settings = load_settings({"VWU_HOME": str(tmp_path)})
    suites = tmp_path / "expectations"
    suites.mkdir()
    (suites / "fct_rollup.yml").write_text("name: fct_rollup\n")
    asked = checked_with(settings, suites)
    assert asked == checked_with(replace(settings, max_held_days=settings.max_held_days), suites)
    others = [
        checked_with(replace(settings, small_cell=10), suites),
        checked_with(replace(settings, dominance_pct=20), suites),
        checked_with(replace(settings, code_version="0.2.0"), suites),
    ]
    (suites / "fct_rollup.yml").write_text("name: fct_rollup\n# looser\n")
    assert len({asked, *others, checked_with(settings, suites)}) == 5
