-- grain: one row per calendar and period
-- The calendar that people maintain, and every other span of whole months that a branch
-- reported for.
{{ config(
    materialized='table',
    indexes=[{'columns': ['period_key'], 'unique': true}],
) }}
with

calendar as (
    select
        calendar,
        period_code,
        period_kind,
        start_date,
        end_date,
        due_date
    from {{ ref('period') }}
),

reported_span as (
    select distinct
        period_code,
        split_part(period_code, '/', 1) as first_month,
        split_part(period_code, '/', 2) as last_month
    from {{ ref('stg_scope') }}
    where kind = 'submission' and period_code ~ '^\d{4}-\d{2}/\d{4}-\d{2}$'
),

span as (
    select
        'union' as calendar,
        reported_span.period_code,
        'span' as period_kind,
        opening.start_date,
        closing.end_date,
        closing.end_date + rule.due_days as due_date
    from reported_span
    inner join calendar as opening
        on
            opening.calendar = 'union'
            and reported_span.first_month = opening.period_code
    inner join calendar as closing
        on closing.calendar = 'union' and reported_span.last_month = closing.period_code
    inner join {{ ref('period_rule') }} as rule
        on rule.calendar = 'union' and rule.period_kind = 'span'
),

final as (
    select * from calendar
    union all
    select * from span
)

select
    {{ surrogate_key(['calendar', 'period_code']) }} as period_key,
    calendar,
    period_code,
    period_kind,
    start_date,
    end_date,
    due_date
from final
