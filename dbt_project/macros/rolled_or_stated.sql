{# A column of the roll-up where it has a value, else of what the province said. #}
{% macro rolled_or_stated(column) -%}
    case when rolled.value is null then stated.{{ column }} else rolled.{{ column }} end
{%- endmacro %}
