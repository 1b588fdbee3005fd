-- Provinces by one indicator in a year of before the reform, in the boundaries of that time.
select region_name_vi, value, coverage_pct
from published.report_rollup
where indicator_code = '{indicator}' and period_code = '2023' and region_level = 'province'
  and boundary = 'as_reported' and scenario = 'actual'
order by value desc
