-- grain: one row per period of the Union's calendar and period whose values decide its
-- figures
-- Itself, what lies within it, and what is counted from the year's beginning to its end
-- or to the eve of its first day.
{{ config(materialized='table', indexes=[{'columns': ['container_key']}]) }}
with

period as (
    select * from {{ ref('int_period') }}
    where calendar = 'union'
),

itself as (
    select
        period_key as container_key,
        period_key as part_key
    from period
),

within as (
    select
        container_key,
        part_key
    from {{ ref('int_period_containment') }}
),

counted as (
    select
        whole.period_key as container_key,
        said.period_key as part_key
    from period as whole
    inner join period as year
        on
            year.period_kind = 'year'
            and whole.start_date >= year.start_date
            and whole.end_date <= year.end_date
    inner join period as said
        on
            year.start_date <= said.start_date
            and said.end_date in (whole.end_date, whole.start_date - 1)
)

select * from itself
union distinct
select * from within
union distinct
select * from counted
