-- grain: one row per programme, indicator, region, period, scenario, basis and boundary
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[{'columns': ['period_key', 'indicator_key', 'region_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_rollup_scope'), is_of_rollup_scope()) }}",
        "{{ forget_stale_scopes(ref('int_rollup_scope')) }}",
    ],
    post_hook=["{{ remember_scopes(ref('int_rollup_scope')) }}", "{{ tell_changed_parts(\'period_key\') }}"],
) }}
with

-- Parts of a ratio that changed are rolled up again beside it; here they stay.
changed as (
    select
        scope.indicator_key,
        scope.period_key
    from {{ ref('int_rollup_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

recomputed as (
    select * from {{ ref('int_rollup_ratio') }}
),

reported as (
    select total.*
    from {{ ref('int_rollup_covered') }} as total
    left join recomputed
        on
            {{ matches_cell('total', 'recomputed') }}
            and total.region_key = recomputed.region_key
            and total.boundary = recomputed.boundary
    where recomputed.programme_key is null
),

rolled as (
    select
        *,
        false as is_recomputed
    from reported
    union all
    select
        *,
        true as is_recomputed
    from recomputed
),

judged as (
    select
        rolled.*,
        indicator.measure,
        indicator.is_additive_over_regions,
        indicator.undetermined_reason_vi,
        indicator.undetermined_reason_en,
        -- One branch's own figure for its own region is no sum, so even a ratio may
        -- stand.
        case
            when rolled.blocked_code is not null then rolled.blocked_code
            when
                rolled.is_recomputed
                or (
                    rolled.level_used = rolled.region_level
                    and rolled.branches_expected = 1
                    and not rolled.is_estimated
                )
                then null
            when indicator.measure = 'ratio' then 'ratio_without_parts'
            when not indicator.is_additive_over_regions then 'not_additive_over_regions'
        end as refused_code
    from rolled
    inner join changed using (indicator_key, period_key)
    inner join {{ ref('int_indicator') }} as indicator using (indicator_key)
),

-- The same result under several programmes (a cooperative under 939 and under 01) makes
-- a row of each.
claimed as (
    select
        judged.indicator_key,
        judged.region_key,
        judged.period_key,
        judged.scenario,
        judged.basis,
        judged.boundary,
        string_agg(
            programme.programme_code, ', '
            order by programme.programme_code
        ) as claimed_under
    from judged
    inner join {{ ref('dim_programme') }} as programme using (programme_key)
    where
        judged.indicator_key in (
            select several.indicator_key
            from judged as several
            group by several.indicator_key
            having min(several.programme_key) <> max(several.programme_key)
        )
    group by
        judged.indicator_key,
        judged.region_key,
        judged.period_key,
        judged.scenario,
        judged.basis,
        judged.boundary
    having count(*) > 1
),

-- What the missing may have: as much as those who reported, by their members or else by
-- their number. Beside the total, never in it; nothing is guessed from less than half.
estimated as (
    select
        *,
        case
            when
                refused_code is null
                and not is_recomputed
                and measure in ('flow', 'stock')
                and is_additive_over_regions
                and scenario = 'actual'
                and covered_pct >= 50
                and covered_pct < 100
                then round(value * (100 - covered_pct) / covered_pct)
        end as missing_estimate
    from (
        select
            *,
            coalesce(coverage_members_pct, coverage_pct) as covered_pct
        from judged
    ) as weighed
),

final as (
    select
        judged.programme_key,
        judged.indicator_key,
        judged.region_key,
        judged.period_key,
        judged.scenario,
        judged.basis,
        judged.boundary,
        judged.level_used,
        case when judged.refused_code is null then judged.value end as value,
        case when judged.refused_code is null then judged.lower_bound end
            as lower_bound,
        case when judged.refused_code is null then judged.upper_bound end
            as upper_bound,
        judged.refused_code is null and judged.is_lower_open as is_lower_open,
        judged.refused_code is null and judged.is_upper_open as is_upper_open,
        judged.is_approximate,
        judged.is_estimated,
        judged.refused_code as blocked_code,
        case
            when judged.refused_code = 'undetermined' then judged.undetermined_reason_en
            else blocked.reason_en
        end as blocked_reason,
        case
            when judged.refused_code = 'undetermined' then judged.undetermined_reason_vi
            else blocked.reason_vi
        end as blocked_reason_vi,
        judged.branches_expected,
        judged.branches_reported,
        judged.coverage_pct,
        judged.coverage_members_pct,
        judged.data_to_date,
        claimed.claimed_under,
        greatest(judged.branches_expected - judged.branches_reported, 0)
            as branches_missing,
        judged.missing_estimate,
        case
            when judged.missing_estimate is null then null
            when judged.coverage_members_pct is null then 'branches'
            else 'members'
        end
            as missing_estimate_by
    from estimated as judged
    left join claimed
        on
            judged.indicator_key = claimed.indicator_key
            and judged.region_key = claimed.region_key
            and judged.period_key = claimed.period_key
            and judged.scenario = claimed.scenario
            and judged.basis = claimed.basis
            and judged.boundary = claimed.boundary
    left join {{ ref('blocked_reason') }} as blocked
        on judged.refused_code = blocked.blocked_code
)

select * from final
