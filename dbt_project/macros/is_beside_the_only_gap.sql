{# Condition: one part of a whole (`family` tells the wholes apart) is small, and this
   is the smallest of the others. #}
{% macro is_beside_the_only_gap(family) -%}
    (
        count(*) filter (where is_small) over (partition by scope_key, {{ family }}) = 1
        and row_number() over (
            partition by scope_key, {{ family }}, is_small
            order by borrowers, region_key, bank_code, credit_programme, organisation
        ) = 1
    )
{%- endmacro %}
