-- grain: one row per region, month, bank or all, programme or all, organisation or all
-- A count is shown where it is about whole blocks of fct_credit_month, each of enough
-- people, so that what is withheld is no subtraction away; and to the nearest multiple
-- of the threshold, so that who is in two of them is not either (docs/privacy.md).
{%- set nearest -%}
    {{ var('small_cell') }} * round({} / {{ var('small_cell') }}.0)::bigint
{%- endset %}
with

counted as (
    select
        *,
        is_cutting or {{ is_few('borrowers') }} as is_withheld,
        is_cutting_women
        or {{ is_few('female_borrowers') }}
        or {{ is_few('borrowers - female_borrowers') }}
            as is_withholding_women
    from {{ ref('int_credit_borrower') }}
),

final as (
    select
        counted.region_key,
        scope.period_key,
        counted.bank_code,
        counted.credit_programme,
        counted.organisation,
        case
            when not counted.is_withheld
                then {{ nearest.format('counted.borrowers') }}
        end as borrowers,
        case
            when not counted.is_withheld and not counted.is_withholding_women
                then {{ nearest.format('counted.female_borrowers') }}
        end as female_borrowers,
        case when counted.is_withheld then 'suppressed' else 'reported' end
            as value_state
    from counted
    inner join {{ ref('int_credit_person_scope') }} as scope using (scope_key)
)

select * from final
