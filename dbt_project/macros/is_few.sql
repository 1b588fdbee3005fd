{# Condition: so few people that the number could point at them. Nobody at all points at
   nobody. #}
{% macro is_few(people) -%}
    ({{ people }} >= 1 and {{ people }} < {{ var('small_cell') }})
{%- endmacro %}
