-- grain: one row per programme, indicator, branch, containing period and scenario:
-- flows added over disjoint parts
-- Of nested parts the longest counts (a quarter, not also its months); parts that
-- overlap without nesting cannot be told apart, so their sum is refused. Days covered
-- show what is missing of the whole. Days that a successor reports too are its own:
-- what the branch itself said of them is not added again.
with

flow as (
    select * from {{ ref('int_value_part') }} as part
    where
        part.measure = 'flow'
        and part.basis = 'in_period'
        and not exists (
            select 1
            from {{ ref('int_value_yielding') }} as yielding
            where
                yielding.is_yielding
                and part.programme_key = yielding.programme_key
                and part.indicator_key = yielding.indicator_key
                and part.branch_key = yielding.branch_key
                and part.part_key = yielding.part_key
                and part.container_key = yielding.container_key
                and part.scenario = yielding.scenario
        )
),

-- What earlier, or longer, parts cover already: a part that ends within it is nested.
ordered as (
    select
        flow.*,
        max(end_date) over (
            partition by
                programme_key, indicator_key, branch_key, container_key, scenario
            order by start_date asc, end_date desc, part_key asc
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from flow
),

longest as (
    select * from ordered
    where covered_until is null or end_date > covered_until
),

added as (
    select
        programme_key,
        indicator_key,
        branch_key,
        container_key as period_key,
        scenario,
        (array_agg(region_key order by end_date desc))[1] as region_key,
        min(branch_level) as branch_level,
        sum(value) as value,
        case when count(lower_bound) = count(*) then sum(lower_bound) end
            as lower_bound,
        case when count(upper_bound) = count(*) then sum(upper_bound) end
            as upper_bound,
        bool_or(is_lower_open) as is_lower_open,
        bool_or(is_upper_open) as is_upper_open,
        bool_or(is_approximate) as is_approximate,
        max(end_date) as latest_end_date,
        sum(end_date - start_date + 1)::numeric
        / min(container_end_date - container_start_date + 1) as covered_share,
        bool_or(coalesce(start_date <= covered_until, false)) as is_overlapping
    from longest
    group by programme_key, indicator_key, branch_key, container_key, scenario
)

select
    programme_key,
    indicator_key,
    branch_key,
    region_key,
    period_key,
    scenario,
    branch_level,
    case when not is_overlapping then value end as value,
    case when not is_overlapping then lower_bound end as lower_bound,
    case when not is_overlapping then upper_bound end as upper_bound,
    is_lower_open,
    is_upper_open,
    is_approximate,
    latest_end_date,
    covered_share,
    case when is_overlapping then 'overlapping_parts' end as blocked_code
from added
