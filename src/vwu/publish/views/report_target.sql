create or replace view published.report_target as
select
    target.target_code,
    programme.programme_code,
    programme.name_vi as programme_name_vi,
    programme.name_en as programme_name_en,
    indicator.indicator_code,
    indicator.name_vi as indicator_name_vi,
    indicator.name_en as indicator_name_en,
    target.unit_code,
    region.level as region_level,
    region.region_code,
    region.name_vi as region_name_vi,
    target.horizon_start,
    target.horizon_end,
    target.target_value,
    target.actual_value,
    target.lower_bound,
    target.upper_bound,
    target.attained_pct,
    target.outcome,
    target.as_of_period,
    target.coverage_pct,
    target.legal_basis,
    target.is_confirmed,
    target.release_id,
    indicator.unit_name_vi,
    indicator.unit_name_en
from published.fct_target_attainment as target
inner join published.dim_programme as programme on programme.programme_key = target.programme_key
inner join published.dim_indicator as indicator on indicator.indicator_key = target.indicator_key
inner join published.dim_region as region on region.region_key = target.region_key;
comment on view published.report_target is
'Official targets and what was attained, with every code and name · Mục tiêu và kết quả';
