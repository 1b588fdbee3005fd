-- grain: one row per open finding
-- A table for the same reason as stg_scope. Open: of a receipt that still counts or was
-- turned away, and not settled by an answer; "will be corrected" is a promise, so the
-- finding stays open until the correction comes.
{{ config(materialized='table', indexes=[{'columns': ['receipt_id']}]) }}
with

-- A held receipt, and the last good one that speaks for it meanwhile.
counting as (
    select
        scope_key,
        receipt_id
    from {{ ref('stg_scope') }}
    union
    select
        scope_key,
        held_receipt_id as receipt_id
    from {{ ref('stg_scope') }}
    where held_receipt_id is not null
),

latest_answer as (
    select distinct on (finding_id)
        finding_id,
        answer
    from {{ source('intake', 'finding_answer') }}
    order by finding_id asc, finding_answer_id desc
),

final as (
    select
        finding.finding_id,
        finding.receipt_id,
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
        finding.scope_key,
        latest_answer.answer
    from {{ source('intake', 'finding') }} as finding
    inner join {{ source('intake', 'receipt') }} as receipt using (receipt_id)
    left join latest_answer using (finding_id)
    where
        (
            receipt.state = 'rejected'
            or exists (
                select 1
                from counting
                where
                    counting.receipt_id = finding.receipt_id
                    and counting.scope_key
                    = coalesce(finding.scope_key, counting.scope_key)
            )
        )
        and coalesce(latest_answer.answer, 'will be corrected') = 'will be corrected'
)

select * from final
