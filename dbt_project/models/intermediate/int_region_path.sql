-- grain: one row per boundary, region version, region that it counts towards and
-- stretch of days
-- as_reported: itself and the regions above it. as_now: the regions of today; provinces
-- and above are reached through whole old provinces, never through shares of communes,
-- so that they stay exact (DOMAIN B.1).
{{ config(materialized='table', indexes=[{'columns': ['region_key', 'boundary']}]) }}
with

ancestor as (
    select * from {{ ref('int_region_ancestor') }}
),

region_now as (
    select * from {{ ref('int_region_now') }}
),

as_reported as (
    select
        'as_reported' as boundary,
        region_key,
        ancestor_region_key as target_region_key,
        ancestor_level as target_level,
        1::numeric as weight,
        false as is_estimated,
        valid_from,
        valid_to
    from ancestor
),

commune_now as (
    select
        'as_now' as boundary,
        region_now.region_key,
        region_now.now_region_key as target_region_key,
        region_now.now_level as target_level,
        region_now.weight,
        region_now.is_estimated,
        region.valid_from,
        region.valid_to
    from region_now
    inner join {{ ref('int_region') }} as region using (region_key)
    where region.level = 'commune' and region_now.now_level = 'commune'
),

province_now as (
    select distinct
        'as_now' as boundary,
        ancestor.region_key,
        above.ancestor_region_key as target_region_key,
        above.ancestor_level as target_level,
        1::numeric as weight,
        false as is_estimated,
        region.valid_from,
        region.valid_to
    from ancestor
    inner join {{ ref('int_region') }} as region using (region_key)
    inner join region_now on ancestor.ancestor_region_key = region_now.region_key
    inner join ancestor as above
        on region_now.now_region_key = above.region_key and above.valid_to is null
    where
        ancestor.ancestor_level = 'province'
        or (ancestor.region_level = 'nation' and ancestor.ancestor_level = 'nation')
)

select * from as_reported
union all
select * from commune_now
union all
select * from province_now
