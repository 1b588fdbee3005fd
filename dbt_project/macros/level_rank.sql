{# Height of a level (of a region, or of a branch by its reporting level): higher speaks for lower. #}
{% macro level_rank(column) -%}
    case {{ column }}
        when 'unit' then 1
        when 'commune' then 1
        when 'district' then 2
        when 'province' then 3
        when 'economic_region' then 4
        when 'nation' then 5
        when 'central' then 5
    end
{%- endmacro %}
