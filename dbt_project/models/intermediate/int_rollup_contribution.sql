-- grain: one row per value over time, boundary and region that it counts towards
-- A region that reports for itself speaks for what lies below it: then the figures
-- below do not count again towards it or towards anything above it.
with

value as (
    select
        over_time.*,
        region.province_code,
        period.end_date,
        -- A branch that ended within the period counts where it was on its own last
        -- day.
        least(period.end_date, coalesce(branch.valid_to, 'infinity')) as counted_on
    from {{ ref('int_value_over_time') }} as over_time
    inner join {{ ref('int_period') }} as period using (period_key)
    inner join {{ ref('int_branch') }} as branch using (branch_key)
    inner join {{ ref('int_region') }} as region
        on over_time.region_key = region.region_key
),

path as (
    select * from {{ ref('int_region_path') }}
),

-- The lowest level above a value at which a region reports the same cell for itself.
spoken_for as (
    select
        below.programme_key,
        below.indicator_key,
        below.branch_key,
        below.period_key,
        below.scenario,
        below.basis,
        min({{ level_rank('above.branch_level') }}) as level_rank
    from value as below
    inner join path
        on
            below.region_key = path.region_key
            and path.boundary = 'as_reported'
            and {{ is_valid_on('path', 'below.counted_on') }}
    inner join value as above
        on
            path.target_region_key = above.region_key
            and {{ matches_cell('below', 'above') }}
    where
        above.branch_level <> 'unit'
        and above.blocked_code is null
        and {{ level_rank('above.branch_level') }}
        > {{ level_rank('below.branch_level') }}
    group by
        below.programme_key,
        below.indicator_key,
        below.branch_key,
        below.period_key,
        below.scenario,
        below.basis
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
    where
        (
            spoken_for.level_rank is null
            or {{ level_rank('path.target_level') }} < spoken_for.level_rank
        )
        -- What stands at a date is only counted by those who were there on that date: a
        -- merged branch's last figure lives on in its successor's.
        and (value.basis = 'in_period' or value.counted_on = value.end_date)
)

select * from final
