-- grain: one row per indicator and reported period: a digest of all that was said
-- A file that is replaced brings new rows for all its indicators; the digest tells
-- which of them say something else.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ delete_stale_rows(ref('int_value_period')) }}",
        "{{ forget_stale_scopes(ref('int_value_period')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_value_period')) }}",
) }}
with

changed as (
    select scope.*
    from {{ ref('int_value_period') }} as scope
    where {{ is_new_scope('scope') }}
),

said as (
    select
        changed.scope_key,
        value.indicator_key,
        value.period_key,
        md5(
            row(
                value.programme_key,
                value.branch_key,
                value.region_key,
                value.scenario,
                value.basis,
                value.value_state,
                value.qualifier,
                value.value,
                value.lower_bound,
                value.upper_bound
            )::text
        ) as digest
    from changed
    inner join {{ ref('fct_indicator_value') }} as value
        on changed.period_key = value.period_key
),

final as (
    select
        scope_key,
        indicator_key,
        period_key,
        md5(string_agg(digest, '' order by digest)) as digest
    from said
    group by scope_key, indicator_key, period_key
)

select * from final
