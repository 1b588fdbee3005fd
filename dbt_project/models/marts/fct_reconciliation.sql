-- grain: one row per region, period and matter
-- `branch_value` is what branches (or the bank's groups, or a claim) say, `bank_value`
-- what it is held against: the bank's figure, its loan lines, the claim's components,
-- or the sum of the branches below. Bounded figures agree when they can be the same
-- number.
with

rolled as (
    select
        rollup.*,
        period.period_code
    from {{ ref('fct_indicator_rollup') }} as rollup
    inner join {{ ref('int_period') }} as period using (period_key)
    where rollup.scenario = 'actual' and rollup.boundary = 'as_reported'
),

bank as (
    select
        credit.region_key,
        credit.period_code,
        matter.matter,
        matter.basis,
        indicator.indicator_key,
        indicator.home_programme_key,
        case
            when
                matter.bank_measure in ('closing_balance', 'groups')
                and beyond.is_balance_beyond
                then null
            when
                matter.bank_measure in ('turns', 'lent') and beyond.is_flow_beyond
                then null
            when matter.bank_measure = 'turns' then credit.turns
            when matter.bank_measure = 'lent' then credit.lent
            when matter.bank_measure = 'closing_balance' then credit.closing_balance
            -- As published in fct_credit_borrower, where the few are withheld already.
            when matter.bank_measure = 'borrowers' then credit.borrowers
            when matter.bank_measure = 'groups' then credit.groups
        end as value,
        -- People are shown to the nearest multiple of the threshold.
        case
            when matter.bank_measure = 'borrowers' then {{ var('small_cell') }} / 2
            else 0
        end as rounding
    from {{ ref('int_credit_period') }} as credit
    -- What could be held against the published communes of too few people is left out.
    left join {{ ref('int_credit_beyond') }} as beyond using (region_key, period_code)
    cross join {{ ref('reconciliation_matter') }} as matter
    inner join {{ ref('int_indicator') }} as indicator using (indicator_code)
),

-- What no roll-up may add (vouched credit) a province still says of itself, with the
-- basis of its column; an amount is held to the precision in which it was written.
stated as (
    select
        programme_key,
        indicator_key,
        region_key,
        period_key,
        basis,
        value,
        lower_bound - tolerance as lower_bound,
        upper_bound + tolerance as upper_bound,
        is_lower_open,
        is_upper_open
    from {{ ref('int_value_rollable') }}
    where scenario = 'actual' and branch_level = 'province'
),

branch_against_bank as (
    select
        rolled.region_key,
        rolled.period_key,
        bank.matter,
        coalesce(rolled.value, stated.value) as branch_value,
        {{ rolled_or_stated('lower_bound') }} as lower_bound,
        {{ rolled_or_stated('upper_bound') }} as upper_bound,
        {{ rolled_or_stated('is_lower_open') }} as is_lower_open,
        {{ rolled_or_stated('is_upper_open') }} as is_upper_open,
        bank.value as bank_value,
        bank.value - bank.rounding as bank_lower_bound,
        bank.value + bank.rounding as bank_upper_bound,
        false as is_bank_lower_open,
        false as is_bank_upper_open,
        null::text as explaining_branch_code
    from rolled
    inner join bank
        on
            rolled.indicator_key = bank.indicator_key
            and rolled.region_key = bank.region_key
            and rolled.period_code = bank.period_code
            and rolled.basis = bank.basis
            and rolled.programme_key = bank.home_programme_key
    left join stated
        on
            rolled.programme_key = stated.programme_key
            and rolled.indicator_key = stated.indicator_key
            and rolled.region_key = stated.region_key
            and rolled.period_key = stated.period_key
            and rolled.basis = stated.basis
),

group_against_loan as (
    select
        region_key,
        period_key,
        'group_balance' as matter,
        group_balance as branch_value,
        group_balance as lower_bound,
        group_balance as upper_bound,
        false as is_lower_open,
        false as is_upper_open,
        loan_group_balance as bank_value,
        loan_group_balance as bank_lower_bound,
        loan_group_balance as bank_upper_bound,
        false as is_bank_lower_open,
        false as is_bank_upper_open,
        null::text as explaining_branch_code
    from {{ ref('int_credit_period') }}
    left join {{ ref('int_credit_beyond') }} as beyond using (region_key, period_code)
    where
        group_balance is not null
        and loan_group_balance is not null
        and beyond.is_group_beyond is not true
),

claim_against_components as (
    select
        claim.region_key,
        claim.period_key,
        'claim:'
        || programme.programme_code
        || ':'
        || indicator.indicator_code
        || ':'
        || claim.basis
            as matter,
        claim.value as branch_value,
        claim.lower_bound,
        claim.upper_bound,
        claim.is_lower_open,
        claim.is_upper_open,
        component.value as bank_value,
        component.lower_bound as bank_lower_bound,
        component.upper_bound as bank_upper_bound,
        component.is_lower_open as is_bank_lower_open,
        component.is_upper_open as is_bank_upper_open,
        null::text as explaining_branch_code
    from rolled as claim
    inner join {{ ref('int_claim_check') }} as component
        on
            claim.programme_key = component.programme_key
            and claim.indicator_key = component.indicator_key
            and claim.region_key = component.region_key
            and claim.period_key = component.period_key
            and claim.basis = component.basis
    inner join {{ ref('dim_programme') }} as programme
        on claim.programme_key = programme.programme_key
    inner join {{ ref('dim_indicator') }} as indicator
        on claim.indicator_key = indicator.indicator_key
    where claim.value is not null
),

region_against_children as (
    select
        own.region_key,
        own.period_key,
        'children:'
        || programme.programme_code
        || ':'
        || indicator.indicator_code
        || ':'
        || own.basis
            as matter,
        own.value as branch_value,
        own.lower_bound,
        own.upper_bound,
        own.is_lower_open,
        own.is_upper_open,
        own.bank_value,
        own.bank_lower_bound,
        own.bank_upper_bound,
        own.is_bank_lower_open,
        own.is_bank_upper_open,
        own.explaining_branch_code
    from {{ ref('int_children_check') }} as own
    inner join {{ ref('dim_programme') }} as programme using (programme_key)
    inner join {{ ref('dim_indicator') }} as indicator using (indicator_key)
),

matter as (
    select * from branch_against_bank
    union all
    select * from group_against_loan
    union all
    select * from claim_against_components
    union all
    select * from region_against_children
),

final as (
    select
        region_key,
        period_key,
        matter,
        branch_value,
        lower_bound as branch_lower_bound,
        upper_bound as branch_upper_bound,
        bank_value,
        branch_value - bank_value as difference,
        round(100 * (branch_value - bank_value) / nullif(bank_value, 0), 4)
            as difference_pct,
        case
            when branch_value is null or bank_value is null then 'not_comparable'
            when {{ intervals_meet() }}
                then 'agrees'
            else 'differs'
        end as outcome,
        explaining_branch_code
    from matter
)

select * from final
