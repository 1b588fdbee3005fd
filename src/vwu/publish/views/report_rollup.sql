create or replace view published.report_rollup as
select
    programme.programme_code,
    programme.name_vi as programme_name_vi,
    programme.name_en as programme_name_en,
    indicator.indicator_code,
    indicator.name_vi as indicator_name_vi,
    indicator.name_en as indicator_name_en,
    indicator.measure,
    indicator.unit_code,
    region.level as region_level,
    region.region_code,
    region.name_vi as region_name_vi,
    region.province_code,
    period.period_code,
    period.period_kind,
    period.start_date,
    period.end_date,
    rollup.scenario,
    rollup.basis,
    rollup.boundary,
    rollup.value,
    rollup.lower_bound,
    rollup.upper_bound,
    rollup.is_approximate,
    rollup.is_estimated,
    rollup.blocked_reason,
    rollup.blocked_reason_vi,
    rollup.branches_expected,
    rollup.branches_reported,
    rollup.coverage_pct,
    rollup.level_used,
    rollup.release_id,
    indicator.unit_name_vi,
    indicator.unit_name_en,
    rollup.claimed_under,
    rollup.branches_missing,
    rollup.coverage_members_pct,
    rollup.missing_estimate,
    rollup.missing_estimate_by
from published.fct_indicator_rollup as rollup
inner join published.dim_programme as programme on programme.programme_key = rollup.programme_key
inner join published.dim_indicator as indicator on indicator.indicator_key = rollup.indicator_key
inner join published.dim_region as region on region.region_key = rollup.region_key
inner join published.dim_period as period on period.period_key = rollup.period_key;
comment on view published.report_rollup is
'Totals by region with every code and name, coverage and the reason where there is none · Số liệu tổng hợp theo địa bàn';
