-- How many branches of each province have reported a month.
select
    province_code, count(*) filter (where is_expected) as expected,
    count(*) filter (where is_expected and receipt_id is not null) as reported
from published.report_submission
where period_code = '2026-03'
group by province_code
order by province_code
