-- grain: one row per programme, indicator, branch, period, scenario and basis that
-- says a quantity and that this build reads to roll up
select value.*
from {{ ref('int_value_rollable') }} as value
inner join {{ ref('int_rollup_touched') }} as touched
    on
        value.period_key = touched.period_key
        and value.indicator_key = touched.indicator_key
