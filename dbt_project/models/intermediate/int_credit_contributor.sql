-- grain: one row per bank, credit programme, commune, organisation and month
-- How many people stand behind the cell, and the most that one of them has in a figure.
-- `home_…` counts each person in one cell of the month only, `largest_…` is the most
-- that anyone of the cell has in the whole month: sums and maxima over any cells of a
-- month never overstate how many people there are, nor understate the largest.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['scope_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_credit_protection_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_protection_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_credit_protection_scope')) }}",
) }}
{%- set counts = credit_measures('counts') %}
{%- set amounts = credit_measures('amounts') %}
{%- set told = ['lent', 'collected', 'overdue', 'frozen'] %}
{%- set untold = amounts | reject('in', ['closing_balance'] + told) | list %}
{%- set columns %}
        scope_key,
        credit_programme,
        commune_code,
        commune_code_system,
        organisation,
        {{ each('{0}, home_{0}', counts) }},
        {{ each('{0}, own_largest_{0}, largest_{0}', amounts) }}
{%- endset %}
with

changed as (
    select scope.*
    from {{ ref('int_credit_protection_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

{{ loans_of_two_months() }},

person as (
    {{ loans_by_cell([
        "bool_or(loan.sex = 'F') as is_woman",
        "bool_or(loan.closing_balance > 0) as is_debtor",
        "bool_or(loan.lent > 0) as is_taker",
        "bool_or(loan.closing_balance = 0) as is_closer",
    ], by=['citizen_token']) }}
),

person_in_month as (
    select
        person.*,
        {{ each(
            'sum(person.{0}) over (partition by person.scope_key, person.citizen_token) as month_{0}', amounts
        ) }},
        {{ is_home(['person.scope_key', 'person.citizen_token']) }}
    from person
),

loan as (
    select
        scope_key,
        credit_programme,
        commune_code,
        commune_code_system,
        organisation,
        count(*) as people,
        count(*) filter (where is_home) as home_people,
        count(*) filter (where is_debtor) as debtors,
        count(*) filter (where is_debtor and is_home) as home_debtors,
        count(*) filter (where is_woman) as women,
        count(*) filter (where is_woman and is_home) as home_women,
        count(*) filter (where not is_woman) as men,
        count(*) filter (where not is_woman and is_home) as home_men,
        count(*) filter (where is_taker) as takers,
        count(*) filter (where is_taker and is_home) as home_takers,
        count(*) filter (where is_closer) as closers,
        count(*) filter (where is_closer and is_home) as home_closers,
        {{ each('sum({0}) as {0}', amounts) }},
        {{ each('max({0}) as own_largest_{0}', amounts) }},
        {{ each('max(month_{0}) filter (where {0} > 0) as largest_{0}', amounts) }}
    from person_in_month
    group by
        scope_key, credit_programme, commune_code, commune_code_system, organisation
),

-- A summary tells its households and not what each has. Its balance is taken to be held
-- in shares of at most twice the mean; of what moved or is late nothing is known, so
-- that a commune's whole amount counts as one person's.
summary as (
    select
        changed.scope_key,
        summary.credit_programme,
        summary.commune_code,
        summary.commune_code_system,
        summary.organisation,
        sum(summary.households) as people,
        sum(summary.households) as home_people,
        sum(summary.households) as debtors,
        sum(summary.households) as home_debtors,
        {{ each('0 as {0}, 0 as home_{0}', ['women', 'men', 'takers', 'closers']) }},
        sum(summary.closing_balance) as closing_balance,
        {{ each('sum(summary.{0}) as {0}', told) }},
        {{ each('0 as {0}', untold) }},
        2 * sum(summary.closing_balance) / nullif(sum(summary.households), 0)
            as own_largest_closing_balance,
        {{ each('sum(summary.{0}) as own_largest_{0}', told) }},
        {{ each('0 as own_largest_{0}', untold) }},
        2 * sum(summary.closing_balance) / nullif(sum(summary.households), 0)
            as largest_closing_balance,
        {{ each('sum(summary.{0}) as largest_{0}', told) }},
        {{ each('0 as largest_{0}', untold) }}
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
    select {{ columns }}
    from loan
    union all
    select {{ columns }}
    from summary
),

resolved as (
    {{ resolved_credit() }}
),

final as (
    select
        scope_key,
        credit_programme_key,
        region_key,
        organisation,
        {{ each(
            '{0}::bigint as {0}, home_{0}::bigint as home_{0}',
            counts
        ) }},
        {{ each(
            'coalesce({0}, 0)::numeric as {0}, coalesce(own_largest_{0}, 0)::numeric as own_largest_{0}, '
            ~ 'coalesce(largest_{0}, 0)::numeric as largest_{0}',
            amounts
        ) }}
    from resolved
)

select * from final
