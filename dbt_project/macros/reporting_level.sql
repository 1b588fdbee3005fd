{# The level that a branch reports at: a unit without territory stands beside the communes, the centre for the nation. #}
{% macro reporting_level(column) -%}
    case {{ column }}
        when 'unit' then 'commune'
        when 'central' then 'nation'
        else {{ column }}
    end
{%- endmacro %}
