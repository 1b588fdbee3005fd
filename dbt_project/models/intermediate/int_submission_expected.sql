-- grain: one row per form, branch code and period that is owed
-- Owed: by the form's assignment, from the first period that any branch of that level
-- reported (collecting begins there) to the last one that had ended when the newest
-- file came. No clock: the same files give the same rows.
with

newest as (
    select max(received_date) as received_date
    from {{ ref('stg_receipt') }}
),

reported as (
    select
        scope.form,
        branch.level,
        period.period_code,
        period.period_kind,
        period.end_date
    from {{ ref('stg_scope') }} as scope
    inner join {{ ref('int_period') }} as period
        on scope.period_code = period.period_code and period.calendar = 'union'
    inner join {{ ref('int_branch') }} as branch
        on
            scope.branch_code = branch.branch_code
            and {{ is_valid_on('branch', 'period.end_date') }}
    where scope.kind = 'submission'
),

begun as (
    select
        reported.form,
        reported.level,
        min(reported.end_date) as first_end_date
    from reported
    inner join {{ ref('form_assignment') }}
        using (form, level, period_kind)
    group by reported.form, reported.level
),

owed as (
    select
        assignment.form,
        assignment.level,
        period.period_key,
        period.period_code,
        period.end_date,
        period.due_date
    from {{ ref('form_assignment') }} as assignment
    inner join begun using (form, level)
    inner join {{ ref('int_period') }} as period
        on
            assignment.period_kind = period.period_kind
            and period.calendar = 'union'
            and {{ is_valid_on('assignment', 'period.end_date') }}
    cross join newest
    where period.end_date between begun.first_end_date and newest.received_date
),

final as (
    select
        owed.form,
        branch.branch_code,
        owed.period_code,
        branch.branch_key,
        owed.period_key,
        owed.due_date
    from owed
    inner join {{ ref('int_branch') }} as branch
        on owed.level = branch.level and {{ is_valid_on('branch', 'owed.end_date') }}
)

select * from final
