-- grain: one row per indicator and period whose values this build reads
{{ config(
    materialized='table',
    indexes=[{'columns': ['period_key', 'indicator_key'], 'unique': true}],
) }}
select distinct
    changed.indicator_key,
    dependency.part_key as period_key
from {{ ref('int_rollup_changed') }} as changed
inner join {{ ref('int_period_dependency') }} as dependency
    on changed.period_key = dependency.container_key
