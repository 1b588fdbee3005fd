"""What one changed value costs the build, against building everything, at national size (SCALE P2, P4).

    .venv/bin/python benchmarks/rollup_change.py --indicators 2 --months 60

lays, in a throw-away PostgreSQL, a whole nation's monthly figures in `raw` (every commune of its time, made up;
regions, branches, periods and indicators are the real ones), builds everything, sends one commune's month again with
one figure changed, and builds again; then once more with nothing changed. Prints seconds of the three, of which for the
roll-up, and the rows that the roll-up made.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psycopg
from laid import lay_reports
from psycopg.rows import dict_row
from throwaway import warehouse

from vwu.build import BuildResult, build
from vwu.database import connect
from vwu.settings import Settings
from vwu.stack.server import admin_url, warehouse_name

LAST = "2026-06-30"
CHANGED = {"branch": "P22-06895", "period": "2026-05", "receipt": "c0ffee0000000000"}

# Every commune of its time, each month.
COMMUNES = """
from seeds.branch as branch
inner join seeds.period as period
    on branch.valid_from <= period.end_date and coalesce(branch.valid_to, 'infinity') >= period.end_date
where branch.level = 'commune' and period.calendar = 'union' and period.period_kind = 'month'
    and period.end_date <= %(last)s::date
    and period.start_date > %(last)s::date - make_interval(months => %(months)s + 1)
"""
LINES = """
select row_number() over (order by indicator_code)::integer as line_no, programme_code, indicator_code,
    'in_period' as basis, unit_code
from seeds.indicator where measure = 'flow' order by indicator_code limit %s
"""
# The same file once more under another receipt, one figure higher by one.
CHANGE = (
    """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by)
       values (%(receipt)s, md5('changed') || md5('changed'), 'submission', 'changed', 1, 'landed', 'benchmark')""",
    """insert into raw.submission_value
       select (jsonb_populate_record(said, jsonb_build_object(
           'receipt_id', %(receipt)s::text, 'value', said.value + (said.line_no = 1)::integer,
           'lower_bound', said.value + (said.line_no = 1)::integer,
           'upper_bound', said.value + (said.line_no = 1)::integer))).*
       from raw.submission_value as said inner join intake.scope using (receipt_id)
       where scope.branch_code = %(branch)s and scope.period_code = %(period)s""",
    """update intake.scope set receipt_id = %(receipt)s where branch_code = %(branch)s and period_code = %(period)s""",
)
WORK = """
select
    coalesce(sum(seconds) filter (where node_id ~ 'int_(value|rollup|children)|fct_indicator_rollup$'), 0) as rollup_s,
    coalesce(sum(rows_affected) filter (where node_id ~ 'fct_indicator_rollup$'), 0) as rollup_rows
from quality.dbt_result where build_id = %s and resource_type = 'model'
"""


def main() -> None:
    options = _options()
    sizes = {"months": options.months, "indicators": options.indicators}
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as folder, warehouse(Path(folder)) as settings:
        _built(settings, "empty")
        values = _lay(settings, sizes)
        print(
            f"PostgreSQL 18, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; "
            f"{values:,} values of communes, {options.indicators} indicators, {options.months} months"
        )
        whole = _built(settings, "everything", full_refresh=True)
        _run(settings, CHANGE, CHANGED)
        change = _built(settings, "one value changed")
        nothing = _built(settings, "nothing changed")
        print(f"everything / one value: {whole['seconds'] / change['seconds']:.1f} x of the build, "
              f"{whole['rollup_s'] / max(change['rollup_s'], 0.001):.1f} x of the roll-up")  # fmt: skip
        print(json.dumps({"everything": whole, "one value": change, "nothing": nothing}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--indicators", type=int, default=2, help="that every commune reports every month")
    parser.add_argument("--months", type=int, default=60)
    return parser.parse_args()


def _lay(settings: Settings, sizes: dict[str, int]) -> int:
    """Returns how many values were laid."""
    with psycopg.connect(admin_url(settings, warehouse_name(settings)), autocommit=True) as admin:
        lines = admin.cursor(row_factory=dict_row).execute(LINES.encode(), [sizes["indicators"]]).fetchall()
        lay_reports(admin, COMMUNES, {"last": LAST, "months": sizes["months"]}, lines)
        admin.execute("vacuum analyze")
        row = admin.execute("select count(*) from raw.submission_value").fetchone()
    assert row is not None
    assert row[0], "nothing was laid: this measures nothing"
    return int(row[0])


def _run(settings: Settings, statements: tuple[str, ...], values: Mapping[str, object]) -> None:
    with psycopg.connect(admin_url(settings, warehouse_name(settings))) as admin:
        for statement in statements:
            admin.execute(statement.encode(), values)


def _built(settings: Settings, what: str, full_refresh: bool = False) -> dict[str, float]:
    result: BuildResult = build(settings, full_refresh)
    assert result.ok, result.failures
    with connect(settings, "builder") as connection:
        row = connection.execute(WORK, [result.build_id]).fetchone()
    assert row is not None
    found = {"seconds": round(result.seconds, 1), "rollup_s": round(row[0], 1), "rollup_rows": int(row[1])}
    print(f"{what:<20}{found['seconds']:>9.1f} s, of it roll-up{found['rollup_s']:>9.1f} s, "
          f"{found['rollup_rows']:>12,} rows rolled up", flush=True)  # fmt: skip
    return found


if __name__ == "__main__":
    main()
