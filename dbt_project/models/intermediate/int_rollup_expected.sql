-- grain: one row per programme, indicator, region, period, scenario, basis and
-- boundary: who should be in the total
-- Counted at the level that the total is made of; a provincial programme expects its
-- own province only. A sum over parts expects each branch for the days that it was in
-- being, any other total those of the period's last day.
with

total as (
    select
        total.*,
        period.start_date,
        period.end_date,
        -- A region that ended within the period is asked for on its own last day; an
        -- old province goes on.
        case
            when total.boundary = 'as_before' then period.end_date
            else least(period.end_date, coalesce(region.valid_to, 'infinity'))
        end as counted_on,
        programme.region_level as programme_level,
        programme.region_code as programme_region_code
    from {{ ref('int_rollup_total') }} as total
    inner join {{ ref('int_period') }} as period using (period_key)
    inner join {{ ref('int_region') }} as region
        on total.region_key = region.region_key
    inner join {{ ref('dim_programme') }} as programme using (programme_key)
),

-- Where provinces differ in who reported, each province is counted at its own level.
level_wanted as (
    select
        total.programme_key,
        total.indicator_key,
        total.region_key,
        total.period_key,
        total.scenario,
        total.basis,
        total.boundary,
        total.is_summed,
        total.start_date,
        total.end_date,
        total.counted_on,
        case
            when total.level_used <> 'mixed' then total.level_used
            when total.region_level in ('economic_region', 'nation') then 'province'
            else 'commune'
        end as reporting_level,
        coalesce(programme_region.region_key, total.region_key) as counted_region_key,
        case
            when programme_region.region_key is null or total.boundary = 'as_now'
                then total.boundary
            else 'as_reported'
        end as counted_boundary
    from total
    left join {{ ref('int_region') }} as programme_region
        on
            total.programme_level = 'province'
            and total.region_level in ('economic_region', 'nation')
            and programme_region.level = 'province'
            and total.programme_region_code = programme_region.region_code
            and (
                (total.boundary = 'as_now' and programme_region.valid_to is null)
                or (
                    total.boundary <> 'as_now'
                    and total.end_date >= programme_region.valid_from
                    and coalesce(programme_region.valid_to, 'infinity')
                    >= case
                        when total.is_summed then total.start_date else total.end_date
                    end
                )
            )
),

counted as (
    select
        level_wanted.programme_key,
        level_wanted.indicator_key,
        level_wanted.region_key,
        level_wanted.period_key,
        level_wanted.scenario,
        level_wanted.basis,
        level_wanted.boundary,
        sum(branch_count.branches) as branches_expected,
        sum({{ branch_days('level_wanted', 'branch_count') }}) as expected_share,
        -- Told where nobody began or ended within a sum.
        case
            when
                sum({{ branch_days('level_wanted', 'branch_count') }})
                = sum(branch_count.branches)
                then max(said.members)
        end as members_expected,
        min(level_wanted.counted_on) as counted_on
    from level_wanted
    inner join {{ ref('int_branch_count') }} as branch_count
        on
            level_wanted.counted_boundary = branch_count.boundary
            and level_wanted.counted_region_key = branch_count.region_key
            and level_wanted.reporting_level = branch_count.reporting_level
            and {{ is_counted_stretch('level_wanted', 'branch_count') }}
    left join {{ ref('int_members_expected') }} as said
        on
            level_wanted.counted_boundary = said.boundary
            and level_wanted.counted_region_key = said.region_key
            and level_wanted.reporting_level = said.reporting_level
            and level_wanted.counted_on = said.as_of_date
    group by
        level_wanted.programme_key,
        level_wanted.indicator_key,
        level_wanted.region_key,
        level_wanted.period_key,
        level_wanted.scenario,
        level_wanted.basis,
        level_wanted.boundary
)

select * from counted
