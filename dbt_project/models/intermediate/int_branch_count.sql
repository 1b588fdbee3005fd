-- grain: one row per boundary, region, reporting level and stretch of days: how many
-- branches were in being
{{ config(materialized='table', indexes=[{'columns': ['region_key', 'boundary']}]) }}
with

overlapping as (
    select
        path.boundary,
        path.target_region_key as region_key,
        {{ reporting_level('branch.branch_level') }} as reporting_level,
        branch.branch_key,
        greatest(branch.valid_from, path.valid_from) as valid_from,
        least(
            coalesce(branch.valid_to, 'infinity'), coalesce(path.valid_to, 'infinity')
        )
            as last_day
    from {{ ref('int_branch_region') }} as branch
    inner join {{ ref('int_region_path') }} as path using (region_key)
)

select
    boundary,
    region_key,
    reporting_level,
    valid_from,
    nullif(last_day, 'infinity') as valid_to,
    count(distinct branch_key) as branches
from overlapping
where valid_from <= last_day
group by boundary, region_key, reporting_level, valid_from, last_day
