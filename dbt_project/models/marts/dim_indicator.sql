-- grain: one row per indicator
select
    {{ surrogate_key(['indicator.indicator_code']) }} as indicator_key,
    indicator.indicator_code,
    indicator.programme_code,
    indicator.name_vi,
    indicator.name_en,
    indicator.unit_code,
    indicator.measure,
    indicator.bases,
    indicator.numerator_code,
    indicator.denominator_code,
    indicator.parent_code,
    indicator.component_codes,
    indicator.direction,
    indicator.definition_vi,
    indicator.definition_en,
    indicator.undetermined_reason_vi,
    indicator.undetermined_reason_en,
    indicator.source,
    indicator.is_additive_over_regions,
    indicator.valid_from,
    indicator.valid_to,
    unit.name_vi as unit_name_vi,
    unit.name_en as unit_name_en
from {{ ref('indicator') }} as indicator
inner join {{ ref('unit') }} as unit using (unit_code)
