"""What the branches of a nation have to report: some thirty indicators of every measure, consistent with each other.

Each commune has a figure for each month, drawn from its number; a branch's figure is the sum over its communes, so that
every level adds up, before and after the reform. Flows add over the months; of distinct people six in ten of those who
come in a later month are new. Parts never exceed their wholes. Lending is what the banks' feeds say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from vwu.generate.draws import draw, part
from vwu.generate.portfolio import month_number

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Monthly figures of one commune: SQL over `place`, `month` and the drawn words; later ones may use earlier ones.
_MONTHLY: Mapping[str, str] = MappingProxyType(
    {
        "admitted": part("word_1", 0, 6),
        "startups": f"if({part('word_1', 16, 4)} = 0, 1 + {part('word_1', 32, 3)}, 0)",
        "startup_capital": f"startups * 1000000 * (10 + {part('word_1', 48, 40)})",
        "coop_groups": f"if({part('word_2', 0, 150)} = 0, 1, 0)",
        "classes": f"if({part('word_2', 16, 8)} = 0, 1, 0)",
        "cooperatives": f"if({part('word_2', 32, 300)} = 0, 1, 0)",
        "trained": f"if({part('word_2', 48, 6)} = 0, 15 + {part('word_3', 0, 20)}, 0)",
        "in_job": f"trained * (40 + {part('word_3', 16, 45)}) // 100",
        "helped": part("word_3", 32, 12),
        "poor_escaped": f"least(helped // 3, {part('word_3', 48, 4)})",
        "nearpoor_escaped": f"least(helped // 3, {part('word_4', 0, 3)})",
        "out_of_poverty": "poor_escaped + nearpoor_escaped",
        "shelters": f"if({part('word_4', 16, 25)} = 0, 1, 0)",
        "shelter_fund": f"shelters * 1000000 * (40 + {part('word_4', 32, 60)})",
        "gifts": part("word_4", 48, 25),
        "victims": f"if({part('word_5', 0, 40)} = 0, 1 + {part('word_5', 16, 2)}, 0)",
        "victims_served": f"if({part('word_5', 32, 4)} = 0, greatest(victims - 1, 0), victims)",
        "at_risk": part("word_5", 48, 5),
        "informed": f"30 + {part('word_6', 0, 250)}",
        "changed": f"informed * (35 + {part('word_6', 16, 50)}) // 100",
    }
)
_DISTINCT = ("helped", "informed", "changed")
_PROGRAMME_TO_DATE = ("startups", "coop_groups", "startup_capital")
_STOCKS: Mapping[str, str] = MappingProxyType(
    {
        "women": f"800 + {part('place_word', 0, 3200)} + month // 3",
        "members": f"women * (52 + {part('place_word', 16, 35)}) // 100",
        "staff": f"3 + {part('place_word', 32, 5)}",
        "fulltime_staff": f"1 + {part('place_word', 48, 2)}",
        "teams": f"{part('place_word', 32, 3)} + {part('place_word', 48, 2)} * (month // 12) // 8",
    }
)


@dataclass(frozen=True, slots=True)
class Series:
    """One indicator and where its figures come from: `figure` names a column of `place_figure` without its prefix.

    Of `programmes` the one in force at the period's end is reported under. A ratio has a `base` beside its figure.
    `bases` are those that are reported, of those that the indicator accepts.
    """

    indicator_code: str
    programmes: tuple[str, ...]
    figure: str
    bases: tuple[str, ...] = ("in_period", "year_to_date")
    base: str = ""


_TO_DATE = ("in_period", "year_to_date", "programme_to_date")
_STARTUP, _RESOLUTION = ("DA939", "DA2415"), ("NQ_TW_XIII",)
SERIES = (
    Series("WOMEN_STARTUP_SUPPORTED", _STARTUP, "startups", _TO_DATE),
    Series("COOP_GROUPS_ESTABLISHED_SUPPORTED", _STARTUP, "coop_groups", _TO_DATE),
    Series("STARTUP_CAPITAL_CONNECTED", _STARTUP, "startup_capital", _TO_DATE),
    Series("TRAINING_CLASSES", ("DA938",), "classes"),
    Series("PEOPLE_INFORMED_SOCIAL_ISSUES", ("DA938",), "informed"),
    Series("BEHAVIOUR_CHANGED", ("DA938",), "changed"),
    Series("BEHAVIOUR_CHANGED_PCT", ("DA938",), "changed", base="informed"),
    Series("WOMEN_AT_RISK_HELPED", ("DA938",), "at_risk"),
    Series("COMMUNICATION_TEAMS", ("DA8",), "teams", ("as_of",)),
    Series("SHELTERS_BUILT_REPAIRED", ("MAIAM",), "shelters"),
    Series("SHELTER_FUND", ("MAIAM",), "shelter_fund"),
    Series("GIFTS_GIVEN", ("TRIEUQUA",), "gifts"),
    Series("COOPERATIVES_NEW", _RESOLUTION, "cooperatives"),
    Series("FEMALE_WORKERS_TRAINED", _RESOLUTION, "trained"),
    Series("TRAINED_IN_JOB", _RESOLUTION, "in_job"),
    Series("HOUSEHOLDS_OUT_OF_POVERTY", _RESOLUTION, "out_of_poverty"),
    Series("VICTIMS_DETECTED", _RESOLUTION, "victims"),
    Series("VICTIMS_REACHING_SERVICE", _RESOLUTION, "victims_served"),
    Series("VICTIMS_REACHING_SERVICE_PCT", _RESOLUTION, "victims_served", base="victims"),
    Series("POOR_NEARPOOR_HOUSEHOLDS_HELPED", ("GIAMNGHEO",), "helped"),
    Series("POOR_HOUSEHOLDS_ESCAPED", ("GIAMNGHEO",), "poor_escaped"),
    Series("NEARPOOR_HOUSEHOLDS_ESCAPED", ("GIAMNGHEO",), "nearpoor_escaped"),
    Series("LOAN_TURNS", ("TINCHAP",), "turns"),
    Series("MEMBERS_TOTAL", ("ALL",), "members", ("as_of",)),
    Series("WOMEN_18_PLUS", ("ALL",), "women", ("as_of",)),
    Series("MEMBERSHIP_RATE_PCT", ("ALL",), "members", ("as_of",), base="women"),
    Series("MEMBERS_ADMITTED", ("ALL",), "admitted"),
    Series("STAFF_TOTAL", ("ALL",), "staff", ("as_of",)),
    Series("FULLTIME_STAFF_TOTAL", ("ALL",), "fulltime_staff", ("as_of",)),
)
# What no roll-up takes until the branch says which it is; the check warns of it, so that a clean nation has none.
UNDETERMINED_SERIES = (
    Series("CREDIT_GUARANTEED_AMOUNT", ("TINCHAP",), "lent", ("in_period",)),
    Series("CREDIT_GUARANTEED_AMOUNT", ("TINCHAP",), "closing_balance", ("as_of",)),
)

# Which prefix of a column holds a basis, in reports on a month and on the year so far (six months, the year).
MONTH_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"in_period": "month", "year_to_date": "year", "programme_to_date": "programme", "as_of": "stock"}
)
YEAR_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"in_period": "year", "programme_to_date": "programme", "as_of": "stock"}
)


def make_figures(engine: DuckDBPyConnection, seed: int, month_end: date, programme_start: date) -> None:
    """The table `place_figure`: one row a commune with every figure at one month end.

    Columns are `month_…`, `year_…` (since January), `programme_…` (since `programme_start`) and `stock_…`. Needs
    `place_credit` filled from January of that year on.
    """
    month, january = month_number(month_end), month_number(month_end.replace(month=1))
    engine.execute(
        f"""create or replace table place_figure as
        with monthly as ({_monthly(seed, _MONTHLY, january, month)}),
        year as (
            select place, {", ".join(_over_the_year(name, month) for name in _MONTHLY)} from monthly group by place
        ),
        since as ({_monthly(seed, _needed(_PROGRAMME_TO_DATE), month_number(programme_start), month)}),
        programme as (
            select place, {", ".join(f"sum({name}) as programme_{name}" for name in _PROGRAMME_TO_DATE)}
            from since group by place
        ),
        stock as (
            select place, {", ".join(f"{name} as stock_{name}" for name in _STOCKS)}
            from (
                select place, {month} as month, {draw(seed, "place", "place")} as place_word,
                    {", ".join(f"{sql} as {name}" for name, sql in _STOCKS.items())}
                from place
            )
        ),
        credit as (
            select place, sum(turns) as year_turns, {_at(month_end, "turns", "month_turns")},
                {_at(month_end, "lent", "month_lent")}, {_at(month_end, "closing_balance", "stock_closing_balance")}
            from place_credit
            where month_end between date '{month_end.year}-01-01' and date '{month_end}' group by place
        )
        select year.*, programme.* exclude (place), stock.* exclude (place),
            coalesce(year_turns, 0) as year_turns, coalesce(month_turns, 0) as month_turns,
            coalesce(month_lent, 0) as month_lent, coalesce(stock_closing_balance, 0) as stock_closing_balance
        from year
        inner join programme using (place)
        inner join stock using (place)
        left join credit using (place)"""
    )


def _monthly(seed: int, figures: Mapping[str, str], first: int, last: int) -> str:
    words = ", ".join(
        f"{draw(seed, f'month {number}', 'place * 4096 + month')} as word_{number}" for number in range(1, 7)
    )
    return f"""select place, month, {", ".join(f"{sql} as {name}" for name, sql in figures.items())}
        from (select place, month, {words} from place, range({first}, {last + 1}) as months (month))"""


def _needed(names: tuple[str, ...]) -> Mapping[str, str]:
    return {name: _MONTHLY[name] for name in ("startups", *names)}


def _over_the_year(name: str, month: int) -> str:
    """A figure of the month and of the year so far; distinct ones are at least the largest month, at most the sum."""
    whole = f"max({name}) + (sum({name}) - max({name})) * 6 // 10" if name in _DISTINCT else f"sum({name})"
    return f"sum({name}) filter (where month = {month}) as month_{name}, {whole} as year_{name}"


def _at(month_end: date, column: str, name: str) -> str:
    return f"sum({column}) filter (where month_end = date '{month_end}') as {name}"
