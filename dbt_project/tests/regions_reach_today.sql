-- Every commune and province that ever was is, in shares that add up to one, a commune
-- or province of today.
select
    region.region_key,
    sum(region_now.weight) as weight
from {{ ref('int_region') }} as region
left join {{ ref('int_region_now') }} as region_now
    on region.region_key = region_now.region_key and region.level = region_now.now_level
where region.level in ('commune', 'province', 'nation')
group by region.region_key
having coalesce(sum(region_now.weight), 0) <> 1
