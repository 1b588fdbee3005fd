-- grain: one row per region version and version of its parent, with the days on
-- which both hold
-- A parent that only changes its name or kind gets a new version while its children
-- keep theirs, so the parent is found by its code on each day, not by the one version
-- that a child was entered under.
with

overlapping as (
    select
        child.region_key,
        parent.region_key as parent_region_key,
        parent.level as parent_level,
        greatest(child.valid_from, parent.valid_from) as valid_from,
        nullif(
            least(
                coalesce(child.valid_to, 'infinity'),
                coalesce(parent.valid_to, 'infinity')
            ),
            'infinity'
        ) as valid_to
    from {{ ref('int_region') }} as child
    inner join {{ ref('int_region') }} as parent
        on child.parent_level = parent.level and child.parent_code = parent.region_code
)

select * from overlapping
where valid_to is null or valid_from <= valid_to
