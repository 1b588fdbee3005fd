-- The targets of one programme that were not reached.
select indicator_name_vi, target_value, actual_value, outcome, as_of_period
from published.report_target
where programme_code = 'DA939' and outcome in ('missed', 'behind', 'not_assessable')
order by indicator_code
