-- grain: one row per programme, indicator, branch, containing period, scenario and
-- basis: the last value said
-- What is counted to a date or at a date is never added: the last one stands, and its
-- date shows its age. A year-to-date figure stands for a longer period only when both
-- end on the same day.
with

candidate as (
    select
        part.*,
        row_number() over (
            partition by
                programme_key, indicator_key, branch_key, container_key, scenario, basis
            order by end_date desc, start_date asc, part_key asc
        ) as age
    from {{ ref('int_value_part') }} as part
    where
        measure not in ('ratio', 'undetermined')
        and (
            basis in ('as_of', 'programme_to_date')
            or (
                basis = 'year_to_date'
                and container_kind in ('quarter', 'half_year', 'nine_months', 'year')
                and end_date = container_end_date
            )
        )
)

select
    programme_key,
    indicator_key,
    branch_key,
    region_key,
    container_key as period_key,
    scenario,
    basis,
    branch_level,
    value,
    lower_bound,
    upper_bound,
    is_lower_open,
    is_upper_open,
    is_approximate,
    end_date as latest_end_date
from candidate
where age = 1
