{# The ledger that makes a build proportional to change (ARCHITECTURE D10): for each
   incremental model, which scope it holds in which version. A scope whose version is
   no longer in force is deleted, a new one inserted, and the ledger follows in the
   same transaction. `ledger` is a relation with scope_key and scope_version. #}

{% macro create_loaded_scope() %}
    create table if not exists intermediate.loaded_scope (
        model_name text not null,
        scope_key text not null,
        scope_version text not null,
        primary key (model_name, scope_key)
    )
{% endmacro %}

{# Condition: the model does not hold this version of the scope yet. #}
{% macro is_new_scope(alias) -%}
    {%- if is_incremental() -%}
        not exists (
            select 1
            from intermediate.loaded_scope as loaded
            where
                loaded.model_name = '{{ this.name }}'
                and loaded.scope_key = {{ alias }}.scope_key
                and loaded.scope_version = {{ alias }}.scope_version
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Condition: one of these models does not hold this version of the scope yet, or
   everything is made anew. #}
{% macro is_new_scope_of(alias, models) -%}
    {%- if flags.FULL_REFRESH -%}
        true
    {%- else -%}
        (
            select count(*)
            from intermediate.loaded_scope as loaded
            where
                loaded.model_name in ('{{ models | join("', '") }}')
                and loaded.scope_key = {{ alias }}.scope_key
                and loaded.scope_version = {{ alias }}.scope_version
        ) < {{ models | length }}
    {%- endif -%}
{%- endmacro %}

{# Condition: what the model holds of this scope is no longer in force. #}
{% macro is_stale_scope(ledger) -%}
    loaded.model_name = '{{ this.name }}'
    and not exists (
        select 1
        from {{ ledger }} as ledger
        where
            ledger.scope_key = loaded.scope_key
            and ledger.scope_version = loaded.scope_version
    )
{%- endmacro %}

{# Condition: the row is of the scope that `loaded` remembers; by columns where a
   scope is of an indicator and period. #}
{% macro is_of_rollup_scope() -%}
    target.indicator_key = split_part(loaded.scope_key, '|', 1)::bigint
    and target.period_key = split_part(loaded.scope_key, '|', 2)::bigint
{%- endmacro %}

{% macro delete_stale_rows(ledger, is_of_scope='target.scope_key = loaded.scope_key') %}
    {%- if is_incremental() -%}
        delete from {{ this }} as target
        using intermediate.loaded_scope as loaded
        where {{ is_of_scope }} and {{ is_stale_scope(ledger) }}
    {%- else -%}
        select 1
    {%- endif -%}
{% endmacro %}

{% macro forget_stale_scopes(ledger) %}
    delete from intermediate.loaded_scope as loaded
    where {{ is_stale_scope(ledger) if is_incremental() else "loaded.model_name = '" ~ this.name ~ "'" }}
{% endmacro %}

{% macro remember_scopes(ledger, kind=none) %}
    insert into intermediate.loaded_scope (model_name, scope_key, scope_version)
    select
        '{{ this.name }}' as model_name,
        ledger.scope_key,
        ledger.scope_version
    from {{ ledger }} as ledger
    {% if kind %}where ledger.kind = '{{ kind }}'{% endif %}
    on conflict (model_name, scope_key) do nothing
    {%- if not is_incremental() %};
    -- A whole build fills it: without statistics the next one is planned as if it were empty.
    analyze intermediate.loaded_scope
    {%- endif %}
{% endmacro %}
