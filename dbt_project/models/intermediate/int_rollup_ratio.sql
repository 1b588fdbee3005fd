-- grain: one row per programme, ratio, region, period, scenario, basis and boundary
-- where both parts were rolled up
-- Never an average of ratios: numerator over denominator of the same branches. The
-- denominator may be a stock at a date (members), and may be reported outside the
-- programme.
with

ratio as (
    select
        ratio.indicator_key,
        ratio.bases,
        ratio.numerator_key,
        ratio.denominator_key,
        denominator.home_programme_key as denominator_home_key
    from {{ ref('int_indicator') }} as ratio
    inner join {{ ref('int_indicator') }} as denominator
        on ratio.denominator_key = denominator.indicator_key
    where ratio.measure = 'ratio'
),

total as (
    select * from {{ ref('int_rollup_covered') }}
    where blocked_code is null
),

pair as (
    select distinct on (
        numerator.programme_key,
        ratio.indicator_key,
        numerator.region_key,
        numerator.period_key,
        numerator.scenario,
        numerator.basis,
        numerator.boundary
    )
        numerator.programme_key,
        ratio.indicator_key,
        numerator.region_key,
        numerator.period_key,
        numerator.scenario,
        numerator.basis,
        numerator.boundary,
        numerator.region_level,
        numerator.level_used,
        numerator.value as numerator_value,
        denominator.value as denominator_value,
        numerator.lower_bound as numerator_lower,
        numerator.upper_bound as numerator_upper,
        denominator.lower_bound as denominator_lower,
        denominator.upper_bound as denominator_upper,
        numerator.is_lower_open or denominator.is_upper_open as is_lower_open,
        numerator.is_upper_open or denominator.is_lower_open as is_upper_open,
        numerator.is_approximate or denominator.is_approximate as is_approximate,
        numerator.is_estimated or denominator.is_estimated as is_estimated,
        numerator.branches_fingerprint,
        numerator.branches_fingerprint
        = denominator.branches_fingerprint as is_same_branches,
        least(numerator.data_to_date, denominator.data_to_date) as data_to_date,
        numerator.branches_expected,
        numerator.branches_reported,
        numerator.coverage_pct,
        numerator.coverage_members_pct
    from ratio
    inner join total as numerator
        on
            ratio.numerator_key = numerator.indicator_key
            and numerator.basis = any(string_to_array(ratio.bases, '|'))
    inner join total as denominator
        on
            ratio.denominator_key = denominator.indicator_key
            and numerator.region_key = denominator.region_key
            and numerator.period_key = denominator.period_key
            and numerator.scenario = denominator.scenario
            and numerator.boundary = denominator.boundary
            and denominator.basis in (numerator.basis, 'as_of')
            and denominator.programme_key in (
                numerator.programme_key, ratio.denominator_home_key
            )
    order by
        numerator.programme_key asc,
        ratio.indicator_key asc,
        numerator.region_key asc,
        numerator.period_key asc,
        numerator.scenario asc,
        numerator.basis asc,
        numerator.boundary asc,
        (denominator.programme_key = numerator.programme_key) desc,
        (denominator.basis = numerator.basis) desc
),

judged as (
    select
        *,
        case
            when not is_same_branches then 'ratio_parts_differ'
            when denominator_value = 0 then 'ratio_zero_denominator'
        end as blocked_code
    from pair
),

final as (
    select
        programme_key,
        indicator_key,
        region_key,
        period_key,
        scenario,
        basis,
        boundary,
        region_level,
        level_used,
        blocked_code,
        case
            when
                blocked_code is null
                then round(100 * numerator_value / denominator_value, 6)
        end
            as value,
        case
            when blocked_code is null
                then round(100 * numerator_lower / nullif(denominator_upper, 0), 6)
        end as lower_bound,
        case
            when blocked_code is null
                then round(100 * numerator_upper / nullif(denominator_lower, 0), 6)
        end as upper_bound,
        is_lower_open,
        is_upper_open,
        is_approximate,
        is_estimated,
        branches_fingerprint,
        data_to_date,
        branches_expected,
        branches_reported,
        coverage_pct,
        coverage_members_pct
    from judged
)

select * from final
