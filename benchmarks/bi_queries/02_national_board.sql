-- Every indicator of the nation in one quarter: the first page of a roll-up.
select programme_code, indicator_code, basis, value, lower_bound, upper_bound, coverage_pct, blocked_reason_vi
from published.report_rollup
where period_code = '2025-Q3' and region_level = 'nation' and boundary = 'as_now' and scenario = 'actual'
order by programme_code, indicator_code
