-- grain: one row per flow of a branch that ended, longer period and later branch that
-- reports days of it back: whether the flow gives way in that period
-- It does when those who report back hold more than half of its branch's ground;
-- otherwise theirs is set aside (`int_rollup_contribution`). Never both.
{{ config(
    materialized='table',
    indexes=[{'columns': ['branch_key', 'indicator_key', 'container_key']}],
) }}
with

met as (
    select distinct
        part.programme_key,
        part.indicator_key,
        part.branch_key,
        part.period_key as part_key,
        within.container_key,
        part.scenario,
        back.heir_key,
        back.share
    from {{ ref('int_value_reaching_back') }} as back
    inner join {{ ref('int_value_touched') }} as part
        on
            back.programme_key = part.programme_key
            and back.indicator_key = part.indicator_key
            and back.branch_key = part.branch_key
            and back.scenario = part.scenario
            and back.start_date <= part.end_date
            and back.end_date >= part.start_date
    inner join {{ ref('int_period_containment') }} as within
        on
            part.period_key = within.part_key
            and back.start_date >= within.container_start_date
            and back.end_date <= within.container_end_date
    where part.measure = 'flow' and part.basis = 'in_period'
),

holder as (
    select distinct
        programme_key,
        indicator_key,
        branch_key,
        container_key,
        scenario,
        heir_key,
        share
    from met
),

weighed as (
    select
        programme_key,
        indicator_key,
        branch_key,
        container_key,
        scenario,
        sum(share) > 0.5 as is_yielding
    from holder
    group by programme_key, indicator_key, branch_key, container_key, scenario
)

select
    met.programme_key,
    met.indicator_key,
    met.branch_key,
    met.part_key,
    met.container_key,
    met.scenario,
    met.heir_key,
    weighed.is_yielding
from met
inner join weighed
    using (programme_key, indicator_key, branch_key, container_key, scenario)
