-- What a dashboard asks at once: every indicator of every province in one quarter, both boundaries.
select region_name_vi, indicator_code, boundary, value, coverage_pct
from published.report_rollup
where period_code = '2025-Q4' and region_level = 'province' and scenario = 'actual'
order by region_name_vi, indicator_code, boundary
