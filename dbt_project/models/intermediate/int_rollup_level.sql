-- grain: one row per programme, indicator, region that reports it for itself, period,
-- scenario, basis and level of the branches in that region: what that level says
-- A table: what is joined with itself needs statistics, or is compared row by row.
{{ config(
    materialized='table',
    indexes=[
        {'columns': ['indicator_key', 'programme_key', 'period_key', 'scenario', 'basis']},
    ],
) }}
with

value as (
    select * from {{ ref('int_rollup_value') }}
),

own as (
    select distinct
        programme_key,
        indicator_key,
        region_key,
        period_key,
        scenario,
        basis
    from value
    where {{ level_rank('branch_level') }} > 1
),

-- Put together before it meets `own`: the planner expects one row of the other way
-- round, and holds each region that reports against each value of its period.
placed as materialized (
    select
        value.*,
        path.target_region_key
    from value
    inner join {{ ref('int_region_path') }} as path
        on
            value.region_key = path.region_key
            and path.boundary = 'as_reported'
            and {{ is_valid_on('path', 'value.counted_on') }}
),

spoken as (
    select
        own.programme_key,
        own.indicator_key,
        own.region_key,
        own.period_key,
        own.scenario,
        own.basis,
        {{ reporting_level('value.branch_level') }} as reporting_level,
        sum(value.reported_share) as reported_share,
        bool_or(value.origin = 'summed') as is_summed,
        min(value.latest_end_date) as data_to_date,
        sum(value.value) as value,
        case when count(value.lower_bound) = count(*) then sum(value.lower_bound) end
            as lower_bound,
        case when count(value.upper_bound) = count(*) then sum(value.upper_bound) end
            as upper_bound,
        bool_or(value.is_lower_open) as is_lower_open,
        bool_or(value.is_upper_open) as is_upper_open
    from own
    inner join placed as value
        on
            own.region_key = value.target_region_key
            and {{ matches_cell('own', 'value') }}
    group by
        own.programme_key,
        own.indicator_key,
        own.region_key,
        own.period_key,
        own.scenario,
        own.basis,
        {{ reporting_level('value.branch_level') }}
),

dated as (
    select
        spoken.*,
        region.level as region_level,
        period.start_date,
        period.end_date,
        least(period.end_date, coalesce(region.valid_to, 'infinity')) as counted_on
    from spoken
    inner join {{ ref('int_period') }} as period using (period_key)
    inner join {{ ref('int_region') }} as region using (region_key)
),

final as (
    select
        dated.programme_key,
        dated.indicator_key,
        dated.region_key,
        dated.period_key,
        dated.scenario,
        dated.basis,
        dated.reporting_level,
        dated.reporting_level = dated.region_level as is_own,
        dated.data_to_date,
        -- Thirds that are added again are a hair less than a whole: rounded, so that
        -- what covers as much is seen to do so.
        trim_scale(
            round(
                least(dated.reported_share / coalesce(expected.expected_share, 1), 1),
                9
            )
        ) as coverage,
        dated.value,
        dated.lower_bound,
        dated.upper_bound,
        dated.is_lower_open,
        dated.is_upper_open
    from dated
    left join lateral (
        select sum({{ branch_days('dated', 'branch_count') }}) as expected_share
        from {{ ref('int_branch_count') }} as branch_count
        where
            branch_count.boundary = 'as_reported'
            and dated.region_key = branch_count.region_key
            and dated.reporting_level = branch_count.reporting_level
            and {{ is_counted_stretch('dated', 'branch_count') }}
    ) as expected on true
)

select * from final
