-- Every commune and province that ever was counts towards exactly one old province
-- (provinces that were merged: towards none), and towards the nation in each boundary.
select
    region.region_key,
    count(distinct path.target_region_key) as old_provinces
from {{ ref('int_region') }} as region
left join {{ ref('int_region_path') }} as path
    on
        region.region_key = path.region_key
        and path.boundary = 'as_before'
        and path.target_level = 'province'
where region.level in ('commune', 'province')
group by region.region_key, region.level
having
    count(distinct path.target_region_key) <> 1
    and (region.level = 'commune' or count(distinct path.target_region_key) > 1)
