-- grain: one row per programme, indicator, region, period, scenario, basis and
-- boundary: a total with its coverage
with

total as (
    select
        *,
        -- Where provinces differ in who reported, coverage counts provinces.
        level_used = 'mixed'
        and region_level in ('economic_region', 'nation') as is_by_province
    from {{ ref('int_rollup_total') }}
),

final as (
    select
        total.programme_key,
        total.indicator_key,
        total.region_key,
        total.period_key,
        total.scenario,
        total.basis,
        total.boundary,
        total.region_level,
        total.level_used,
        total.blocked_code,
        total.value,
        total.lower_bound,
        total.upper_bound,
        total.is_lower_open,
        total.is_upper_open,
        total.is_approximate,
        total.is_estimated,
        total.branches_fingerprint,
        total.data_to_date,
        coalesce(expected.branches_expected, 0)::integer as branches_expected,
        (
            case
                when total.is_by_province then total.provinces_reported
                else total.branches_reported
            end
        )::integer as branches_reported,
        -- least() passes over nulls, so what expects nobody needs its own null.
        case
            when expected.expected_share > 0
                then
                    round(
                        least(
                            100
                            * case
                                when total.is_by_province then total.provinces_reported
                                else total.covered_share
                            end
                            / expected.expected_share,
                            100
                        ),
                        2
                    )
        end as coverage_pct,
        -- By size: where the same day's members are known of all who are in and of all
        -- who should be.
        case
            when
                total.level_used <> 'mixed'
                and total.members_on = expected.counted_on
                and expected.members_expected > 0
                then
                    round(
                        least(
                            100 * total.members_reported / expected.members_expected,
                            100
                        ),
                        2
                    )
        end as coverage_members_pct
    from total
    left join {{ ref('int_rollup_expected') }} as expected
        on
            {{ matches_cell('total', 'expected') }}
            and total.region_key = expected.region_key
            and total.boundary = expected.boundary
)

select * from final
