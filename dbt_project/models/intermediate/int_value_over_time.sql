-- grain: one row per programme, indicator, branch, period, scenario and basis:
-- reported, or derived from its parts
-- Of what this build rolls up; the next one makes it anew.
{{ config(
    materialized='table',
    indexes=[
        {'columns': ['indicator_key', 'programme_key', 'period_key', 'scenario', 'basis']},
    ],
) }}
with

reported as (
    select
        programme_key,
        indicator_key,
        branch_key,
        region_key,
        period_key,
        scenario,
        basis,
        branch_level,
        'reported' as origin,
        case when measure <> 'undetermined' then value end as value,
        case when measure <> 'undetermined' then lower_bound end as lower_bound,
        case when measure <> 'undetermined' then upper_bound end as upper_bound,
        is_lower_open,
        is_upper_open,
        is_approximate,
        end_date as latest_end_date,
        1::numeric as covered_share,
        case when measure = 'undetermined' then 'undetermined' end as blocked_code
    from {{ ref('int_value_touched') }}
    inner join {{ ref('int_rollup_changed') }} using (indicator_key, period_key)
),

-- Of the two ways to a longer flow, in this order: a sum that covers the whole period,
-- a difference of what was counted from the year's beginning, a sum of what there is.
derived_flow as (
    select
        programme_key,
        indicator_key,
        branch_key,
        region_key,
        period_key,
        scenario,
        'in_period' as basis,
        branch_level,
        'summed' as origin,
        value,
        lower_bound,
        upper_bound,
        is_lower_open,
        is_upper_open,
        is_approximate,
        latest_end_date,
        covered_share,
        blocked_code
    from {{ ref('int_value_summed') }}
    union all
    select
        programme_key,
        indicator_key,
        branch_key,
        region_key,
        period_key,
        scenario,
        'in_period' as basis,
        branch_level,
        'difference' as origin,
        value,
        lower_bound,
        upper_bound,
        is_lower_open,
        is_upper_open,
        is_approximate,
        latest_end_date,
        1::numeric as covered_share,
        blocked_code
    from {{ ref('int_value_difference') }}
),

ranked_flow as (
    select
        derived_flow.*,
        row_number() over (
            partition by programme_key, indicator_key, branch_key, period_key, scenario
            order by
                (blocked_code is null) desc, (covered_share >= 1) desc, origin desc
        ) as place
    from derived_flow
),

last_said as (
    select
        programme_key,
        indicator_key,
        branch_key,
        region_key,
        period_key,
        scenario,
        basis,
        branch_level,
        'last' as origin,
        value,
        lower_bound,
        upper_bound,
        is_lower_open,
        is_upper_open,
        is_approximate,
        latest_end_date,
        1::numeric as covered_share,
        null as blocked_code
    from {{ ref('int_value_last') }}
),

-- People reached in January and people reached in February may be the same people:
-- refused, and said so.
distinct_refused as (
    select
        programme_key,
        indicator_key,
        branch_key,
        min(region_key) as region_key,
        container_key as period_key,
        scenario,
        basis,
        min(branch_level) as branch_level,
        'refused' as origin,
        null::numeric as value,
        null::numeric as lower_bound,
        null::numeric as upper_bound,
        false as is_lower_open,
        false as is_upper_open,
        false as is_approximate,
        max(end_date) as latest_end_date,
        0::numeric as covered_share,
        'distinct_over_time' as blocked_code
    from {{ ref('int_value_part') }}
    where measure = 'distinct' and basis = 'in_period'
    group by programme_key, indicator_key, branch_key, container_key, scenario, basis
)

select * from reported
union all
select
    programme_key,
    indicator_key,
    branch_key,
    region_key,
    period_key,
    scenario,
    basis,
    branch_level,
    origin,
    value,
    lower_bound,
    upper_bound,
    is_lower_open,
    is_upper_open,
    is_approximate,
    latest_end_date,
    covered_share,
    blocked_code
from ranked_flow
where place = 1
union all
select * from last_said
union all
select * from distinct_refused
