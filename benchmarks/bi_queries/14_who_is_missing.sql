-- Who of a province has not reported a month.
select branch_code, branch_name_vi, due_date
from published.report_submission
where period_code = '2026-03' and province_code = '19' and is_expected and receipt_id is null
order by branch_code
