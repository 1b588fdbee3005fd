-- All communes of a province in one month.
select region_code, region_name_vi, value, is_estimated
from published.report_rollup
where indicator_code = '{indicator}' and period_code = '2026-03' and region_level = 'commune'
  and province_code = '19' and boundary = 'as_now' and scenario = 'actual'
order by region_code
