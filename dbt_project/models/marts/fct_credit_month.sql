-- grain: one row per bank, credit programme, commune, organisation and month
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[{'columns': ['scope_key']}, {'columns': ['period_key', 'region_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_credit_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_credit_scope')) }}",
) }}
with

changed as (
    select scope.*
    from {{ ref('int_credit_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

{{ loans_of_two_months() }},

loan as (
    {{ loans_by_cell([
        'count(*) as loans',
        'count(*) filter (where loan.closing_balance > 0) as loans_outstanding',
        'count(distinct loan.citizen_token) as borrowers',
        "count(distinct loan.citizen_token) filter (where loan.sex = 'F') as female_borrowers",
        'null::bigint as households',
        'count(distinct loan.group_id) as groups',
        'count(*) filter (where loan.lent > 0) as turns',
    ]) }}
),

-- A summary counts households, not people, and says nothing of groups, write-offs or
-- days overdue.
summary as (
    select
        changed.scope_key,
        summary.credit_programme,
        summary.commune_code,
        summary.commune_code_system,
        summary.organisation,
        sum(summary.loans) as loans,
        sum(summary.loans) as loans_outstanding,
        null::bigint as borrowers,
        null::bigint as female_borrowers,
        sum(summary.households) as households,
        null::bigint as groups,
        null::bigint as turns,
        sum(summary.lent) as lent,
        sum(summary.collected) as collected,
        null::numeric as written_off,
        sum(summary.closing_balance) as closing_balance,
        sum(summary.overdue) as overdue,
        sum(summary.frozen) as frozen,
        null::numeric as par30_balance,
        null::numeric as par90_balance,
        null::numeric as balance_before,
        null::numeric as overdue_before,
        null::numeric as par30_before,
        null::numeric as par90_before,
        null::numeric as rolled_to_overdue,
        null::numeric as rolled_to_par30,
        null::numeric as rolled_to_par90,
        null::numeric as cured
    from changed
    inner join {{ ref('stg_summary') }} as summary
        on
            changed.receipt_id = summary.receipt_id
            and changed.as_of_date = summary.as_of_date
    where changed.kind = 'summary'
    group by
        changed.scope_key,
        summary.credit_programme,
        summary.commune_code,
        summary.commune_code_system,
        summary.organisation
),

credit as (
    select * from loan
    union all
    select * from summary
),

resolved as (
    {{ resolved_credit() }}
),

final as (
    select
        {{ surrogate_key(['bank_code']) }} as bank_key,
        credit_programme_key,
        region_key,
        period_key,
        organisation,
        source_kind,
        loans::bigint as loans,
        loans_outstanding::bigint as loans_outstanding,
        turns,
        borrowers,
        female_borrowers,
        households::bigint as households,
        groups,
        lent::numeric as lent,
        collected::numeric as collected,
        written_off::numeric as written_off,
        closing_balance::numeric as closing_balance,
        overdue::numeric as overdue,
        frozen::numeric as frozen,
        par30_balance::numeric as par30_balance,
        par90_balance::numeric as par90_balance,
        balance_before::numeric as balance_before,
        overdue_before::numeric as overdue_before,
        par30_before::numeric as par30_before,
        par90_before::numeric as par90_before,
        rolled_to_overdue::numeric as rolled_to_overdue,
        rolled_to_par30::numeric as rolled_to_par30,
        rolled_to_par90::numeric as rolled_to_par90,
        cured::numeric as cured,
        receipt_id,
        scope_key,
        held_receipt_id is not null as is_outdated
    from resolved
)

select * from final
