-- grain: one row per value over time that is counted anywhere, with the day on which
-- its branch is placed
with

placed as (
    select
        over_time.*,
        region.province_code,
        period.end_date,
        -- A branch that ended within the period counts where it was on its own last
        -- day.
        least(period.end_date, coalesce(branch.valid_to, 'infinity')) as counted_on,
        -- What is refused covers nothing; what is only undetermined was reported.
        case
            when coalesce(over_time.blocked_code, 'undetermined') = 'undetermined'
                then over_time.covered_share
            else 0
        end as reported_share
    from {{ ref('int_value_over_time') }} as over_time
    inner join {{ ref('int_period') }} as period using (period_key)
    inner join {{ ref('int_branch') }} as branch using (branch_key)
    inner join {{ ref('int_region') }} as region
        on over_time.region_key = region.region_key
)

select * from placed
-- What stands at a date is only counted by those who were there on that date: a merged
-- branch's last figure lives on in its successor's.
where basis = 'in_period' or counted_on = end_date
