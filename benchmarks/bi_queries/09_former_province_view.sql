-- An old province (Bắc Kạn) in a month after the reform: today's communes that came out of it.
select sum(rollup.value) as value, count(*) as communes
from published.fct_indicator_rollup as rollup
inner join published.dim_indicator as indicator on indicator.indicator_key = rollup.indicator_key
inner join published.dim_period as period on period.period_key = rollup.period_key
where indicator.indicator_code = '{indicator}' and period.period_code = '2026-03'
  and rollup.boundary = 'as_now' and rollup.scenario = 'actual'
  and rollup.region_key in (
    select bridge.to_region_key
    from published.bridge_region_succession as bridge
    inner join published.dim_region as former on former.region_key = bridge.from_region_key
    where former.level = 'commune' and former.province_code = '06'
)
