-- grain: one row per programme, indicator, branch, period, scenario and basis that
-- says a quantity
-- A nil report counts as zero; missing and not applicable say nothing about the
-- quantity (ARCHITECTURE D3).
select
    value.programme_key,
    value.indicator_key,
    value.branch_key,
    value.region_key,
    value.period_key,
    value.scenario,
    value.basis,
    branch.level as branch_level,
    indicator.measure,
    period.period_kind,
    period.start_date,
    period.end_date,
    case value.value_state when 'nil' then 0 else value.value end as value,
    case value.value_state when 'nil' then 0 else value.lower_bound end as lower_bound,
    case value.value_state when 'nil' then 0 else value.upper_bound end as upper_bound,
    -- An open end: "trên 18.000" is above 18.000, not 18.000 itself.
    value.value_state = 'reported' and value.qualifier = 'more_than' as is_lower_open,
    value.value_state = 'reported' and value.qualifier = 'less_than' as is_upper_open,
    value.value_state = 'reported' and value.qualifier <> 'exact' as is_approximate,
    -- How far an amount may be off by the precision in which it was written. A bound
    -- that was declared is a bound: "trên 3.500 tỉ" is one-sided.
    case
        when
            value.value_state = 'reported'
            and value.qualifier = 'exact'
            and value.unit_code = 'VND'
            then {{ last_place('value.value', 'value.raw_text') }}
        else 0
    end as tolerance
from {{ ref('fct_indicator_value') }} as value
inner join {{ ref('int_indicator') }} as indicator using (indicator_key)
inner join {{ ref('int_branch') }} as branch using (branch_key)
inner join {{ ref('int_period') }} as period using (period_key)
where value.value_state in ('reported', 'nil')
