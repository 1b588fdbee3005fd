-- grain: one row per period of the Union's calendar and other period that lies
-- wholly within it
{{ config(materialized='table', indexes=[{'columns': ['part_key']}]) }}
select
    container.period_key as container_key,
    part.period_key as part_key,
    container.period_kind as container_kind,
    container.start_date as container_start_date,
    container.end_date as container_end_date
from {{ ref('int_period') }} as container
inner join {{ ref('int_period') }} as part
    on
        container.start_date <= part.start_date
        and container.end_date >= part.end_date
        and container.period_key <> part.period_key
where container.calendar = 'union' and part.calendar = 'union'
