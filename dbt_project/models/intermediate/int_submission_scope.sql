-- grain: one row per submission scope, held or not, with the branch, region and
-- period that its codes meant
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['scope_key'], 'unique': true}],
    pre_hook=[
        "{{ delete_stale_rows(ref('stg_scope')) }}",
        "{{ forget_stale_scopes(ref('stg_scope')) }}",
    ],
    post_hook="{{ remember_scopes(this) }}",
) }}
with

changed as (
    select scope.*
    from {{ ref('stg_scope') }} as scope
    where scope.kind = 'submission' and {{ is_new_scope('scope') }}
),

-- On the period's last day; a branch that ended within the period, on its own last day
-- (region of its time).
resolved as (
    select distinct on (changed.scope_key)
        changed.scope_key,
        changed.scope_version,
        changed.receipt_id,
        branch.branch_key,
        branch.region_key,
        period.period_key,
        branch.branch_level,
        changed.form,
        changed.is_held,
        changed.held_receipt_id,
        period.end_date
    from changed
    left join {{ ref('int_period') }} as period
        on changed.period_code = period.period_code and period.calendar = 'union'
    left join {{ ref('int_branch_region') }} as branch
        on
            changed.branch_code = branch.branch_code
            and period.end_date >= branch.valid_from
            and coalesce(branch.valid_to, 'infinity') >= period.start_date
    order by changed.scope_key asc, branch.valid_from desc
)

select * from resolved
