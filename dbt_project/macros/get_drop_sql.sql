{# One drop at a time. A table that is replaced takes the views on it along (they are made again right after), each
   of which is locked as it is reached: two threads that drop two tables under the same views would wait for each
   other. The lock ends with the transaction, and is asked for before any other lock of it. #}

{% macro postgres__get_drop_sql(relation) %}
    select pg_advisory_xact_lock(7700011);
    {{ default__get_drop_sql(relation) }}
{% endmacro %}
