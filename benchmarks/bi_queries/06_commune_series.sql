-- One commune of today, month by month, back to before it was made.
select period_code, value, is_estimated
from published.report_rollup
where indicator_code = '{indicator}' and region_level = 'commune' and region_code = '06895'
  and boundary = 'as_now' and period_kind = 'month' and scenario = 'actual'
order by start_date
