-- grain: one row per flow that a branch reports for days before it began and branch
-- that it followed, or of whose ground it holds a part
-- The merged province that reports the year 2025 says with it what the provinces that
-- it is made of did until June; a new commune, what went on in its part of the district
-- that was there until then.
with

before as (
    select
        branch_key,
        heir_key,
        1::numeric as share
    from {{ ref('int_branch_heir') }}
    union all
    select
        branch_key,
        heir_key,
        share
    from {{ ref('int_branch_ground') }}
)

select
    value.programme_key,
    value.indicator_key,
    before.branch_key,
    before.heir_key,
    before.share,
    value.scenario,
    value.start_date,
    value.end_date
from {{ ref('int_value_touched') }} as value
inner join {{ ref('int_branch') }} as branch using (branch_key)
inner join before on value.branch_key = before.heir_key
where
    value.measure = 'flow'
    and value.basis = 'in_period'
    and value.start_date < branch.valid_from
