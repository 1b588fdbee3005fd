-- grain: one row per branch, form and period: owed, received, or both
with

received as (
    select
        resolved.form,
        resolved.branch_key,
        resolved.period_key,
        resolved.receipt_id,
        resolved.held_receipt_id,
        held.received_date as held_since,
        -- Of this report: its receipt may fill others.
        case
            when resolved.is_held or resolved.held_receipt_id is not null then 'held'
            else 'landed'
        end as state,
        receipt.received_at,
        receipt.received_date,
        receipt.file_name
    from {{ ref('int_submission_scope') }} as resolved
    inner join {{ ref('stg_receipt') }} as receipt using (receipt_id)
    left join {{ ref('stg_receipt') }} as held
        on resolved.held_receipt_id = held.receipt_id
),

final as (
    select
        coalesce(expected.branch_key, received.branch_key) as branch_key,
        coalesce(expected.period_key, received.period_key) as period_key,
        coalesce(expected.form, received.form) as form,
        coalesce(received.state, 'missing') as state,
        coalesce(expected.branch_key is not null, false) as is_expected,
        period.due_date,
        received.received_at,
        case
            when received.received_date is not null
                then greatest(received.received_date - period.due_date, 0)
        end as days_late,
        received.receipt_id,
        received.file_name,
        received.held_receipt_id,
        received.held_since,
        excused.expires_on as excused_until,
        excused.reason as excuse_reason,
        excused.approved_by as excuse_approved_by
    from {{ ref('int_submission_expected') }} as expected
    full join received using (branch_key, period_key, form)
    inner join {{ ref('int_period') }} as period
        on coalesce(expected.period_key, received.period_key) = period.period_key
    inner join {{ ref('int_branch') }} as branch
        on coalesce(expected.branch_key, received.branch_key) = branch.branch_key
    left join {{ ref('stg_late_exception') }} as excused
        on
            branch.branch_code = excused.branch_code
            and coalesce(expected.form, received.form) = excused.form
            and period.period_code = excused.period_code
)

select * from final
