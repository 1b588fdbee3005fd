-- grain: one row per predecessor and successor
select
    {{ surrogate_key(['from_level', 'from_code', 'from_valid_from']) }}
        as from_region_key,
    {{ surrogate_key(['to_level', 'to_code', 'to_valid_from']) }} as to_region_key,
    weight,
    is_split,
    is_default,
    is_estimated,
    basis
from {{ ref('region_succession') }}
