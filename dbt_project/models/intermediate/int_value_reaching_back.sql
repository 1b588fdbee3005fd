-- grain: one row per flow that a branch reports for days before it began and branch
-- that it followed
-- The merged province that reports the year 2025 says with it what the provinces that
-- it is made of did until June.
select
    value.programme_key,
    value.indicator_key,
    heir.branch_key,
    value.scenario,
    value.start_date,
    value.end_date
from {{ ref('int_value_touched') }} as value
inner join {{ ref('int_branch') }} as branch using (branch_key)
inner join {{ ref('int_branch_heir') }} as heir on value.branch_key = heir.heir_key
where
    value.measure = 'flow'
    and value.basis = 'in_period'
    and value.start_date < branch.valid_from
