-- grain: one row per indicator, with the keys of what it refers to
{{ config(
    materialized='table',
    indexes=[{'columns': ['indicator_key'], 'unique': true}],
) }}
select
    {{ surrogate_key(['indicator_code']) }} as indicator_key,
    {{ surrogate_key(['programme_code']) }} as home_programme_key,
    {{ surrogate_key(['numerator_code']) }} as numerator_key,
    {{ surrogate_key(['denominator_code']) }} as denominator_key,
    indicator_code,
    measure,
    bases,
    component_codes,
    undetermined_reason_vi,
    undetermined_reason_en,
    is_additive_over_regions
from {{ ref('indicator') }}
