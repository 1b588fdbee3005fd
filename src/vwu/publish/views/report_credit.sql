create or replace view published.report_credit as
select
    bank.bank_code,
    bank.name_vi as bank_name_vi,
    programme.credit_programme,
    programme.name_vi as credit_programme_name_vi,
    programme.name_en as credit_programme_name_en,
    credit.organisation,
    region.level as region_level,
    region.region_code,
    region.name_vi as region_name_vi,
    province.region_code as province_code,
    province.name_vi as province_name_vi,
    period.period_code,
    period.end_date as as_of_date,
    credit.loans,
    credit.borrowers,
    credit.female_borrowers,
    credit.households,
    credit.groups,
    credit.lent,
    credit.collected,
    credit.written_off,
    credit.closing_balance,
    credit.overdue,
    credit.frozen,
    credit.par30_balance,
    credit.source_kind,
    credit.receipt_id,
    credit.release_id,
    credit.is_outdated,
    credit.value_state,
    credit.suppressed_figures
from published.fct_credit_month as credit
inner join published.dim_bank as bank on bank.bank_key = credit.bank_key
inner join published.dim_credit_programme as programme on programme.credit_programme_key = credit.credit_programme_key
inner join published.dim_region as region on region.region_key = credit.region_key
inner join published.dim_period as period on period.period_key = credit.period_key
left join published.dim_region as province
    on province.level = 'province'
    and province.region_code = region.province_code
    and province.valid_from <= period.end_date
    and coalesce(province.valid_to, 'infinity') >= period.end_date;
comment on view published.report_credit is
'Credit by bank, programme, commune, organisation and month with every code and name; money in đồng · Tín dụng theo xã và tháng';
