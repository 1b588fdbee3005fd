-- grain: one row per commune, credit programme, organisation and month end of the
-- summaries in force
select
    raw.receipt_id,
    raw.line_no,
    scope.scope_key,
    raw.bank_code,
    raw.commune_code,
    raw.commune_code_system,
    raw.organisation,
    raw.credit_programme,
    raw.loans,
    raw.households,
    raw.lent,
    raw.collected,
    raw.closing_balance,
    raw.overdue,
    raw.frozen,
    raw.as_of_date
from {{ source('raw', 'credit_summary') }} as raw
inner join {{ ref('stg_scope') }} as scope
    on raw.receipt_id = scope.receipt_id and raw.as_of_date = scope.as_of_date
where scope.kind = 'summary' and not scope.is_held
