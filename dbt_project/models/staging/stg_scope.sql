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

final as (
    select
        scope.scope_key,
        scope.kind,
        scope.branch_code,
        scope.period_code,
        scope.form,
        scope.bank_code,
        scope.as_of_date,
        scope.receipt_id,
        -- Holding a scope or answering its findings changes what is published of it: a
        -- new version.
        md5(
            scope.receipt_id
            || '|'
            || scope.is_held::text
            || '|'
            || coalesce(answers.answers, '')
        ) as scope_version,
        scope.is_held
    from {{ source('intake', 'scope') }} as scope
    left join answers using (receipt_id)
    where scope.receipt_id is not null
)

select * from final
