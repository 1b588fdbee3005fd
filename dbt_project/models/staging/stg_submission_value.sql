-- grain: one row per reported value of the receipts in force
select
    raw.receipt_id,
    raw.line_no,
    raw.scope_key,
    raw.branch_code,
    raw.period_code,
    raw.form,
    raw.programme_code,
    raw.indicator_code,
    raw.scenario,
    raw.basis,
    raw.unit_code,
    raw.value,
    raw.lower_bound,
    raw.upper_bound,
    raw.qualifier,
    raw.value_state,
    raw.position,
    raw.raw_text,
    raw.note
from {{ source('raw', 'submission_value') }} as raw
inner join {{ ref('stg_scope') }} as scope
    on raw.receipt_id = scope.receipt_id and raw.scope_key = scope.scope_key
where not scope.is_held
