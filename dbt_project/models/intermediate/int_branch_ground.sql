-- grain: one row per ended branch version and later branch of a commune that holds a
-- part of its ground without having followed it
-- The district of nine communes that became two: each of the two holds a part. A part
-- of a commune is taken for all of it.
{{ config(materialized='table', indexes=[{'columns': ['heir_key']}]) }}
with

commune_now as (
    select
        region_now.region_key,
        region_now.now_region_key,
        region_now.weight
    from {{ ref('int_region_now') }} as region_now
    inner join {{ ref('int_region') }} as region using (region_key)
    where region.level = 'commune' and region_now.now_level = 'commune'
),

ended as (
    select
        branch.branch_key,
        branch.level as branch_level,
        branch.valid_to,
        ancestor.region_key,
        count(*) over (partition by branch.branch_key) as communes
    from {{ ref('int_branch') }} as branch
    inner join {{ ref('int_branch_region') }} as home
        on
            branch.branch_key = home.branch_key
            and {{ is_valid_on('home', 'branch.valid_to') }}
    inner join {{ ref('int_region_ancestor') }} as ancestor
        on
            home.region_key = ancestor.ancestor_region_key
            and ancestor.region_level = 'commune'
            and {{ is_valid_on('ancestor', 'branch.valid_to') }}
    where branch.level in ('commune', 'district', 'province')
),

held as (
    select distinct
        ended.branch_key,
        ended.branch_level,
        ended.communes,
        ended.region_key,
        later.branch_key as heir_key,
        part.weight
    from ended
    inner join commune_now as part using (region_key)
    inner join commune_now as whole on part.now_region_key = whole.now_region_key
    inner join {{ ref('int_branch_region') }} as home
        on whole.region_key = home.region_key and home.branch_level = 'commune'
    inner join {{ ref('int_branch') }} as later
        on home.branch_key = later.branch_key and ended.valid_to < later.valid_from
),

final as (
    select
        held.branch_key,
        held.heir_key,
        case
            when held.branch_level = 'commune' then 1
            else trim_scale(sum(held.weight) / held.communes)
        end as share
    from held
    left join {{ ref('int_branch_heir') }} as heir
        on held.branch_key = heir.branch_key and held.heir_key = heir.heir_key
    where heir.heir_key is null
    group by held.branch_key, held.heir_key, held.branch_level, held.communes
)

select * from final
