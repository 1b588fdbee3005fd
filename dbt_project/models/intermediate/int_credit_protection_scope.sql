-- grain: one row per bank and month end: the feed that speaks for it, in a version that
-- also says by which thresholds it is protected
select
    scope_key,
    scope_version
    || '|{{ var("small_cell") }}|{{ var("dominance_pct") }}' as scope_version,
    kind,
    bank_code,
    as_of_date,
    receipt_id,
    held_receipt_id,
    period_key,
    previous_receipt_id,
    previous_as_of_date
from {{ ref('int_credit_scope') }}
