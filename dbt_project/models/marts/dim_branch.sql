-- grain: one row per branch and validity
select
    branch_key,
    {{ surrogate_key(['region_level', 'region_code', 'region_valid_from']) }}
        as region_key,
    parent_branch_key,
    branch_code,
    name_vi,
    level,
    merged_into,
    valid_from,
    valid_to
from {{ ref('int_branch') }}
