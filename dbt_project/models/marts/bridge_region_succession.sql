-- grain: one row per predecessor and successor
select
    from_region_key,
    to_region_key,
    weight,
    is_split,
    is_default,
    is_estimated,
    basis
from {{ ref('int_region_succession') }}
