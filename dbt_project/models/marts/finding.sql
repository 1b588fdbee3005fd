-- grain: one row per open finding
select
    finding.finding_id,
    finding.receipt_id,
    receipt.kind,
    receipt.state as receipt_state,
    receipt.file_name,
    scope.branch_code,
    scope.period_code,
    scope.form,
    scope.bank_code,
    scope.as_of_date,
    finding.rule_id,
    finding.family,
    finding.severity,
    finding.position,
    finding.column_name,
    finding.value,
    finding.message_vi,
    finding.message_en,
    finding.proposed,
    finding.line_count,
    finding.answer
from {{ ref('stg_finding') }} as finding
inner join {{ ref('stg_receipt') }} as receipt using (receipt_id)
-- A receipt that was turned away fills no scope; what is said of a file with several
-- reports as a whole belongs to no single one.
left join {{ ref('stg_scope') }} as scope
    on finding.receipt_id = scope.receipt_id and finding.scope_key = scope.scope_key
