-- One indicator of the nation, month by month, in today's boundaries.
select period_code, value, coverage_pct, level_used
from published.report_rollup
where indicator_code = '{indicator}' and region_level = 'nation' and boundary = 'as_now'
  and period_kind = 'month' and scenario = 'actual'
order by start_date
