-- grain: one row per receipt and position that open findings are of
-- A table with an index: whoever joins it row by row finds it at once, however few rows
-- the planner expects.
{{ config(
    materialized='table',
    indexes=[{'columns': ['receipt_id', 'position'], 'unique': true}],
) }}
select
    receipt_id,
    position,
    count(*)::integer as findings,
    string_agg(distinct rule_id, ', ' order by rule_id) as finding_rules
from {{ ref('stg_finding') }}
where position is not null
group by receipt_id, position
