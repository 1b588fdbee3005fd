-- Portfolio at risk of the nation by bank over twelve months.
select bank_code, period_code, sum(par30_balance) as par30_balance, sum(closing_balance) as closing_balance
from published.report_credit
where as_of_date between date '2025-04-01' and date '2026-03-31'
group by bank_code, period_code
order by bank_code, period_code
