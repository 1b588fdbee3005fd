-- grain: one row per region version and region of today that it became, wholly or in
-- part
{{ config(materialized='table', indexes=[{'columns': ['region_key']}]) }}
{# No region has changed more than three times since 2015; a test sees a fourth. #}
{% set steps = 3 %}
with

bridge as (
    select * from {{ ref('int_region_succession') }}
),

step_0 as (
    select
        region_key,
        region_key as now_region_key,
        1::numeric as weight,
        false as is_estimated
    from {{ ref('int_region') }}
),

{% for step in range(1, steps + 1) %}
    step_{{ step }} as (
        select
            earlier.region_key,
            coalesce(bridge.to_region_key, earlier.now_region_key) as now_region_key,
            earlier.weight * coalesce(bridge.weight, 1) as weight,
            earlier.is_estimated or coalesce(bridge.is_estimated, false) as is_estimated
        from step_{{ step - 1 }} as earlier
        left join bridge on earlier.now_region_key = bridge.from_region_key
    ),

{% endfor %}
final as (
    select
        step.region_key,
        step.now_region_key,
        region.level as now_level,
        -- Two ways to the same region of today are one.
        trim_scale(sum(step.weight)) as weight,
        bool_or(step.is_estimated) as is_estimated
    from step_{{ steps }} as step
    inner join
        {{ ref('int_region') }} as region
        on step.now_region_key = region.region_key
    where region.valid_to is null
    group by step.region_key, step.now_region_key, region.level
)

select * from final
