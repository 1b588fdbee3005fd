-- grain: one row per region and validity (level, code, valid_from)
select
    region_key,
    parent_region_key,
    region_code,
    level,
    name_vi,
    kind,
    province_code,
    economic_region,
    legal_basis,
    valid_from,
    valid_to
from {{ ref('int_region') }}
