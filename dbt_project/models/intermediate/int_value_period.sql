-- grain: one row per reported period, with a version of what is in force of it
select
    period_key,
    period_key::text as scope_key,
    md5(string_agg(scope_key || ':' || scope_version, '|' order by scope_key))
        as scope_version
from {{ ref('int_submission_scope') }}
where not is_held
group by period_key
