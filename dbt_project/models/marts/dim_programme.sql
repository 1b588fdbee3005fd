-- grain: one row per programme
select
    {{ surrogate_key(['programme_code']) }} as programme_key,
    programme_code,
    name_vi,
    name_en,
    kind,
    level,
    region_level,
    region_code,
    parent_code,
    successor_code,
    legal_basis,
    lead_vi,
    lead_en,
    valid_from,
    valid_to
from {{ ref('programme') }}
