{# A test of rows sees the parts of a table that were not published as they are now: what is published was built by these
   very models and passed these very tests (a change of either makes everything anew), and what it refers to is the
   gate's to judge. Where the table does not tell what changes in it, a test sees all of it. #}

{% macro postgres__get_where_subquery(relation) -%}
    {%- if not execute or config.get('where') -%}
        {% do return(default__get_where_subquery(relation)) %}
    {%- endif -%}
    {%- set asked -%}
        select 'array[' || array_to_string(quality.changed_parts('{{ relation }}', 'period_key'), ', ') || ']::bigint[]'
    {%- endset -%}
    {%- set keys = run_query(asked).columns[0][0] -%}
    {%- if keys is none -%}
        {% do return(relation) %}
    {%- endif -%}
    {%- set changed -%}
        (
            select * from {{ relation }}
            where period_key = any({{ keys }})
        ) as changed
    {%- endset -%}
    {% do return(changed) %}
{%- endmacro %}
