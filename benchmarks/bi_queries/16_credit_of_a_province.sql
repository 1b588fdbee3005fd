-- A province's credit in one month, commune by commune.
select region_code, region_name_vi, sum(closing_balance) as closing_balance, sum(par30_balance) as par30_balance
from published.report_credit
where period_code = '2026-03' and province_code = '19'
group by region_code, region_name_vi
order by region_code
