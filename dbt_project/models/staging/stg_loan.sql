-- grain: one row per loan and month end of the feeds in force
-- The loan-level snapshot: restricted, since nobody who reads releases may use this
-- schema. Its partitions by month are those of raw.loan; a new feed of a bank and month
-- replaces the whole of it.
select
    raw.receipt_id,
    raw.line_no,
    scope.scope_key,
    raw.bank_code,
    raw.loan_id,
    raw.citizen_token,
    raw.sex,
    raw.commune_code,
    raw.commune_code_system,
    raw.group_id,
    raw.organisation,
    raw.credit_programme,
    raw.status,
    raw.approved_amount,
    raw.annual_rate_pct,
    raw.opening_balance,
    raw.lent,
    raw.collected,
    raw.written_off,
    raw.transferred,
    raw.closing_balance,
    raw.overdue,
    raw.frozen,
    raw.overdue_days,
    raw.disbursed_on,
    raw.maturity_on,
    raw.as_of_date
from {{ source('raw', 'loan') }} as raw
-- The date lets the planner read one month's partition.
inner join {{ ref('stg_scope') }} as scope
    on raw.receipt_id = scope.receipt_id and raw.as_of_date = scope.as_of_date
where scope.kind = 'loan' and not scope.is_held
