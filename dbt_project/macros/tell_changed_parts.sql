{# The table tells which of its parts, by `column`, change from now on, in the transaction that changes them: by
   triggers that fire whoever changes it and however (docs/gate.md). A table that was just made has versions that
   nobody knows yet. #}

{% macro tell_changed_parts(column) -%}
    {%- if is_incremental() -%}
        select 1
    {%- else -%}
        delete from quality.part_version
        where
            relation_id = '{{ this }}'::regclass::oid
            or not exists (select 1 from pg_class as relation where relation.oid = relation_id);
        insert into quality.part_version (relation_id, part_key)
        select distinct
            '{{ this }}'::regclass::oid as relation_id,
            {{ column }} as part_key
        from {{ this }};
        {%- for event, rows in [
            ('insert', 'new'), ('delete', 'old'), ('update', 'old'), ('update', 'new'), ('truncate', none)
        ] %}
        {%- set name = ['tell', event, rows or 'all'] | join('_') %}
        create trigger {{ name }} after {{ event }} on {{ this }}
        {%- if rows %} referencing {{ rows }} table as changed{% endif %}
        for each statement execute function quality.note_changed_parts('{{ column }}');
        alter table {{ this }} enable always trigger {{ name }}
        {%- if not loop.last %};{% endif %}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
