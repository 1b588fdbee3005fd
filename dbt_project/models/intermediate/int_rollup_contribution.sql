-- grain: one row per value over time, boundary and region that it counts towards
-- A region whose own figure stands speaks for what lies below it: then the figures
-- below do not count again towards it or towards anything above it. One that is set
-- aside counts nowhere. What a new commune reports back, while a district or province
-- of before stands for the same days, counts for the commune alone.
with

value as (
    select * from {{ ref('int_rollup_value') }}
),

path as (
    select * from {{ ref('int_region_path') }}
),

choice as (
    select * from {{ ref('int_rollup_choice') }}
),

reported_back as (
    select
        yielding.programme_key,
        yielding.indicator_key,
        yielding.heir_key as branch_key,
        yielding.container_key as period_key,
        yielding.scenario,
        ended.basis,
        {{ level_rank("'district'") }} as level_rank
    from {{ ref('int_value_yielding') }} as yielding
    inner join value as ended
        on
            yielding.programme_key = ended.programme_key
            and yielding.indicator_key = ended.indicator_key
            and yielding.branch_key = ended.branch_key
            and yielding.container_key = ended.period_key
            and yielding.scenario = ended.scenario
            and ended.basis = 'in_period'
            and ended.blocked_code is null
    left join choice
        on
            ended.region_key = choice.region_key
            and ended.branch_level = choice.own_level
            and {{ matches_cell('ended', 'choice') }}
    where not yielding.is_yielding and not coalesce(choice.is_set_aside, false)
),

below_own as (
    select
        below.programme_key,
        below.indicator_key,
        below.branch_key,
        below.period_key,
        below.scenario,
        below.basis,
        {{ level_rank('choice.own_level') }} as level_rank
    from choice
    inner join path
        on
            choice.region_key = path.target_region_key
            and path.boundary = 'as_reported'
    inner join value as below
        on
            path.region_key = below.region_key
            and {{ matches_cell('choice', 'below') }}
            and {{ is_valid_on('path', 'below.counted_on') }}
    where
        not choice.is_set_aside
        and {{ level_rank('choice.own_level') }}
        > {{ level_rank('below.branch_level') }}
),

-- The lowest level above a value at which another figure stands for it.
spoken_for as (
    select
        programme_key,
        indicator_key,
        branch_key,
        period_key,
        scenario,
        basis,
        min(level_rank) as level_rank
    from (
        select * from below_own
        union all
        select * from reported_back
    ) as spoken
    group by programme_key, indicator_key, branch_key, period_key, scenario, basis
),

final as (
    select
        value.programme_key,
        value.indicator_key,
        value.branch_key,
        path.target_region_key as region_key,
        value.period_key,
        value.scenario,
        value.basis,
        path.boundary,
        path.target_level as region_level,
        value.branch_level,
        value.province_code,
        value.origin,
        value.blocked_code,
        path.is_estimated,
        value.value * path.weight as value,
        value.lower_bound * path.weight as lower_bound,
        value.upper_bound * path.weight as upper_bound,
        value.is_lower_open,
        value.is_upper_open,
        value.is_approximate,
        value.covered_share,
        value.counted_on,
        value.latest_end_date
    from value
    inner join path
        on
            value.region_key = path.region_key
            and {{ is_valid_on('path', 'value.counted_on') }}
    left join spoken_for
        on
            value.branch_key = spoken_for.branch_key
            and {{ matches_cell('value', 'spoken_for') }}
    left join choice
        on
            value.region_key = choice.region_key
            and {{ reporting_level('value.branch_level') }} = choice.own_level
            and {{ matches_cell('value', 'choice') }}
    where
        (
            spoken_for.level_rank is null
            or path.target_rank < spoken_for.level_rank
        )
        and not coalesce(choice.is_set_aside, false)
)

select * from final
