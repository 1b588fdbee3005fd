-- grain: one row per branch and day up to which something is rolled up: the members
-- that it last said it has
-- A branch that has never said it has no row: how much of the membership a total covers
-- is then not known.
{{ config(
    materialized='table',
    indexes=[{'columns': ['branch_key', 'as_of_date'], 'unique': true}],
) }}
with

told as (
    select distinct on (value.branch_key, value.end_date)
        value.branch_key,
        value.end_date,
        value.value as members
    from {{ ref('int_value_rollable') }} as value
    inner join {{ ref('int_indicator') }} as indicator using (indicator_key)
    where
        indicator.indicator_code = 'MEMBERS_TOTAL'
        and value.basis = 'as_of'
        and value.scenario = 'actual'
    order by
        value.branch_key asc, value.end_date asc,
        value.start_date desc, value.programme_key asc
),

stretch as (
    select
        told.branch_key,
        told.members,
        told.end_date as told_on,
        least(
            lead(told.end_date) over (
                partition by told.branch_key
                order by told.end_date
            ) - 1,
            coalesce(branch.valid_to, 'infinity')
        ) as last_day
    from told
    inner join {{ ref('int_branch') }} as branch using (branch_key)
),

period as (
    select distinct
        period.start_date,
        period.end_date
    from {{ ref('int_rollup_changed') }}
    inner join {{ ref('int_period') }} as period using (period_key)
),

-- The last days of periods, and of regions that ended within one.
asked as (
    select end_date as as_of_date
    from period
    union distinct
    select region.valid_to as as_of_date
    from {{ ref('int_region') }} as region
    inner join period
        on region.valid_to between period.start_date and period.end_date
)

select
    stretch.branch_key,
    asked.as_of_date,
    stretch.members
from stretch
inner join asked on asked.as_of_date between stretch.told_on and stretch.last_day
