{# Plans of the next model need statistics of this one now, not when autovacuum comes by. #}
{% macro analyze() -%}
    {{ 'select 1' if model.config.materialized == 'view' else 'analyze ' ~ this }}
{%- endmacro %}
