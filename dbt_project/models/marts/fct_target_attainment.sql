-- grain: one row per programme, indicator, region and horizon
-- A figure that covers only some branches can prove that a target is reached, never
-- that it is not; "gần 10.000" is below 10.000, "trên 18.000" above 18.000; a bound
-- that crosses the target proves nothing.
with

compared as (
    select
        *,
        lower_bound > target_value
        or (lower_bound = target_value and is_lower_open) as is_above,
        lower_bound = target_value and not is_lower_open as is_reached,
        (upper_bound < target_value or (upper_bound = target_value and is_upper_open))
        and coverage_pct >= 100 as is_below,
        (data_to_date - horizon_start + 1)::numeric / (closing_date - horizon_start + 1)
            as elapsed_share
    from {{ ref('int_target_actual') }}
),

final as (
    select
        programme_key,
        indicator_key,
        region_key,
        horizon_period_key,
        horizon_start,
        horizon_end,
        target_code,
        basis,
        unit_code,
        legal_basis,
        is_confirmed,
        target_value,
        actual_value,
        lower_bound,
        upper_bound,
        round(100 * actual_value / nullif(target_value, 0), 2) as attained_pct,
        case
            when is_above then 'exceeded'
            when is_reached then 'met'
            when is_below and elapsed_share >= 1 then 'missed'
            when
                is_below and actual_value >= target_value * elapsed_share
                then 'on_track'
            when is_below then 'behind'
            else 'not_assessable'
        end as outcome,
        as_of_period,
        coverage_pct,
        data_to_date
    from compared
)

select * from final
