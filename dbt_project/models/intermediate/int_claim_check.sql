-- grain: one row per programme, claim, region, period and basis of which every
-- component was rolled up too
-- A claim ("hơn 2.000 hộ thoát nghèo") is held against the sum of the indicators that
-- make it up, which may be reported under another programme: the claim's own programme
-- first, else the component's.
with

claim as (
    select
        indicator.indicator_key,
        indicator.indicator_code,
        component.component_code,
        count(*) over (partition by indicator.indicator_key) as components
    from {{ ref('int_indicator') }} as indicator
    cross join
        unnest(string_to_array(indicator.component_codes, '|'))
            as component (component_code)
),

rolled as (
    select
        rollup.*,
        region.level as region_level
    from {{ ref('fct_indicator_rollup') }} as rollup
    inner join {{ ref('int_region') }} as region using (region_key)
    where
        rollup.scenario = 'actual'
        and rollup.boundary = 'as_reported'
        and rollup.value is not null
),

component as (
    select distinct on (
        whole.programme_key,
        whole.indicator_key,
        whole.region_key,
        whole.period_key,
        whole.basis,
        claim.component_code
    )
        whole.programme_key,
        whole.indicator_key,
        whole.region_key,
        whole.period_key,
        whole.basis,
        claim.components,
        part.value,
        part.lower_bound,
        part.upper_bound,
        part.is_lower_open,
        part.is_upper_open
    from rolled as whole
    inner join claim using (indicator_key)
    inner join {{ ref('int_indicator') }} as indicator
        on claim.component_code = indicator.indicator_code
    inner join rolled as part
        on
            indicator.indicator_key = part.indicator_key
            and whole.region_key = part.region_key
            and whole.period_key = part.period_key
            and whole.basis = part.basis
            and part.programme_key in (
                whole.programme_key, indicator.home_programme_key
            )
    -- Who claims is who is asked: a total over branches claims nothing of its own.
    where whole.level_used = whole.region_level
    order by
        whole.programme_key asc,
        whole.indicator_key asc,
        whole.region_key asc,
        whole.period_key asc,
        whole.basis asc,
        claim.component_code asc,
        (part.programme_key = whole.programme_key) desc
),

final as (
    select
        programme_key,
        indicator_key,
        region_key,
        period_key,
        basis,
        sum(value) as value,
        case when count(lower_bound) = count(*) then sum(lower_bound) end
            as lower_bound,
        case when count(upper_bound) = count(*) then sum(upper_bound) end
            as upper_bound,
        bool_or(is_lower_open) as is_lower_open,
        bool_or(is_upper_open) as is_upper_open
    from component
    group by programme_key, indicator_key, region_key, period_key, basis, components
    having count(*) = components
)

select * from final
