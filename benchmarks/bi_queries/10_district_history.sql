-- A district, month by month, while there were districts.
select period_code, value
from published.report_rollup
where indicator_code = '{indicator}' and region_level = 'district' and region_code = '200'
  and boundary = 'as_reported' and period_kind = 'month' and scenario = 'actual'
order by start_date
