-- grain: one row per province and period of the bank's calendar of which every month
-- is there
-- Flows are added over the months, a balance is the last month's.
with

month as (
    select
        credit.*,
        period.period_key as month_key
    from {{ ref('int_credit_province') }} as credit
    inner join {{ ref('int_period') }} as period
        on
            credit.as_of_date = period.end_date
            and period.calendar = 'bank'
            and period.period_kind = 'month'
),

months_due as (
    select
        whole.period_key,
        whole.period_code,
        whole.end_date,
        part.period_key as month_key,
        count(*) over (partition by whole.period_key) as months
    from {{ ref('int_period') }} as whole
    inner join {{ ref('int_period') }} as part
        on whole.start_date <= part.start_date and whole.end_date >= part.end_date
    where
        whole.calendar = 'bank'
        and part.calendar = 'bank'
        and part.period_kind = 'month'
),

final as (
    select
        month.region_key,
        months_due.period_key,
        months_due.period_code,
        sum(month.turns) as turns,
        sum(month.lent) as lent,
        sum(month.closing_balance) filter (where month.as_of_date = months_due.end_date)
            as closing_balance,
        sum(month.loan_group_balance) filter (
            where month.as_of_date = months_due.end_date
        )
            as loan_group_balance,
        sum(month.group_balance) filter (where month.as_of_date = months_due.end_date)
            as group_balance,
        sum(month.groups) filter (where month.as_of_date = months_due.end_date)
            as groups,
        sum(month.borrowers) filter (where month.as_of_date = months_due.end_date)
            as borrowers
    from month
    inner join months_due using (month_key)
    group by
        month.region_key,
        months_due.period_key,
        months_due.period_code,
        months_due.months
    having count(*) = months_due.months
)

select * from final
