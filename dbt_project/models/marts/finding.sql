-- grain: one row per open finding
with

-- A long CSV may fill several scopes: then a finding of its receipt belongs to no
-- single one.
scope as (
    select
        receipt_id,
        case when count(distinct branch_code) = 1 then min(branch_code) end
            as branch_code,
        case when count(distinct period_code) = 1 then min(period_code) end
            as period_code,
        case when count(distinct form) = 1 then min(form) end as form,
        case when count(distinct bank_code) = 1 then min(bank_code) end as bank_code,
        case when count(distinct as_of_date) = 1 then min(as_of_date) end as as_of_date
    from {{ ref('stg_scope') }}
    group by receipt_id
)

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
-- A receipt that was turned away fills no scope.
left join scope using (receipt_id)
