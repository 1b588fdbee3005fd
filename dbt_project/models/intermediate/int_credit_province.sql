-- grain: one row per province and month end: what the banks said of lending through
-- organisations
-- Direct lending (TT) passes by no group. Provinces of the commune's own time: old
-- codes mean old provinces.
with

province as (
    select
        path.region_key,
        path.target_region_key as province_key,
        path.valid_from,
        path.valid_to
    from {{ ref('int_region_path') }} as path
    where path.boundary = 'as_reported' and path.target_level = 'province'
),

loan as (
    select
        credit.region_key,
        month.end_date as as_of_date,
        sum(credit.turns) filter (where credit.organisation = 'PN') as turns,
        sum(credit.lent) filter (where credit.organisation = 'PN') as lent,
        sum(credit.closing_balance) filter (where credit.organisation = 'PN')
            as closing_balance,
        sum(credit.closing_balance) filter (
            where credit.source_kind = 'loan' and credit.organisation <> 'TT'
        ) as loan_group_balance,
        null::numeric as group_balance,
        null::numeric as groups,
        -- Summaries know no people.
        bool_or(credit.source_kind = 'summary' and credit.organisation = 'PN')
            as has_uncounted_people
    from {{ ref('fct_credit_month') }} as credit
    inner join {{ ref('int_period') }} as month using (period_key)
    group by credit.region_key, month.end_date
),

credit_group as (
    select distinct on (
        month.scope_key,
        month.commune_code_system,
        month.commune_code,
        month.organisation
    )
        commune.region_key,
        month.as_of_date,
        null::numeric as turns,
        null::numeric as lent,
        null::numeric as closing_balance,
        null::numeric as loan_group_balance,
        month.closing_balance as group_balance,
        case when month.organisation = 'PN' then month.groups end as groups,
        false as has_uncounted_people
    from {{ ref('int_group_month') }} as month
    inner join {{ ref('int_commune_code') }} as commune
        on
            month.commune_code_system = commune.commune_code_system
            and month.commune_code = commune.commune_code
            and month.as_of_date >= commune.valid_from
    where month.organisation <> 'TT'
    order by
        month.scope_key asc,
        month.commune_code_system asc,
        month.commune_code asc,
        month.organisation asc,
        commune.valid_from desc
),

both_sides as (
    select
        said.*,
        -- A commune that ended counts in the province of its own last day.
        least(said.as_of_date, coalesce(region.valid_to, 'infinity')) as counted_on
    from (
        select * from loan
        union all
        select * from credit_group
    ) as said
    inner join {{ ref('int_region') }} as region using (region_key)
),

-- As published, so that no reconciliation tells what is withheld there.
borrower as (
    select
        credit.region_key,
        month.end_date as as_of_date,
        credit.borrowers
    from {{ ref('fct_credit_borrower') }} as credit
    inner join {{ ref('int_period') }} as month using (period_key)
    where
        credit.bank_code = 'all'
        and credit.credit_programme = 'all'
        and credit.organisation = 'PN'
),

summed as (
    select
        province.province_key as region_key,
        both_sides.as_of_date,
        sum(both_sides.turns) as turns,
        sum(both_sides.lent) as lent,
        sum(both_sides.closing_balance) as closing_balance,
        sum(both_sides.loan_group_balance) as loan_group_balance,
        sum(both_sides.group_balance) as group_balance,
        sum(both_sides.groups) as groups,
        bool_or(both_sides.has_uncounted_people) as has_uncounted_people
    from both_sides
    inner join province
        on
            both_sides.region_key = province.region_key
            and {{ is_valid_on('province', 'both_sides.counted_on') }}
    group by province.province_key, both_sides.as_of_date
),

final as (
    select
        summed.region_key,
        summed.as_of_date,
        summed.turns,
        summed.lent,
        summed.closing_balance,
        summed.loan_group_balance,
        summed.group_balance,
        summed.groups,
        case when not summed.has_uncounted_people then borrower.borrowers end
            as borrowers
    from summed
    left join borrower using (region_key, as_of_date)
)

select * from final
