-- grain: one row per programme, indicator, branch, period and scenario: a flow told by
-- what its branch counted from the year's beginning
-- The third quarter is nine months less six; a month is what is counted to its end less
-- what is counted to the end of the one before; the year's first period is what is
-- counted to its end. Only within one year of the Union's and for one and the same
-- branch: what a successor counts since before it was founded is not its own.
with

flow as (
    select * from {{ ref('int_value_touched') }}
    where measure = 'flow'
),

year as (
    select
        period_key as year_key,
        start_date as year_start_date,
        end_date as year_end_date
    from {{ ref('int_period') }}
    where calendar = 'union' and period_kind = 'year'
),

-- A figure of the first six months counts from the year's beginning, too; where both
-- are said, the one that is shown for its own period.
counted as (
    select distinct on (
        flow.programme_key,
        flow.indicator_key,
        flow.branch_key,
        flow.scenario,
        flow.end_date
    )
        flow.*,
        year.year_key,
        year.year_start_date
    from flow
    inner join year
        on
            flow.start_date >= year.year_start_date
            and flow.end_date <= year.year_end_date
    where
        flow.basis = 'year_to_date'
        or (flow.basis = 'in_period' and flow.start_date = year.year_start_date)
    order by
        flow.programme_key asc,
        flow.indicator_key asc,
        flow.branch_key asc,
        flow.scenario asc,
        flow.end_date asc,
        (flow.basis = 'in_period') desc,
        flow.start_date asc,
        flow.period_key asc
),

told as (
    select
        later.programme_key,
        later.indicator_key,
        later.branch_key,
        later.region_key,
        period.period_key,
        later.scenario,
        later.branch_level,
        later.end_date as latest_end_date,
        later.value - coalesce(earlier.value, 0) as value,
        case
            when earlier.branch_key is null then later.lower_bound
            else later.lower_bound - earlier.upper_bound
        end as lower_bound,
        case
            when earlier.branch_key is null then later.upper_bound
            else later.upper_bound - earlier.lower_bound
        end as upper_bound,
        later.is_lower_open or coalesce(earlier.is_upper_open, false) as is_lower_open,
        later.is_upper_open or coalesce(earlier.is_lower_open, false) as is_upper_open,
        later.is_approximate or coalesce(earlier.is_approximate, false)
            as is_approximate
    from counted as later
    inner join {{ ref('int_period') }} as period
        on
            later.end_date = period.end_date
            and period.calendar = 'union'
            and later.year_start_date <= period.start_date
    inner join {{ ref('int_rollup_changed') }} as changed
        on
            period.period_key = changed.period_key
            and later.indicator_key = changed.indicator_key
    inner join {{ ref('int_branch') }} as branch
        on
            later.branch_key = branch.branch_key
            and later.year_start_date >= branch.valid_from
    left join counted as earlier
        on
            later.year_key = earlier.year_key
            and later.programme_key = earlier.programme_key
            and later.indicator_key = earlier.indicator_key
            and later.branch_key = earlier.branch_key
            and later.scenario = earlier.scenario
            and period.start_date - 1 = earlier.end_date
    left join flow as whole
        on
            period.period_key = whole.period_key
            and later.programme_key = whole.programme_key
            and later.indicator_key = whole.indicator_key
            and later.branch_key = whole.branch_key
            and later.scenario = whole.scenario
            and whole.basis = 'in_period'
    where
        whole.period_key is null
        and (
            earlier.branch_key is not null
            or period.start_date = later.year_start_date
        )
)

select
    programme_key,
    indicator_key,
    branch_key,
    region_key,
    period_key,
    scenario,
    branch_level,
    case when value >= 0 then value end as value,
    case when value >= 0 then lower_bound end as lower_bound,
    case when value >= 0 then upper_bound end as upper_bound,
    is_lower_open,
    is_upper_open,
    is_approximate,
    latest_end_date,
    case when value < 0 then 'cumulative_falls' end as blocked_code
from told
