-- grain: one row per branch version and version of its region, with the days on
-- which both hold
{{ config(materialized='table', indexes=[{'columns': ['branch_code']}]) }}
with

overlapping as (
    select
        branch.branch_key,
        region.region_key,
        branch.branch_code,
        branch.level as branch_level,
        greatest(branch.valid_from, region.valid_from) as valid_from,
        nullif(
            least(
                coalesce(branch.valid_to, 'infinity'),
                coalesce(region.valid_to, 'infinity')
            ),
            'infinity'
        ) as valid_to
    from {{ ref('int_branch') }} as branch
    inner join {{ ref('int_region') }} as region
        on
            branch.region_level = region.level
            and branch.region_code = region.region_code
)

select * from overlapping
where valid_to is null or valid_from <= valid_to
