{# Rows of the CTE `credit` with the keys of what their codes mean; `changed` names their scopes. Of several versions
   of a commune or a rate, the last one that had begun by the month's end. #}
{% macro resolved_credit() -%}
select distinct on (
        credit.scope_key,
        credit.credit_programme,
        credit.commune_code_system,
        credit.commune_code,
        credit.organisation
    )
        changed.bank_code,
        programme.credit_programme_key,
        commune.region_key,
        changed.period_key,
        changed.kind as source_kind,
        changed.receipt_id,
        changed.held_receipt_id,
        credit.*
    from credit
    inner join changed using (scope_key)
    left join {{ ref('int_commune_code') }} as commune
        on
            credit.commune_code_system = commune.commune_code_system
            and credit.commune_code = commune.commune_code
            and changed.as_of_date >= commune.valid_from
    left join {{ ref('dim_credit_programme') }} as programme
        on
            credit.credit_programme = programme.credit_programme
            and changed.as_of_date >= programme.valid_from
    order by
        credit.scope_key asc,
        credit.credit_programme asc,
        credit.commune_code_system asc,
        credit.commune_code asc,
        credit.organisation asc,
        commune.valid_from desc,
        programme.valid_from desc
{%- endmacro %}
