-- grain: one row per reported value and containing period that its branch did not
-- report itself
with

final as (
    select
        part.programme_key,
        part.indicator_key,
        part.branch_key,
        part.region_key,
        within.container_key,
        part.scenario,
        part.basis,
        part.branch_level,
        part.measure,
        within.container_kind,
        part.period_key as part_key,
        part.start_date,
        part.end_date,
        within.container_start_date,
        within.container_end_date,
        part.value,
        part.lower_bound,
        part.upper_bound,
        part.is_lower_open,
        part.is_upper_open,
        part.is_approximate
    from {{ ref('int_value_touched') }} as part
    inner join {{ ref('int_period_containment') }} as within
        on part.period_key = within.part_key
    inner join {{ ref('int_rollup_changed') }} as changed
        on
            within.container_key = changed.period_key
            and part.indicator_key = changed.indicator_key
    -- What a branch says of the whole is preferred to what its parts add up to.
    left join {{ ref('int_value_touched') }} as whole
        on
            within.container_key = whole.period_key
            and part.programme_key = whole.programme_key
            and part.indicator_key = whole.indicator_key
            and part.branch_key = whole.branch_key
            and part.scenario = whole.scenario
            and part.basis = whole.basis
    where whole.period_key is null
)

select * from final
