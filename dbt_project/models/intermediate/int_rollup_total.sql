-- grain: one row per programme, indicator, region, period, scenario, basis and boundary
-- Contributions that are refused are left out and count as not reported; where nothing
-- else is left, the total is refused for their reason. A bound is open as soon as one
-- part's is.
{{ config(
    materialized='table',
    indexes=[{'columns': ['region_key', 'period_key', 'indicator_key']}],
) }}
with

contribution as (
    select
        contribution.*,
        {{ reporting_level('contribution.branch_level') }} as reporting_level,
        contribution.blocked_code is null as is_usable,
        coalesce(contribution.blocked_code, 'undetermined')
        = 'undetermined' as is_reported,
        said.members
    from {{ ref('int_rollup_contribution') }} as contribution
    left join {{ ref('int_branch_members') }} as said
        on
            contribution.branch_key = said.branch_key
            and contribution.counted_on = said.as_of_date
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
        min(region_level) as region_level,
        case
            when min(reporting_level) = max(reporting_level) then min(reporting_level)
            else 'mixed'
        end as level_used,
        case when not bool_or(is_usable) then min(blocked_code) end as blocked_code,
        sum(value) filter (where is_usable) as value,
        case
            when
                count(lower_bound) filter (where is_usable)
                = count(*) filter (where is_usable)
                then sum(lower_bound) filter (where is_usable)
        end as lower_bound,
        case
            when
                count(upper_bound) filter (where is_usable)
                = count(*) filter (where is_usable)
                then sum(upper_bound) filter (where is_usable)
        end as upper_bound,
        coalesce(bool_or(is_lower_open) filter (where is_usable), false)
            as is_lower_open,
        coalesce(bool_or(is_upper_open) filter (where is_usable), false)
            as is_upper_open,
        coalesce(bool_or(is_approximate) filter (where is_usable), false)
            as is_approximate,
        bool_or(is_estimated) as is_estimated,
        bool_or(origin = 'summed') as is_summed,
        count(distinct branch_key) filter (where is_reported) as branches_reported,
        count(distinct province_code) filter (where is_usable) as provinces_reported,
        coalesce(sum(covered_share) filter (where is_reported), 0) as covered_share,
        -- Of branches in being on one day, each of which has said its members.
        case
            when
                count(*) filter (where is_reported)
                = count(members) filter (where is_reported)
                and min(counted_on) filter (where is_reported)
                = max(counted_on) filter (where is_reported)
                then min(counted_on) filter (where is_reported)
        end as members_on,
        sum(members * covered_share) filter (where is_reported) as members_reported,
        -- The same branches stand behind two totals when these sums agree.
        coalesce(sum(branch_key::numeric) filter (where is_usable), 0)
            as branches_fingerprint,
        min(latest_end_date) as data_to_date
    from contribution
    group by
        programme_key, indicator_key, region_key, period_key, scenario, basis, boundary
)

select * from final
