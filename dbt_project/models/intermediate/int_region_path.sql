-- grain: one row per boundary, region version, region that it counts towards and
-- stretch of days
-- as_reported: itself and the regions above it. as_now: the regions of today; provinces
-- and above are reached through whole old provinces, never through shares of communes,
-- so that they stay exact (DOMAIN B.1). as_before: the provinces that ended with the
-- reform of July 2025 and the economic regions that they made up; exact for what is
-- reported later, since each commune lies in one old province. A new province reaches
-- an old one only where it was made of that one alone.
-- `target_rank` is the height from which on a figure speaks for all of the target: an
-- old province is only a part of the new one that swallowed it.
{{ config(materialized='table', indexes=[{'columns': ['region_key', 'boundary']}]) }}
{% set last_day_before = "date '2025-06-30'" %}
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
        valid_to,
        {{ level_rank('ancestor_level') }} as target_rank
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
        region.valid_to,
        {{ level_rank('region_now.now_level') }} as target_rank
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
        region.valid_to,
        {{ level_rank('above.ancestor_level') }} as target_rank
    from ancestor
    inner join {{ ref('int_region') }} as region using (region_key)
    inner join region_now on ancestor.ancestor_region_key = region_now.region_key
    inner join ancestor as above
        on region_now.now_region_key = above.region_key and above.valid_to is null
    where
        ancestor.ancestor_level = 'province'
        or (ancestor.region_level = 'nation' and ancestor.ancestor_level = 'nation')
),

old_province as (
    select
        province.region_key,
        province.region_code,
        above.ancestor_region_key as economic_region_key
    from {{ ref('int_region') }} as province
    inner join ancestor as above
        on
            province.region_key = above.region_key
            and above.ancestor_level = 'economic_region'
            and province.valid_to = above.valid_to
    where province.level = 'province' and province.valid_to = {{ last_day_before }}
),

-- What ended by then lay in one old province.
ended as (
    select
        ancestor.region_key,
        old_province.region_key as old_province_key,
        old_province.economic_region_key,
        ancestor.valid_from,
        ancestor.valid_to
    from ancestor
    inner join {{ ref('int_region') }} as province
        on ancestor.ancestor_region_key = province.region_key
    inner join old_province on province.region_code = old_province.region_code
    where
        ancestor.ancestor_level = 'province'
        and ancestor.valid_to <= {{ last_day_before }}
),

-- What began later lies where the regions lay that it was made of: null where that is
-- not one place.
begun as (
    select
        region.region_key,
        region.valid_from,
        region.valid_to,
        case
            when count(distinct ended.old_province_key) = 1
                then min(ended.old_province_key)
        end as old_province_key,
        case
            when count(distinct ended.economic_region_key) = 1
                then min(ended.economic_region_key)
        end as economic_region_key
    from {{ ref('int_region') }} as region
    inner join region_now as later on region.region_key = later.region_key
    inner join region_now as earlier on later.now_region_key = earlier.now_region_key
    inner join ended on earlier.region_key = ended.region_key
    where
        region.level in ('commune', 'province')
        and region.valid_from > {{ last_day_before }}
    group by region.region_key, region.valid_from, region.valid_to
),

placed_before as (
    select
        region_key,
        old_province_key,
        economic_region_key,
        valid_from,
        valid_to,
        'province' as spoken_for_by,
        'economic_region' as region_spoken_for_by
    from ended
    union all
    select
        begun.region_key,
        begun.old_province_key,
        begun.economic_region_key,
        begun.valid_from,
        begun.valid_to,
        case
            when count(province.old_province_key) = count(*) then 'province'
            else 'district'
        end as spoken_for_by,
        case
            when count(province.economic_region_key) = count(*) then 'economic_region'
            else 'district'
        end as region_spoken_for_by
    from begun
    inner join ancestor
        on
            begun.region_key = ancestor.region_key
            and ancestor.ancestor_level = 'province'
    inner join begun as province on ancestor.ancestor_region_key = province.region_key
    group by
        begun.region_key,
        begun.old_province_key,
        begun.economic_region_key,
        begun.valid_from,
        begun.valid_to
),

province_before as (
    select
        'as_before' as boundary,
        region_key,
        old_province_key as target_region_key,
        'province' as target_level,
        1::numeric as weight,
        false as is_estimated,
        valid_from,
        valid_to,
        {{ level_rank('spoken_for_by') }} as target_rank
    from placed_before
    where old_province_key is not null
),

economic_region_before as (
    select
        'as_before' as boundary,
        region_key,
        economic_region_key as target_region_key,
        'economic_region' as target_level,
        1::numeric as weight,
        false as is_estimated,
        valid_from,
        valid_to,
        {{ level_rank('region_spoken_for_by') }} as target_rank
    from placed_before
    where economic_region_key is not null
),

nation_before as (
    select
        'as_before' as boundary,
        region_key,
        target_region_key,
        target_level,
        weight,
        is_estimated,
        valid_from,
        valid_to,
        target_rank
    from as_reported
    where target_level = 'nation'
)

select * from as_reported
union all
select * from commune_now
union all
select * from province_now
union all
select * from province_before
union all
select * from economic_region_before
union all
select * from nation_before
