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
        held_receipt_id,
        row_number()
            over (partition by bank_code, as_of_date order by kind)
            as preference
    from {{ ref('stg_scope') }}
    where kind in ('loan', 'summary') and not is_held
),

-- What became of a loan is told from two months: when the earlier one is replaced, the
-- later one is a new version too.
final as (
    select
        candidate.scope_key,
        candidate.kind,
        candidate.bank_code,
        candidate.as_of_date,
        candidate.receipt_id,
        candidate.held_receipt_id,
        period.period_key,
        previous.receipt_id as previous_receipt_id,
        previous.as_of_date as previous_as_of_date,
        md5(
            concat_ws('|', candidate.scope_version, previous.scope_version)
        ) as scope_version
    from candidate
    left join candidate as previous
        on
            candidate.bank_code = previous.bank_code
            and (date_trunc('month', candidate.as_of_date) - interval '1 day')::date
            = previous.as_of_date
            and candidate.kind = 'loan'
            and previous.kind = 'loan'
            and previous.preference = 1
    left join {{ ref('int_period') }} as period
        on
            candidate.as_of_date = period.end_date
            and period.calendar = 'bank'
            and period.period_kind = 'month'
    where candidate.preference = 1
)

select * from final
