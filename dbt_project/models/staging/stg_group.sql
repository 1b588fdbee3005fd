-- grain: one row per savings-and-credit group and month end of the feeds in force
select
    raw.receipt_id,
    raw.line_no,
    scope.scope_key,
    raw.bank_code,
    raw.group_id,
    raw.commune_code,
    raw.commune_code_system,
    raw.organisation,
    raw.members,
    raw.borrowers,
    raw.lent,
    raw.collected,
    raw.closing_balance,
    raw.overdue,
    raw.frozen,
    raw.savings_balance,
    raw.rating,
    raw.as_of_date
from {{ source('raw', 'credit_group') }} as raw
inner join {{ ref('stg_scope') }} as scope
    on raw.receipt_id = scope.receipt_id and raw.as_of_date = scope.as_of_date
where scope.kind = 'group' and not scope.is_held
