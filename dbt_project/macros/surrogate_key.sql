{# Deterministic bigint key: the first 8 bytes of md5 over the natural key's parts joined by '|'.
   Null in, null out: a fact whose code did not resolve must not get a key that looks like one. #}
{% macro surrogate_key(parts) -%}
    ('x' || left(md5({{ parts | join("::text || '|' || ") }}::text), 16))::bit(64)::bigint
{%- endmacro %}
