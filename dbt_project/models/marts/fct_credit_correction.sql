-- grain: one row per bank feed that replaced an earlier one of its bank, kind and month
-- The ledger of corrections: what changed in all, when, why, by whom. By commune it is
-- shown where the feed is received, not here: one corrected loan is one person's.
{%- set amounts = {
    'lent': 'withheld.is_flow', 'collected': 'withheld.is_flow', 'closing_balance': 'false',
    'overdue': 'withheld.is_overdue', 'frozen': 'withheld.is_frozen'
} %}
with

landed as (
    select
        control.receipt_id,
        control.scope_key,
        control.bank_code,
        control.kind,
        control.as_of_date,
        control.sequence,
        control.reason,
        receipt.state,
        receipt.received_by,
        receipt.received_at,
        lag(control.row_count) over sent as lines_before,
        control.row_count as lines_after,
        {{ each(
            'lag(control.sum_{0}) over sent as {0}_before, control.sum_{0} as {0}_after', amounts
        ) }},
        lag(control.receipt_id) over sent as replaced_receipt_id,
        lag(control.sequence) over sent as replaced_sequence
    from {{ source('raw', 'feed_control') }} as control
    inner join {{ ref('stg_receipt') }} as receipt using (receipt_id)
    window sent as (partition by control.scope_key order by control.sequence)
),

-- What the whole bank and month is too small for is not told here either; of a month
-- that is not in force nothing is known, so that nothing is told.
withheld as (
    select
        scope.bank_code,
        scope.as_of_date,
        bool_or(protection.flow_level >= {{ withheld_level() }}) as is_flow,
        bool_or(protection.overdue_level >= {{ withheld_level() }}) as is_overdue,
        bool_or(protection.frozen_level >= {{ withheld_level() }}) as is_frozen
    from {{ ref('int_credit_protection') }} as protection
    inner join {{ ref('int_credit_scope') }} as scope using (scope_key)
    group by scope.bank_code, scope.as_of_date
),

final as (
    select
        {{ surrogate_key(['landed.bank_code']) }} as bank_key,
        period.period_key,
        landed.kind,
        landed.sequence,
        landed.replaced_sequence,
        landed.lines_before::numeric as lines_before,
        landed.lines_after::numeric as lines_after,
        {%- for amount, family in amounts.items() %}
            {%- for side in ('before', 'after') %}
                case
                    when not {{ family }} then landed.{{ amount }}_{{ side }}::numeric
                end as {{ amount }}_{{ side }},
            {%- endfor %}
        {%- endfor %}
        landed.reason,
        landed.state,
        landed.received_by as corrected_by,
        landed.received_at as corrected_at,
        landed.receipt_id,
        landed.replaced_receipt_id,
        landed.scope_key
    from landed
    inner join {{ ref('int_period') }} as period
        on
            landed.as_of_date = period.end_date
            and period.calendar = 'bank'
            and period.period_kind = 'month'
    left join withheld
        on
            landed.bank_code = withheld.bank_code
            and landed.as_of_date = withheld.as_of_date
    where landed.replaced_receipt_id is not null
)

select * from final
