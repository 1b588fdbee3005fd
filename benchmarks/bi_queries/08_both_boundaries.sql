-- The same months of a province as reported and as now: where the series breaks.
select period_code, boundary, value
from published.report_rollup
where indicator_code = '{indicator}' and region_level = 'province' and region_code = '19'
  and period_kind = 'month' and scenario = 'actual'
order by start_date, boundary
