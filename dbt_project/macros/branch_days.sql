{# Branches of a stretch of `int_branch_count`; for a sum over parts (`is_summed`), each counted for the share of the
   period's days on which it was in being. `span` has start_date and end_date of the period. #}
{% macro branch_days(span, stretch) -%}
    case
        when not {{ span }}.is_summed then {{ stretch }}.branches
        else
            {{ stretch }}.branches::numeric
            * (
                least({{ span }}.end_date, coalesce({{ stretch }}.valid_to, 'infinity'))
                - greatest({{ span }}.start_date, {{ stretch }}.valid_from)
                + 1
            )
            / ({{ span }}.end_date - {{ span }}.start_date + 1)
    end
{%- endmacro %}

{# Condition: the stretch counts: on one day, or for a sum on any day from the period's first. `span` also has
   counted_on. #}
{% macro is_counted_stretch(span, stretch) -%}
    {{ span }}.counted_on >= {{ stretch }}.valid_from
    and coalesce({{ stretch }}.valid_to, 'infinity')
    >= case when {{ span }}.is_summed then {{ span }}.start_date else {{ span }}.counted_on end
{%- endmacro %}
