-- Balance and overdue of the nation in one month, by credit programme.
select credit_programme_name_vi, sum(closing_balance) as closing_balance, sum(overdue) as overdue
from published.report_credit
where period_code = '2026-03'
group by credit_programme_name_vi
order by closing_balance desc
