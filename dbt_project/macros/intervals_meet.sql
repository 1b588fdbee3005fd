{# Two bounded figures of one row can be the same number. A null bound is endless; an open bound excludes its own
   value. Columns: lower_bound, upper_bound, is_lower_open, is_upper_open, and the other side's with `bank`. #}
{% macro intervals_meet() -%}
    coalesce(
        lower_bound < bank_upper_bound
        or (lower_bound = bank_upper_bound and not is_lower_open and not is_bank_upper_open),
        true
    )
    and coalesce(
        bank_lower_bound < upper_bound
        or (bank_lower_bound = upper_bound and not is_upper_open and not is_bank_lower_open),
        true
    )
{%- endmacro %}
