{# Condition: a count over `path` and `cut` has part of a block that was put together at `level` (`credit_levels`) and
   not the whole: less the parts that are shown it would tell of too few people. A level that is not known cuts. #}
{% macro cuts_block(level) -%}
    coalesce(
        ({{ level }} >= 1 and path.target_level in ('commune', 'district'))
        or ({{ level }} >= 2 and not cut.is_all_programmes)
        or ({{ level }} >= 3 and path.target_level <> 'nation')
        or ({{ level }} >= 4 and not cut.is_all_organisations)
        or {{ level }} >= {{ withheld_level() }},
        true
    )
{%- endmacro %}
