-- grain: one row per boundary, region, reporting level and day: the members of all
-- branches in being, where every one of them has said how many it has
{{ config(materialized='table', indexes=[{'columns': ['region_key', 'boundary']}]) }}
with

asked as (
    select distinct as_of_date from {{ ref('int_branch_members') }}
),

-- A branch reaches a region by several ways where its commune was split.
in_being as (
    select distinct
        path.boundary,
        path.target_region_key as region_key,
        {{ reporting_level('branch.branch_level') }} as reporting_level,
        branch.branch_key,
        asked.as_of_date
    from asked
    inner join {{ ref('int_branch_region') }} as branch
        on {{ is_valid_on('branch', 'asked.as_of_date') }}
    inner join {{ ref('int_region_path') }} as path
        on
            branch.region_key = path.region_key
            and {{ is_valid_on('path', 'asked.as_of_date') }}
)

select
    in_being.boundary,
    in_being.region_key,
    in_being.reporting_level,
    in_being.as_of_date,
    sum(said.members) as members
from in_being
left join {{ ref('int_branch_members') }} as said using (branch_key, as_of_date)
group by
    in_being.boundary,
    in_being.region_key,
    in_being.reporting_level,
    in_being.as_of_date
having count(*) = count(said.members)
