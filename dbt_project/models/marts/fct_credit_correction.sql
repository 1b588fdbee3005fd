-- grain: one row per bank feed that replaced an earlier one of its bank, kind and month
-- The ledger of corrections: what changed in all, when, why, by whom. By commune it is
-- shown where the feed is received, not here: one corrected loan is one person's. Nor
-- is anything told of a feed that no release shows: it may differ by one loan.
{%- set amounts = {
    'lent': 'flow', 'collected': 'flow', 'closing_balance': none,
    'overdue': 'overdue', 'frozen': 'frozen'
} %}
{%- set receipts = {'before': 'replaced_receipt_id', 'after': 'receipt_id'} %}
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

-- Feeds that a release shows, and what it withholds of each.
told as (
    select
        shown.receipt_id,
        {{ each(
            "coalesce(bool_or('{0}' = any(string_to_array(basis.withheld, ','))), false) as is_{0}",
            amounts.values() | select | unique
        ) }}
    from (
        select receipt_id from {{ source('release', 'release_receipt') }}
        union
        select receipt_id from {{ ref('stg_scope') }}
        where not is_held
    ) as shown
    left join {{ source('release', 'credit_basis') }} as basis using (receipt_id)
    group by shown.receipt_id
),

final as (
    select
        {{ surrogate_key(['landed.bank_code']) }} as bank_key,
        period.period_key,
        landed.kind,
        landed.sequence,
        landed.replaced_sequence,
        {%- for side in receipts %}
            case
                when told_{{ side }}.receipt_id is not null
                    then landed.lines_{{ side }}::numeric
            end as lines_{{ side }},
        {%- endfor %}
        {%- for amount, family in amounts.items() %}
            {%- for side in receipts %}
                case
                    when
                        told_{{ side }}.receipt_id is not null
                        {%- if family %}
                            and not withheld.is_{{ family }}
                            and not told_{{ side }}.is_{{ family }}
                        {%- endif %}
                        then landed.{{ amount }}_{{ side }}::numeric
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
    {%- for side, receipt in receipts.items() %}
        left join told as told_{{ side }}
            on landed.{{ receipt }} = told_{{ side }}.receipt_id
    {%- endfor %}
    where landed.replaced_receipt_id is not null
)

select * from final
