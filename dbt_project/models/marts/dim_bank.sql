-- grain: one row per bank
select
    {{ surrogate_key(['bank_code']) }} as bank_key,
    bank_code,
    name_vi,
    name_en,
    kind,
    valid_from,
    valid_to
from {{ ref('bank') }}
