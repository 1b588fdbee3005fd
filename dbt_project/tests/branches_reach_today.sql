-- Each branch that ended is followed by one of today, in as many steps as
-- int_branch_heir takes.
select ended.branch_code
from {{ ref('int_branch') }} as ended
where
    ended.valid_to is not null
    and ended.merged_into is not null
    and not exists (
        select 1
        from {{ ref('int_branch_heir') }} as heir
        inner join {{ ref('int_branch') }} as today on heir.heir_key = today.branch_key
        where ended.branch_key = heir.branch_key and today.valid_to is null
    )
