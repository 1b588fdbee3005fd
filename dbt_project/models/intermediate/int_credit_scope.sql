-- grain: one row per bank and month end: the feed that speaks for it
-- Loan lines say more than a summary, so a summary counts only where no loan feed is in
-- force.
with

candidate as (
    select
        scope_key,
        scope_version,
        kind,
        bank_code,
        as_of_date,
        receipt_id,
        row_number()
            over (partition by bank_code, as_of_date order by kind)
            as preference
    from {{ ref('stg_scope') }}
    where kind in ('loan', 'summary') and not is_held
),

final as (
    select
        candidate.scope_key,
        candidate.scope_version,
        candidate.kind,
        candidate.bank_code,
        candidate.as_of_date,
        candidate.receipt_id,
        period.period_key
    from candidate
    left join {{ ref('int_period') }} as period
        on
            candidate.as_of_date = period.end_date
            and period.calendar = 'bank'
            and period.period_kind = 'month'
    where candidate.preference = 1
)

select * from final
