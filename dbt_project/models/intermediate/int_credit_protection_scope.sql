-- grain: one row per bank and month end: the feed that speaks for it, in a version that
-- also says by which thresholds it is protected, and against what releases have shown
-- The newest release that showed the month counts, in force or not: all stay readable.
with

shown as (
    select distinct on (basis.scope_key)
        basis.scope_key,
        basis.release_id,
        basis.receipt_id,
        basis.previous_receipt_id,
        basis.previous_as_of_date,
        basis.untold
    from {{ source('release', 'credit_basis') }} as basis
    order by basis.scope_key asc, basis.release_id desc
),

-- The newest that showed other feeds: to publish a correction changes no version.
shown_otherwise as (
    select
        basis.scope_key,
        max(basis.release_id) as release_id
    from {{ source('release', 'credit_basis') }} as basis
    inner join {{ ref('int_credit_scope') }} as scope using (scope_key)
    where
        basis.receipt_id <> scope.receipt_id
        or basis.previous_receipt_id is distinct from scope.previous_receipt_id
    group by basis.scope_key
),

final as (
    select
        scope.scope_key,
        concat_ws(
            '|',
            scope.scope_version,
            '{{ var("small_cell") }}',
            '{{ var("dominance_pct") }}',
            shown_otherwise.release_id
        ) as scope_version,
        scope.kind,
        scope.bank_code,
        scope.as_of_date,
        scope.receipt_id,
        scope.held_receipt_id,
        scope.period_key,
        scope.previous_receipt_id,
        scope.previous_as_of_date,
        shown.release_id as shown_release_id,
        shown.receipt_id as shown_receipt_id,
        shown.previous_receipt_id as shown_previous_receipt_id,
        shown.previous_as_of_date as shown_previous_as_of_date,
        coalesce(shown.untold, '') as untold,
        shown.release_id is not null
        and (
            shown.receipt_id <> scope.receipt_id
            or shown.previous_receipt_id is distinct from scope.previous_receipt_id
        ) as is_revised
    from {{ ref('int_credit_scope') }} as scope
    left join shown on scope.scope_key = shown.scope_key
    left join shown_otherwise on scope.scope_key = shown_otherwise.scope_key
)

select * from final
