-- Everything that one branch reported for one month.
select indicator_code, scenario, basis, value, qualifier, unit_code, findings
from published.report_indicator
where branch_code = 'P19-05443' and period_code = '2026-03'
order by indicator_code
