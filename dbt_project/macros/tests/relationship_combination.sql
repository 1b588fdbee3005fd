{% test relationship_combination(model, columns, to, to_columns) %}
-- one row per row whose columns, all given, have no match; a reference that is null in part is no reference
select child.*
from {{ model }} as child
where
    {% for column in columns -%}
    child.{{ column }} is not null and
    {% endfor -%}
    not exists (
        select 1
        from {{ to }} as parent
        where
            {% for column in columns -%}
            parent.{{ to_columns[loop.index0] }} = child.{{ column }}{{ ' and' if not loop.last }}
            {% endfor %}
    )
{% endtest %}
