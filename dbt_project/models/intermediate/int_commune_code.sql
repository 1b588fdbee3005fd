-- grain: one row per code system, commune code and version of the commune that it names
-- GSO-2024 names communes of before the reform of 1 July 2025, GSO-2025 those of after,
-- whatever the month of the feed: a bank that still sends old codes in August 2025
-- means the old territory.
{{ config(materialized='table', indexes=[{'columns': ['commune_code']}]) }}
select
    case
        when valid_from >= date '2025-07-01' then 'GSO-2025'
        else 'GSO-2024'
    end as commune_code_system,
    region_code as commune_code,
    region_key,
    valid_from,
    valid_to
from {{ ref('int_region') }}
where level = 'commune'
