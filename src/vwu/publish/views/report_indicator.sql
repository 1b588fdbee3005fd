create or replace view published.report_indicator as
select
    programme.programme_code,
    programme.name_vi as programme_name_vi,
    programme.name_en as programme_name_en,
    indicator.indicator_code,
    indicator.name_vi as indicator_name_vi,
    indicator.name_en as indicator_name_en,
    indicator.measure,
    branch.branch_code,
    branch.name_vi as branch_name_vi,
    branch.level as branch_level,
    region.level as region_level,
    region.region_code,
    region.name_vi as region_name_vi,
    province.region_code as province_code,
    province.name_vi as province_name_vi,
    period.period_code,
    period.period_kind,
    period.start_date,
    period.end_date,
    value.scenario,
    value.basis,
    value.value,
    value.lower_bound,
    value.upper_bound,
    value.qualifier,
    value.value_state,
    value.unit_code,
    value.findings,
    value.finding_rules,
    value.receipt_id,
    value.position,
    value.raw_text,
    value.release_id,
    value.is_outdated,
    indicator.unit_name_vi,
    indicator.unit_name_en
from published.fct_indicator_value as value
inner join published.dim_programme as programme on programme.programme_key = value.programme_key
inner join published.dim_indicator as indicator on indicator.indicator_key = value.indicator_key
inner join published.dim_branch as branch on branch.branch_key = value.branch_key
inner join published.dim_period as period on period.period_key = value.period_key
left join published.dim_region as region on region.region_key = value.region_key
-- A code means the province of the period's time.
left join published.dim_region as province
    on province.level = 'province'
    and province.region_code = region.province_code
    and province.valid_from <= period.end_date
    and coalesce(province.valid_to, 'infinity') >= period.end_date;
comment on view published.report_indicator is
'Reported figures with every code and name: one row per programme, indicator, branch, period, scenario and basis · Số liệu đã báo cáo, đủ mã và tên';
