-- grain: one row per indicator
select
    {{ surrogate_key(['indicator_code']) }} as indicator_key,
    indicator_code,
    programme_code,
    name_vi,
    name_en,
    unit_code,
    measure,
    bases,
    numerator_code,
    denominator_code,
    parent_code,
    component_codes,
    direction,
    definition_vi,
    definition_en,
    undetermined_reason_vi,
    undetermined_reason_en,
    source,
    is_additive_over_regions,
    valid_from,
    valid_to
from {{ ref('indicator') }}
