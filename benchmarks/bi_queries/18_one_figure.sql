-- One published figure, with the cell that it came from.
select value, qualifier, value_state, receipt_id, position, raw_text
from published.report_indicator
where programme_code = '{programme}' and indicator_code = '{indicator}' and branch_code = 'P19-05443'
  and period_code = '2026-03'
