-- grain: one row per credit programme and validity of its rates
with

-- The variants of one programme (housing, production, …) change on the same days.
rate as (
    select
        credit_programme,
        valid_from,
        valid_to,
        max(annual_rate_pct) filter (where variant = 'standard') as annual_rate_pct,
        min(annual_rate_pct) as lowest_rate_pct,
        max(annual_rate_pct) as highest_rate_pct
    from {{ ref('credit_programme_rate') }}
    group by credit_programme, valid_from, valid_to
),

final as (
    select
        programme.credit_programme,
        programme.name_vi,
        programme.name_en,
        programme.bank_code,
        rate.annual_rate_pct,
        rate.lowest_rate_pct,
        rate.highest_rate_pct,
        coalesce(rate.valid_from, programme.valid_from) as valid_from,
        coalesce(rate.valid_to, programme.valid_to) as valid_to
    from {{ ref('credit_programme') }} as programme
    -- Programmes whose rate is agreed loan by loan have no rate in the table.
    left join rate using (credit_programme)
)

select
    {{ surrogate_key(['credit_programme', 'valid_from']) }} as credit_programme_key,
    credit_programme,
    name_vi,
    name_en,
    bank_code,
    annual_rate_pct,
    lowest_rate_pct,
    highest_rate_pct,
    valid_from,
    valid_to
from final
