-- grain: one row per calendar and period
select
    period_key,
    calendar,
    period_code,
    period_kind,
    start_date,
    end_date,
    due_date
from {{ ref('int_period') }}
