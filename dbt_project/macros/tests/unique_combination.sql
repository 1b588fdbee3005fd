{% test unique_combination(model, columns) %}
-- one row per combination of columns that occurs more than once; nulls count as equal
select {{ columns | join(', ') }}, count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
