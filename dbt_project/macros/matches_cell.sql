{# Two rows speak of the same programme, indicator, period, scenario and basis. #}
{% macro matches_cell(left, right) -%}
    {{ left }}.programme_key = {{ right }}.programme_key
    and {{ left }}.indicator_key = {{ right }}.indicator_key
    and {{ left }}.period_key = {{ right }}.period_key
    and {{ left }}.scenario = {{ right }}.scenario
    and {{ left }}.basis = {{ right }}.basis
{%- endmacro %}
