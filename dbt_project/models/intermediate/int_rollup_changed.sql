-- grain: one row per indicator and period that this build rolls up
-- What the marts do not hold in the version in force, and the parts of such ratios.
{{ config(
    materialized='table',
    indexes=[{'columns': ['indicator_key', 'period_key'], 'unique': true}],
) }}
with

changed as (
    select
        scope.indicator_key,
        scope.period_key
    from {{ ref('int_rollup_scope') }} as scope
    where
        {{ is_new_scope_of('scope', ['fct_indicator_rollup', 'int_children_check']) }}
),

part as (
    select
        indicator.indicator_key,
        changed.period_key
    from changed
    inner join {{ ref('int_indicator') }} as ratio using (indicator_key)
    inner join {{ ref('int_indicator') }} as indicator
        on indicator.indicator_key in (ratio.numerator_key, ratio.denominator_key)
    where ratio.measure = 'ratio'
)

select * from changed
union distinct
select * from part
