-- grain: one row per region, month, bank or all, programme or all, organisation or all
-- Fewer people than may be shown are withheld, and where that leaves one gap among the
-- parts of a whole, so is the smallest other part: else the gap is a subtraction away.
{%- set siblings -%}
    level, parent_region_key, bank_code, credit_programme, organisation
{%- endset %}
{%- set organisations -%}
    region_key, bank_code, credit_programme, organisation = 'all'
{%- endset %}
{%- set programmes -%}
    region_key, bank_code, organisation, credit_programme = 'all'
{%- endset %}
{%- set banks -%}
    region_key, credit_programme, organisation, bank_code = 'all'
{%- endset %}
with

counted as (
    select
        borrower.*,
        region.level,
        region.parent_region_key,
        {{ is_few('borrower.borrowers') }} as is_small
    from {{ ref('int_credit_borrower') }} as borrower
    inner join {{ ref('dim_region') }} as region using (region_key)
),

withheld as (
    select
        *,
        is_small
        or {{ is_beside_the_only_gap(siblings) }}
        or {{ is_beside_the_only_gap(organisations) }}
        or {{ is_beside_the_only_gap(programmes) }}
        or {{ is_beside_the_only_gap(banks) }}
            as is_withheld
    from counted
),

final as (
    select
        withheld.region_key,
        scope.period_key,
        withheld.bank_code,
        withheld.credit_programme,
        withheld.organisation,
        case when not withheld.is_withheld then withheld.borrowers end as borrowers,
        case
            when
                not withheld.is_withheld
                and not {{ is_few('withheld.female_borrowers') }}
                and not {{ is_few('withheld.borrowers - withheld.female_borrowers') }}
                then withheld.female_borrowers
        end as female_borrowers,
        case when withheld.is_withheld then 'suppressed' else 'reported' end
            as value_state
    from withheld
    inner join {{ ref('int_credit_person_scope') }} as scope using (scope_key)
)

select * from final
