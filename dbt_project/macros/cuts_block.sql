{# Condition: a count over `placed` and `cut` has part of a block that was put together at `level` (`credit_levels`) and
   not the whole: less the parts that are shown it would tell of too few people. #}
{% macro cuts_block(level) -%}
    (
        ({{ level }} >= 1 and placed.target_level in ('commune', 'district'))
        or ({{ level }} >= 2 and not cut.is_all_programmes)
        or ({{ level }} >= 3 and placed.target_level <> 'nation')
        or ({{ level }} >= 4 and not cut.is_all_organisations)
        or {{ level }} >= {{ withheld_level() }}
    )
{%- endmacro %}
