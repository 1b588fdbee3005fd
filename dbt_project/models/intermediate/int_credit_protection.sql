-- grain: one row per bank, credit programme, commune, organisation and month
-- The level at which each family of the cell's figures is published: 0 is the cell,
-- 1 to 4 those of `credit_levels`, 5 not at all. Where a group has unsafe cells, they
-- are put together, and with the smallest of the others until the sum is safe; where
-- all others are not enough, the unsafe ones go to the next level. What is published
-- is a sum over such blocks and nothing smaller. Of a month that a release has shown
-- blocks only grow, and until enough people differ in each.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['scope_key']}],
    pre_hook=[
        "set local enable_nestloop = off",
        "{{ delete_stale_rows(ref('int_credit_protection_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_protection_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_credit_protection_scope')) }}",
) }}
-- depends_on: {{ ref('int_credit_change') }}
{%- set revising = is_revising() %}
with

changed as (
    select scope.*
    from {{ ref('int_credit_protection_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

contributor as (
    select
        contributor.*,
        false as is_gone
    from {{ ref('int_credit_contributor') }} as contributor
    inner join changed using (scope_key)
    {{ credit_cells_gone() if revising }}
),

cell as (
    select
        contributor.*,
        province.target_region_key as province_key,
        {{ credit_levels_kept() }},
        row_number() over (
            order by
                contributor.scope_key,
                contributor.credit_programme_key,
                contributor.region_key,
                contributor.organisation
        ) as cell_id
    from contributor
    inner join changed using (scope_key)
    inner join {{ ref('int_region') }} as region using (region_key)
    left join {{ source('release', 'credit_level') }} as shown
        on
            contributor.scope_key = shown.scope_key
            and changed.shown_release_id = shown.release_id
            and contributor.credit_programme_key = shown.credit_programme_key
            and contributor.region_key = shown.region_key
            and contributor.organisation = shown.organisation
    -- A commune that ended counts in the province of its own last day.
    left join {{ ref('int_region_path') }} as province
        on
            contributor.region_key = province.region_key
            and province.boundary = 'as_reported'
            and province.target_level = 'province'
            and {{ is_valid_on(
                'province', "least(changed.as_of_date, coalesce(region.valid_to, 'infinity'))"
            ) }}
),

{{ credit_change() if revising }}

{{ credit_protection_steps(revising) }},

final as (
    select
        cell.scope_key,
        cell.credit_programme_key,
        cell.region_key,
        cell.organisation,
        cell.province_key,
        {{ each_family(
            'case when {0}.is_unsafe then ' ~ withheld_level() ~ ' else {0}.level end as {0}_level'
        ) }}
    from cell
    {{ credit_protection_joins() }}
    where not cell.is_gone
)

select * from final
