-- grain: one row per province and period of the bank's calendar
-- Whether figures of its communes were put together over more than the province, or
-- over organisations: then a total of it would tell of too few people.
select
    protection.province_key as region_key,
    whole.period_code,
    bool_or(protection.organisation = 'PN' and protection.people_level > 2)
        as is_balance_beyond,
    bool_or(protection.organisation = 'PN' and protection.flow_level > 2)
        as is_flow_beyond,
    bool_or(protection.organisation <> 'TT' and protection.people_level > 2)
        as is_group_beyond
from {{ ref('int_credit_protection') }} as protection
inner join {{ ref('int_credit_scope') }} using (scope_key)
inner join {{ ref('int_period') }} as month using (period_key)
inner join {{ ref('int_period') }} as whole
    on
        whole.calendar = 'bank'
        and month.start_date >= whole.start_date
        and month.end_date <= whole.end_date
group by protection.province_key, whole.period_code
