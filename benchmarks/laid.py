"""Reports of branches laid in `raw` by SQL, as if they had landed: one receipt in force for each branch and month.

The figures are made up; branches, periods and indicators are the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

TOLD = """create temporary table told as
    select branch.branch_code, period.period_code,
        left(md5(branch.branch_code || '|' || period.period_code), 16) as receipt_id,
        'submission|' || branch.branch_code || '|' || period.period_code || '|BM01' as scope_key
    {}"""
LAND = (
    """insert into intake.receipt (receipt_id, sha256, kind, file_name, size_bytes, state, received_by, received_at)
       select receipt_id, md5(receipt_id) || md5(receipt_id), 'submission', scope_key, 1, 'landed', 'benchmark',
           period.end_date from told inner join seeds.period using (period_code) where period.calendar = 'union'""",
    """insert into intake.scope (scope_key, kind, branch_code, period_code, form, receipt_id, precedence)
       select scope_key, 'submission', branch_code, period_code, 'BM01', receipt_id, 0 from told""",
    "insert into intake.receipt_scope (receipt_id, scope_key, precedence) select receipt_id, scope_key, 0 from told",
    """insert into raw.submission_value (receipt_id, line_no, scope_key, branch_code, period_code, form, form_version,
           programme_code, indicator_code, scenario, basis, value, lower_bound, upper_bound, qualifier, value_state,
           unit_code, position, raw_text)
       select told.receipt_id, line.line_no, told.scope_key, told.branch_code, told.period_code, 'BM01', '1',
           line.programme_code, line.indicator_code, 'actual', line.basis, amount.value, amount.value, amount.value,
           'exact', 'reported', line.unit_code, 'BaoCao!G' || 12 + line.line_no, amount.value::text
       from told
       cross join jsonb_to_recordset(%(lines)s) as line
           (line_no integer, programme_code text, indicator_code text, basis text, unit_code text)
       cross join lateral (
           select (100 + abs(hashtext(told.branch_code || line.line_no)) %% 800
               + abs(hashtext(told.scope_key || line.line_no)) %% 97)::numeric as value
       ) as amount""",
)


def lay_reports(
    admin: psycopg.Connection, who_and_when: str, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> None:
    """Lay each of `lines` (line_no, programme_code, indicator_code, basis, unit_code) for each branch and period.

    `who_and_when`: the `from` and `where` over `seeds.branch as branch` and `seeds.period as period`, with `values`.
    """
    admin.execute(TOLD.format(who_and_when).encode(), values)
    for statement in LAND:
        admin.execute(statement.encode(), {"lines": json.dumps(lines)})
