-- grain: one row per month end of which some bank's loan lines are in force
-- People are counted over banks, so a month is counted anew when any of its feeds
-- changes.
select
    as_of_date,
    period_key,
    'month|' || as_of_date::text as scope_key,
    md5(string_agg(scope_version, '|' order by scope_key)) as scope_version
from {{ ref('int_credit_protection_scope') }}
where kind = 'loan'
group by as_of_date, period_key
