-- grain: one row per scope that a receipt fills, held or not
-- A table, not a view: one build sees one state of intake even while files arrive.
{{ config(
    materialized='table',
    indexes=[{'columns': ['scope_key'], 'unique': true}, {'columns': ['receipt_id']}],
) }}
with

answers as (
    select
        finding.receipt_id,
        string_agg(
            answer.finding_id || answer.answer, '|'
            order by answer.finding_id, answer.finding_answer_id
        ) as answers
    from {{ source('intake', 'finding_answer') }} as answer
    inner join {{ source('intake', 'finding') }} as finding using (finding_id)
    group by finding.receipt_id
),

-- What a held receipt would replace stays in force: the last one of its scope that
-- nobody holds (ARCHITECTURE D8).
last_good as (
    select distinct on (earlier.scope_key)
        earlier.scope_key,
        earlier.receipt_id
    from {{ source('intake', 'receipt_scope') }} as earlier
    inner join {{ source('intake', 'scope') }} as scope
        on earlier.scope_key = scope.scope_key and scope.is_held
    left join {{ source('intake', 'approval') }} as approval
        on
            earlier.receipt_id = approval.receipt_id
            and earlier.scope_key = approval.scope_key
    where
        earlier.receipt_id <> scope.receipt_id
        and not earlier.is_withdrawn
        and not earlier.is_withheld
        and (not earlier.is_approval_needed or approval.receipt_id is not null)
    order by earlier.scope_key asc, earlier.precedence desc
),

filled as (
    select
        scope.scope_key,
        scope.kind,
        scope.branch_code,
        scope.period_code,
        scope.form,
        scope.bank_code,
        scope.as_of_date,
        coalesce(last_good.receipt_id, scope.receipt_id) as receipt_id,
        scope.is_held and last_good.receipt_id is null as is_held,
        case when scope.is_held then scope.receipt_id end as held_receipt_id
    from {{ source('intake', 'scope') }} as scope
    left join last_good on scope.scope_key = last_good.scope_key
    where scope.receipt_id is not null
),

final as (
    select
        filled.scope_key,
        filled.kind,
        filled.branch_code,
        filled.period_code,
        filled.form,
        filled.bank_code,
        filled.as_of_date,
        filled.receipt_id,
        -- Holding a scope or answering its findings changes what is published of it: a
        -- new version.
        md5(
            concat_ws(
                '|',
                filled.receipt_id,
                filled.is_held::text,
                coalesce(answers.answers, ''),
                filled.held_receipt_id
            )
        ) as scope_version,
        filled.is_held,
        filled.held_receipt_id
    from filled
    left join answers on filled.receipt_id = answers.receipt_id
)

select * from final
