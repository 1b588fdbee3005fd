-- grain: one row per branch and validity
{{ config(
    materialized='table',
    indexes=[{'columns': ['branch_key'], 'unique': true}],
) }}
with

branch as (
    select
        {{ surrogate_key(['branch_code', 'valid_from']) }} as branch_key,
        branch_code,
        name_vi,
        level,
        region_level,
        region_code,
        region_valid_from,
        parent_branch_code,
        merged_into,
        valid_from,
        valid_to
    from {{ ref('branch') }}
),

-- A parent may have several versions in a branch's lifetime: the last one that the
-- branch lived under.
parent as (
    select distinct on (child.branch_key)
        child.branch_key,
        parent.branch_key as parent_branch_key,
        parent.region_level,
        parent.region_code,
        parent.region_valid_from
    from branch as child
    inner join branch as parent
        on
            child.parent_branch_code = parent.branch_code
            and parent.valid_from <= coalesce(child.valid_to, 'infinity')
            and coalesce(parent.valid_to, 'infinity') >= child.valid_from
    order by child.branch_key asc, parent.valid_from desc
),

final as (
    select
        branch.branch_key,
        parent.parent_branch_key,
        branch.branch_code,
        branch.name_vi,
        branch.level,
        -- A unit without territory (police, army) counts in its parent's.
        coalesce(branch.region_level, parent.region_level) as region_level,
        coalesce(branch.region_code, parent.region_code) as region_code,
        coalesce(branch.region_valid_from, parent.region_valid_from)
            as region_valid_from,
        branch.merged_into,
        branch.valid_from,
        branch.valid_to
    from branch
    left join parent using (branch_key)
)

select * from final
