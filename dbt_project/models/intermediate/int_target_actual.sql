-- grain: one row per target with the figure that it is held against, if any
-- Today's boundaries; the figure with full coverage that is newest, else the newest
-- one. A target for what happens within a year is held against that year only, and one
-- that was not set for the whole region against nothing.
with

target as (
    select
        target.*,
        horizon.period_key as horizon_period_key,
        -- The Union closes its year in mid-December: then all that counts for the
        -- horizon has been said.
        least(target.horizon_end, coalesce(horizon.end_date, target.horizon_end))
            as closing_date
    from {{ ref('int_target_now') }} as target
    left join {{ ref('int_period') }} as horizon
        on
            target.horizon_period_code = horizon.period_code
            and horizon.calendar = 'union'
),

actual as (
    select
        rollup.*,
        period.period_code,
        period.end_date
    from {{ ref('fct_indicator_rollup') }} as rollup
    inner join {{ ref('int_period') }} as period using (period_key)
    where
        rollup.scenario = 'actual'
        and rollup.boundary = 'as_now'
        and rollup.value is not null
),

final as (
    select distinct on (target.target_code)
        target.*,
        actual.period_key as as_of_period_key,
        actual.period_code as as_of_period,
        actual.value as actual_value,
        actual.lower_bound,
        actual.upper_bound,
        actual.is_lower_open,
        actual.is_upper_open,
        actual.coverage_pct,
        actual.data_to_date
    from target
    left join actual
        on
            target.is_whole
            and target.programme_key = actual.programme_key
            and target.indicator_key = actual.indicator_key
            and target.region_key = actual.region_key
            and target.basis = actual.basis
            and actual.data_to_date between target.horizon_start and target.horizon_end
            and (
                target.basis <> 'in_period'
                or target.horizon_period_key = actual.period_key
            )
    order by
        target.target_code asc,
        (coalesce(actual.coverage_pct, 0) >= 100) desc,
        actual.data_to_date desc nulls last,
        actual.coverage_pct desc nulls last,
        actual.end_date asc,
        actual.period_code asc
)

select * from final
