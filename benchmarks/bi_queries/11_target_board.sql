-- Every target and what was attained.
select programme_code, indicator_code, region_name_vi, horizon_end, target_value, actual_value, attained_pct, outcome
from published.report_target
order by programme_code, indicator_code, horizon_end
