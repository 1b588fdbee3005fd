-- grain: one row per programme, indicator, region that reports it for itself while
-- branches below it do too, period, scenario and basis: whose figure counts
-- Decided once for all that rests on it. The region's own figure stands unless a level
-- below covers more of branches and days; what covers as much gives way to it, unless
-- it is a newer balance.
{{ config(
    materialized='table',
    indexes=[
        {'columns': ['indicator_key', 'programme_key', 'period_key', 'scenario', 'basis']},
    ],
) }}
with

level as (
    select * from {{ ref('int_rollup_level') }}
),

below as (
    select
        level.*,
        row_number() over (
            partition by
                programme_key, indicator_key, region_key, period_key, scenario, basis
            order by
                coverage desc,
                data_to_date desc,
                {{ level_rank('reporting_level') }} desc
        ) as place
    from level
    where not is_own
),

final as (
    select
        own.programme_key,
        own.indicator_key,
        own.region_key,
        own.period_key,
        own.scenario,
        own.basis,
        own.reporting_level as own_level,
        below.reporting_level as below_level,
        own.coverage as own_coverage,
        below.coverage as below_coverage,
        below.coverage > own.coverage
        or (
            below.coverage = own.coverage
            and own.basis <> 'in_period'
            and below.data_to_date > own.data_to_date
        ) as is_set_aside,
        own.value as own_value,
        own.lower_bound as own_lower_bound,
        own.upper_bound as own_upper_bound,
        own.is_lower_open as is_own_lower_open,
        own.is_upper_open as is_own_upper_open,
        below.value as below_value,
        below.lower_bound as below_lower_bound,
        below.upper_bound as below_upper_bound,
        below.is_lower_open as is_below_lower_open,
        below.is_upper_open as is_below_upper_open
    from level as own
    inner join below
        on {{ matches_cell('own', 'below') }} and own.region_key = below.region_key
    where own.is_own and below.place = 1
)

select * from final
