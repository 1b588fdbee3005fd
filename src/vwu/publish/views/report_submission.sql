create or replace view published.report_submission as
select
    submission.form,
    branch.branch_code,
    branch.name_vi as branch_name_vi,
    branch.level as branch_level,
    region.region_code,
    region.name_vi as region_name_vi,
    region.province_code,
    period.period_code,
    period.period_kind,
    submission.state,
    submission.is_expected,
    submission.due_date,
    submission.received_at,
    submission.days_late,
    submission.receipt_id,
    submission.release_id,
    submission.file_name,
    submission.held_receipt_id,
    submission.held_since,
    submission.excused_until,
    submission.excuse_reason,
    submission.excuse_approved_by
from published.fct_submission as submission
inner join published.dim_branch as branch on branch.branch_key = submission.branch_key
inner join published.dim_period as period on period.period_key = submission.period_key
left join published.dim_region as region on region.region_key = branch.region_key;
comment on view published.report_submission is
'Who reported what, when, and who is missing, with every code and name · Tình hình nộp báo cáo';
