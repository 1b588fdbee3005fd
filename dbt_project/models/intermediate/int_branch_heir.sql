-- grain: one row per ended branch version and branch version that followed it or a
-- branch above it, at once or later
{{ config(materialized='table', indexes=[{'columns': ['heir_key']}]) }}
{# No branch was followed more than three times since 2015; a test sees a fourth. #}
{% set steps = 3 %}
{% set heights = 2 %}{# district, province #}
with

above_0 as (
    select
        branch_key,
        branch_key as above_key
    from {{ ref('int_branch') }}
    where valid_to is not null
),

{% for height in range(1, heights + 1) %}
    above_{{ height }} as (
        select
            below.branch_key,
            branch.parent_branch_key as above_key
        from above_{{ height - 1 }} as below
        inner join {{ ref('int_branch') }} as branch
            on below.above_key = branch.branch_key
    ),

{% endfor %}
step_1 as (
    select
        ended.branch_key,
        heir.branch_key as heir_key
    from {{ ref('int_branch') }} as ended
    inner join {{ ref('int_branch') }} as heir
        on
            ended.merged_into = heir.branch_code
            and ended.valid_to + 1 = heir.valid_from
),

{% for step in range(2, steps + 1) %}
    step_{{ step }} as (
        select
            earlier.branch_key,
            later.heir_key
        from step_{{ step - 1 }} as earlier
        inner join step_1 as later on earlier.heir_key = later.branch_key
    ),

{% endfor %}
above as (
    {% for height in range(heights + 1) %}
        select * from above_{{ height }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

line as (
    {% for step in range(1, steps + 1) %}
        select * from step_{{ step }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select distinct
    above.branch_key,
    line.heir_key
from above
inner join line on above.above_key = line.branch_key
