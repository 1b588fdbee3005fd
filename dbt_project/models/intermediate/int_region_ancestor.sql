-- grain: one row per region version, version of itself or of a region above it, and
-- stretch of days
{{ config(materialized='table', indexes=[{'columns': ['region_key']}]) }}
{% set steps = 4 %}{# commune, district, province, economic region, nation #}
with

self as (
    select
        region_key,
        level as region_level,
        region_key as ancestor_region_key,
        level as ancestor_level,
        valid_from,
        valid_to
    from {{ ref('int_region') }}
),

parent as (
    select * from {{ ref('int_region_parent') }}
),

{% for step in range(1, steps + 1) %}
    step_{{ step }} as (
        select
            below.region_key,
            below.region_level,
            parent.parent_region_key as ancestor_region_key,
            parent.parent_level as ancestor_level,
            greatest(below.valid_from, parent.valid_from) as valid_from,
            nullif(
                least(
                    coalesce(below.valid_to, 'infinity'),
                    coalesce(parent.valid_to, 'infinity')
                ),
                'infinity'
            ) as valid_to
        from {{ 'self' if step == 1 else 'step_' ~ (step - 1) }} as below
        inner join parent
            on
                below.ancestor_region_key = parent.region_key
                and below.valid_from <= coalesce(parent.valid_to, 'infinity')
                and coalesce(below.valid_to, 'infinity') >= parent.valid_from
    ),

{% endfor %}
final as (
    select * from self
    {% for step in range(1, steps + 1) %}
        union all
        select * from step_{{ step }}
    {% endfor %}
)

select
    region_key,
    region_level,
    ancestor_region_key,
    ancestor_level,
    valid_from,
    valid_to
from final
