"""`sdmx_rollup.csv`: the roll-up of a period as SDMX-CSV 2.0, with the standard's observation and secrecy codes.

OBS_STATUS is of the code list CL_OBS_STATUS: A normal, P provisional (no vintage names these figures yet), E estimated
(rests on a shared-out commune), L a bound only (as reported: `trên`, `dưới`), M cannot exist (the roll-up is not
defined, COMMENT says why). CONF_STATUS is F (free): what is about so few people that it must not be told is not in it.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.html import whole_file

if TYPE_CHECKING:
    import psycopg

    from vwu.rollup import Rollup

STRUCTURE_ID = "VWU:INDICATOR_ROLLUP(1.0.0)"


def time_period(start: date, end: date) -> str:
    """A reporting period as SDMX's time range, first day and length: the Union's January 2024 is `2023-12-15/P1M`."""
    after = end + timedelta(days=1)
    months = (after.year - start.year) * 12 + after.month - start.month
    if after.day == start.day and months > 0:
        return f"{start}/P{months}M"
    return f"{start}/P{(after - start).days}D"


def write_sdmx(connection: psycopg.Connection, rollup: Rollup, path: Path) -> Path:
    """Every figure of the period, all levels and boundaries, in a fixed order. `connection` is the roll-up's own."""
    from psycopg import sql

    query = sql.SQL(_OBSERVATIONS).format(
        structure=sql.Literal(STRUCTURE_ID),
        usual=sql.Literal("P" if rollup.status == "provisional" else "A"),
        period=sql.Literal(rollup.period.period_code),
        time=sql.Literal(time_period(rollup.period.start_date, rollup.period.end_date)),
    )
    with whole_file(path) as file, connection.cursor() as cursor, cursor.copy(query) as copied:
        for block in copied:
            file.write(block)
    return path


_OBSERVATIONS = """
copy (
    select
        'dataflow' as "STRUCTURE", {structure} as "STRUCTURE_ID", 'R' as "ACTION",
        programme.programme_code as "PROGRAMME", indicator.indicator_code as "INDICATOR",
        region.level as "REF_LEVEL", region.region_code as "REF_AREA", region.valid_from as "REF_AREA_SINCE",
        rollup.boundary as "BOUNDARY", rollup.scenario as "SCENARIO", rollup.basis as "BASIS", {time} as "TIME_PERIOD",
        rollup.value as "OBS_VALUE",
        case
            when rollup.blocked_reason is not null then 'M'
            when rollup.is_estimated then 'E'
            when rollup.lower_bound is distinct from rollup.upper_bound then 'L'
            else {usual}
        end as "OBS_STATUS",
        'F' as "CONF_STATUS", indicator.unit_code as "UNIT_MEASURE", rollup.lower_bound as "LOWER_BOUND",
        rollup.upper_bound as "UPPER_BOUND", rollup.coverage_pct as "COVERAGE_PCT",
        rollup.data_to_date as "DATA_TO_DATE", rollup.blocked_reason as "COMMENT"
    from published.fct_indicator_rollup as rollup
    inner join published.dim_period as period on rollup.period_key = period.period_key
    inner join published.dim_region as region on rollup.region_key = region.region_key
    inner join published.dim_programme as programme on rollup.programme_key = programme.programme_key
    inner join published.dim_indicator as indicator on rollup.indicator_key = indicator.indicator_key
    where period.period_code = {period} and period.calendar = 'union'
    order by 7, 8, 4, 5, 6, 9, 10, 11
) to stdout (format csv, header)
"""
