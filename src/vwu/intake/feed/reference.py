"""What of the catalogue a feed is held against, at its as-of date, as small tables beside the lines."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vwu.intake.feed.columns import COMMUNE_CODE_SYSTEMS
from vwu.intake.feed.rulebook import Condition, Search
from vwu.intake.feed.table import LINE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

OLD_SYSTEM, NEW_SYSTEM = COMMUNE_CODE_SYSTEMS
_LAST_DAY_OF_OLD_SYSTEM = date(2025, 6, 30)


def load_reference(engine: DuckDBPyConnection, catalogue: Catalogue, as_of: date) -> None:
    """Make the tables `commune`, `programme` and `rate` of codes that hold on a day; rates in per cent a year."""
    engine.execute("create table commune (commune_code varchar, commune_code_system varchar)")
    for system in COMMUNE_CODE_SYSTEMS:
        codes = sorted(catalogue.commune_codes(system))  # type: ignore[arg-type]  # the literals of CodeSystem
        engine.execute("insert into commune select unnest(?::varchar[]), ?", [codes, system])
    engine.execute("create table programme (credit_programme varchar, ceiling bigint)")
    engine.execute("create table rate (credit_programme varchar, annual_rate_pct decimal(9, 4))")
    for code, programme in catalogue.credit_programmes.items():
        if programme.valid_from > as_of or (programme.valid_to is not None and programme.valid_to < as_of):
            continue
        ceiling = catalogue.ceiling_at(code, as_of)
        engine.execute("insert into programme values (?, ?)", [code, None if ceiling is None else int(ceiling)])
        for rate in sorted(catalogue.rate_at(code, as_of)):
            engine.execute("insert into rate values (?, ?)", [code, rate])


def code_system_conditions(as_of: date) -> tuple[Condition, ...]:
    """Which code system is wrong on a day: the new one before 1 July 2025, the old one after (ARCHITECTURE D1)."""
    if as_of <= _LAST_DAY_OF_OLD_SYSTEM:
        rule_id, wrong, right = "FEED_CODE_SYSTEM_EARLY", NEW_SYSTEM, OLD_SYSTEM
    else:
        rule_id, wrong, right = "FEED_CODE_SYSTEM_OLD", OLD_SYSTEM, NEW_SYSTEM
    fault = f"commune_code_system = '{wrong}'"
    return (Condition(rule_id, "commune_code_system", fault, "commune_code_system", f"'{right}'"),)


COMMUNE_UNKNOWN = Search(
    "FEED_COMMUNE_UNKNOWN",
    "commune_code",
    f"""with unknown as (
            select distinct commune_code, commune_code_system from line
            anti join commune using (commune_code, commune_code_system)
        )
        select {LINE}, commune_code, null from line semi join unknown using (commune_code, commune_code_system)""",
)

PROGRAMME_UNKNOWN = Search(
    "FEED_PROGRAMME_UNKNOWN",
    "credit_programme",
    f"select {LINE}, credit_programme, null from line anti join programme using (credit_programme)",
)
