-- Provinces by one indicator in one month.
select region_name_vi, value, rank() over (order by value desc nulls last) as place
from published.report_rollup
where indicator_code = '{indicator}' and period_code = '2026-03' and region_level = 'province'
  and boundary = 'as_now' and scenario = 'actual'
order by place
