-- grain: one row per programme, indicator, branch, period, scenario and basis
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[{'columns': ['scope_key']}, {'columns': ['period_key', 'indicator_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_submission_scope')) }}",
        "{{ forget_stale_scopes(ref('int_submission_scope')) }}",
    ],
    post_hook=["{{ remember_scopes(ref('int_submission_scope')) }}", "{{ tell_changed_parts(\'period_key\') }}"],
) }}
with

changed as (
    select scope.*
    from {{ ref('int_submission_scope') }} as scope
    where not scope.is_held and {{ is_new_scope('scope') }}
),

final as (
    select
        {{ surrogate_key(['value.programme_code']) }} as programme_key,
        {{ surrogate_key(['value.indicator_code']) }} as indicator_key,
        changed.branch_key,
        changed.region_key,
        changed.period_key,
        value.scenario,
        value.basis,
        value.unit_code,
        value.qualifier,
        value.value_state,
        value.value,
        value.lower_bound,
        value.upper_bound,
        coalesce(finding.findings, 0) as findings,
        finding.finding_rules,
        value.receipt_id,
        value.position,
        value.raw_text,
        value.scope_key,
        changed.held_receipt_id is not null as is_outdated
    from changed
    inner join {{ ref('stg_submission_value') }} as value
        on changed.receipt_id = value.receipt_id and changed.scope_key = value.scope_key
    left join {{ ref('int_finding_position') }} as finding
        on value.receipt_id = finding.receipt_id and value.position = finding.position
)

select * from final
