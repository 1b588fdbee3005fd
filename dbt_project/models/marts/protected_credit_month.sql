-- grain: one row per bank, credit programme, region, organisation and month
-- As published: communes, and what was put together over several (docs/privacy.md).
-- A nested loop would work out anew for each cell which scopes changed.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[{'columns': ['scope_key']}, {'columns': ['period_key', 'region_key']}],
    pre_hook=[
        "set local enable_nestloop = off",
        "{{ delete_stale_rows(ref('int_credit_protection_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_protection_scope')) }}",
    ],
    post_hook=["{{ remember_scopes(ref('int_credit_protection_scope')) }}", "{{ tell_changed_parts(\'period_key\') }}"],
) }}
with

changed as (
    select scope.*
    from {{ ref('int_credit_protection_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

-- Programmes that were put together carry the code for others, organisations too.
other as (
    select
        nation.region_key as nation_key,
        min(programme.credit_programme_key) as credit_programme_key
    from {{ ref('int_region') }} as nation
    cross join {{ ref('dim_credit_programme') }} as programme
    where nation.level = 'nation' and programme.credit_programme = 'KHAC'
    group by nation.region_key
),

cell as (
    select
        credit.*,
        protection.province_key,
        {{ each_family('protection.{0}_level') }}
    from {{ ref('fct_credit_month') }} as credit
    inner join changed using (scope_key)
    inner join {{ ref('int_credit_protection') }} as protection
        using (scope_key, credit_programme_key, region_key, organisation)
),

-- Each figure once: at the cell, or in the block that it was put into.
shown as (
    select
        bank_key,
        credit_programme_key,
        region_key,
        period_key,
        organisation,
        source_kind,
        receipt_id,
        scope_key,
        concat_ws(',', {{ each_family("case when {0}_level > 0 then '{0}' end") }})
            as suppressed_figures,
        false as is_remainder,
        {{ credit_columns(
            'all', 'case when {family}_level = 0 then {0} end as {0}', ''
        ) }}
    from cell
    {{ credit_remainders() }}
),

final as (
    select
        bank_key,
        credit_programme_key,
        region_key,
        period_key,
        organisation,
        source_kind,
        case
            when bool_or(is_remainder) then 'remainder'
            when max(suppressed_figures) > '' then 'suppressed'
            else 'reported'
        end as value_state,
        coalesce(string_agg(distinct nullif(suppressed_figures, ''), ','), '')
            as suppressed_figures,
        sum(loans)::bigint as loans,
        sum(loans_outstanding)::bigint as loans_outstanding,
        sum(turns)::bigint as turns,
        sum(borrowers)::bigint as borrowers,
        sum(female_borrowers)::bigint as female_borrowers,
        sum(households)::bigint as households,
        sum(groups)::bigint as groups,
        sum(lent) as lent,
        sum(collected) as collected,
        sum(written_off) as written_off,
        sum(closing_balance) as closing_balance,
        sum(overdue) as overdue,
        sum(frozen) as frozen,
        sum(par30_balance) as par30_balance,
        sum(par90_balance) as par90_balance,
        sum(balance_before) as balance_before,
        sum(overdue_before) as overdue_before,
        sum(par30_before) as par30_before,
        sum(par90_before) as par90_before,
        sum(rolled_to_overdue) as rolled_to_overdue,
        sum(rolled_to_par30) as rolled_to_par30,
        sum(rolled_to_par90) as rolled_to_par90,
        sum(cured) as cured,
        receipt_id,
        scope_key,
        scope_key in (
            select held.scope_key
            from changed as held
            where held.held_receipt_id is not null
        ) as is_outdated
    from shown
    group by
        bank_key,
        credit_programme_key,
        region_key,
        period_key,
        organisation,
        source_kind,
        receipt_id,
        scope_key
)

select * from final
