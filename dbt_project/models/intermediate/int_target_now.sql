-- grain: one row per programme, indicator, region of today, horizon and basis
-- A merged region inherits the targets of those that it is made of, by the same bridge
-- as their figures: sums add, a share is expected of a split commune, and a rate stays
-- if it was the same for all. Where one of them had no target, what the whole has
-- reached cannot be held against it (`is_whole`).
with

target as (
    select
        target.*,
        indicator.indicator_key,
        programme.programme_key,
        today.region_key,
        today.region_code as today_code,
        indicator.measure <> 'ratio'
        and indicator.is_additive_over_regions as is_additive,
        region_now.weight
    from {{ ref('target') }} as target
    inner join {{ ref('dim_programme') }} as programme using (programme_code)
    inner join {{ ref('int_indicator') }} as indicator using (indicator_code)
    inner join {{ ref('int_region') }} as region
        on
            target.region_level = region.level
            and target.region_code = region.region_code
            and {{ is_valid_on('region', 'target.horizon_start') }}
    inner join {{ ref('int_region_now') }} as region_now
        on
            region.region_key = region_now.region_key
            and region.level = region_now.now_level
    inner join {{ ref('int_region') }} as today
        on region_now.now_region_key = today.region_key
),

horizon as (
    select distinct
        region_key,
        horizon_start
    from target
),

made_of as (
    select
        horizon.region_key,
        horizon.horizon_start,
        count(*) as regions
    from horizon
    inner join {{ ref('int_region_now') }} as region_now
        on horizon.region_key = region_now.now_region_key
    inner join {{ ref('int_region') }} as region
        on
            region_now.region_key = region.region_key
            and region_now.now_level = region.level
            and {{ is_valid_on('region', 'horizon.horizon_start') }}
    group by horizon.region_key, horizon.horizon_start
),

final as (
    select
        -- Of a split commune each successor has its own.
        string_agg(
            target.target_code
            || case when target.weight < 1 then '@' || target.today_code else '' end,
            '+' order by target.target_code
        ) as target_code,
        target.programme_key,
        target.indicator_key,
        target.region_key,
        target.horizon_start,
        target.horizon_end,
        target.horizon_period_code,
        target.basis,
        target.comparator,
        target.unit_code,
        string_agg(distinct target.legal_basis, '; ') as legal_basis,
        case
            when bool_and(target.is_additive)
                then trim_scale(sum(target.target_value * target.weight))
            else max(target.target_value)
        end as target_value,
        bool_and(target.is_confirmed) as is_confirmed,
        count(*) = min(made_of.regions)
        and (
            bool_and(target.is_additive)
            or min(target.target_value) = max(target.target_value)
        ) as is_whole
    from target
    inner join made_of using (region_key, horizon_start)
    group by
        target.programme_key,
        target.indicator_key,
        target.region_key,
        target.horizon_start,
        target.horizon_end,
        target.horizon_period_code,
        target.basis,
        target.comparator,
        target.unit_code
)

select * from final
