-- grain: one row per group feed in force, commune code, code system and organisation
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['scope_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('stg_scope')) }}",
        "{{ forget_stale_scopes(ref('stg_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('stg_scope'), 'group') }}",
) }}
with

changed as (
    select scope.*
    from {{ ref('stg_scope') }} as scope
    where scope.kind = 'group' and not scope.is_held and {{ is_new_scope('scope') }}
)

select
    changed.scope_key,
    changed.as_of_date,
    credit_group.commune_code,
    credit_group.commune_code_system,
    credit_group.organisation,
    count(*) as groups,
    sum(credit_group.members)::bigint as members,
    sum(credit_group.borrowers)::bigint as borrowers,
    sum(credit_group.lent)::numeric as lent,
    sum(credit_group.collected)::numeric as collected,
    sum(credit_group.closing_balance)::numeric as closing_balance,
    sum(credit_group.overdue)::numeric as overdue,
    sum(credit_group.frozen)::numeric as frozen
from changed
inner join {{ ref('stg_group') }} as credit_group
    on
        changed.receipt_id = credit_group.receipt_id
        and changed.as_of_date = credit_group.as_of_date
group by
    changed.scope_key,
    changed.as_of_date,
    credit_group.commune_code,
    credit_group.commune_code_system,
    credit_group.organisation
