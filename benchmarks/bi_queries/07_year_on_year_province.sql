-- A province this year against last year, across the reform.
select
    this_year.indicator_code, this_year.value, last_year.value as last_year_value,
    this_year.value - last_year.value as change
from published.report_rollup as this_year
inner join published.report_rollup as last_year
    on last_year.indicator_code = this_year.indicator_code and last_year.programme_code = this_year.programme_code
    and last_year.basis = this_year.basis and last_year.period_code = '2025-01'
    and last_year.region_level = 'province' and last_year.region_code = '19'
    and last_year.boundary = 'as_now' and last_year.scenario = 'actual'
where this_year.period_code = '2026-01' and this_year.region_level = 'province' and this_year.region_code = '19'
  and this_year.boundary = 'as_now' and this_year.scenario = 'actual'
order by this_year.indicator_code
