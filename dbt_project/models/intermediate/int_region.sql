-- grain: one row per region and validity (level, code, valid_from)
{{ config(
    materialized='table',
    indexes=[{'columns': ['region_key'], 'unique': true}],
) }}
select
    {{ surrogate_key(['region.level', 'region.region_code', 'region.valid_from']) }}
        as region_key,
    {{ surrogate_key([
        'region.parent_level', 'region.parent_code', 'region.parent_valid_from'
    ]) }}
        as parent_region_key,
    region.region_code,
    region.level,
    region.name_vi,
    region.kind,
    region.province_code,
    region.economic_region,
    region.parent_level,
    region.parent_code,
    region.legal_basis,
    region.valid_from,
    region.valid_to
from {{ ref('region') }} as region
