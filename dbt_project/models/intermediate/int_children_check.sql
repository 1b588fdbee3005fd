-- grain: one row per programme, indicator, region, period and basis that the region
-- and branches below it both reported: the region's own figure against their sum
-- What is not covered may be any more, so a side that covers only a part is open
-- above. Where the two cannot be one number, the branch whose figure comes nearest to
-- the difference explains most of it: left out on one side, or counted twice.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['period_key', 'indicator_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_rollup_scope'), is_of_rollup_scope()) }}",
        "{{ forget_stale_scopes(ref('int_rollup_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_rollup_scope')) }}",
) }}
with

compared as (
    select
        choice.programme_key,
        choice.indicator_key,
        choice.region_key,
        choice.period_key,
        choice.scenario,
        choice.basis,
        choice.below_level,
        choice.own_value as value,
        choice.own_lower_bound as lower_bound,
        case when choice.own_coverage >= 1 then choice.own_upper_bound end
            as upper_bound,
        choice.is_own_lower_open as is_lower_open,
        choice.is_own_upper_open as is_upper_open,
        choice.below_value as bank_value,
        choice.below_lower_bound as bank_lower_bound,
        case when choice.below_coverage >= 1 then choice.below_upper_bound end
            as bank_upper_bound,
        choice.is_below_lower_open as is_bank_lower_open,
        choice.is_below_upper_open as is_bank_upper_open
    from {{ ref('int_rollup_choice') }} as choice
    inner join {{ ref('int_indicator') }} as indicator using (indicator_key)
    inner join {{ ref('int_rollup_scope') }} as scope using (indicator_key, period_key)
    where
        {{ is_new_scope('scope') }}
        and choice.scenario = 'actual'
        and choice.own_value is not null
        and choice.below_value is not null
        and indicator.is_additive_over_regions
        and indicator.measure <> 'ratio'
),

differing as (
    select * from compared
    where not ({{ intervals_meet() }})
),

nearest as (
    select distinct on (
        differing.programme_key,
        differing.indicator_key,
        differing.region_key,
        differing.period_key,
        differing.basis
    )
        differing.programme_key,
        differing.indicator_key,
        differing.region_key,
        differing.period_key,
        differing.basis,
        branch.branch_code
    from differing
    inner join {{ ref('int_region_path') }} as path
        on
            differing.region_key = path.target_region_key
            and path.boundary = 'as_reported'
    inner join {{ ref('int_rollup_value') }} as child
        on
            path.region_key = child.region_key
            and {{ matches_cell('differing', 'child') }}
            and {{ is_valid_on('path', 'child.counted_on') }}
            and differing.below_level = {{ reporting_level('child.branch_level') }}
            and child.value is not null
    inner join {{ ref('int_branch') }} as branch
        on child.branch_key = branch.branch_key
    order by
        differing.programme_key asc,
        differing.indicator_key asc,
        differing.region_key asc,
        differing.period_key asc,
        differing.basis asc,
        abs(abs(differing.value - differing.bank_value) - child.value) asc,
        branch.branch_code asc
),

final as (
    select
        compared.programme_key,
        compared.indicator_key,
        compared.region_key,
        compared.period_key,
        compared.basis,
        compared.value,
        compared.lower_bound,
        compared.upper_bound,
        compared.is_lower_open,
        compared.is_upper_open,
        compared.bank_value,
        compared.bank_lower_bound,
        compared.bank_upper_bound,
        compared.is_bank_lower_open,
        compared.is_bank_upper_open,
        nearest.branch_code as explaining_branch_code
    from compared
    left join nearest
        using (programme_key, indicator_key, region_key, period_key, basis)
)

select * from final
