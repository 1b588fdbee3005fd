-- grain: one row per open finding
-- A table for the same reason as stg_scope. Open: of a receipt that still counts or was
-- turned away, and not settled by an answer; "will be corrected" is a promise, so the
-- finding stays open until the correction comes.
{{ config(materialized='table', indexes=[{'columns': ['receipt_id']}]) }}
with

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
        latest_answer.answer
    from {{ source('intake', 'finding') }} as finding
    inner join {{ source('intake', 'receipt') }} as receipt using (receipt_id)
    left join latest_answer using (finding_id)
    where
        (
            receipt.state in ('landed', 'held', 'rejected')
            -- The last good receipt, while a newer one is held.
            or exists (
                select 1
                from {{ ref('stg_scope') }} as scope
                where
                    scope.receipt_id = receipt.receipt_id
                    and scope.held_receipt_id is not null
            )
        )
        and coalesce(latest_answer.answer, 'will be corrected') = 'will be corrected'
)

select * from final
