{# What one step of the last written digit of an amount is worth: "3.500 tỉ" is precise
   to a tỉ at best, "2,3 tỷ" to 100 million, "8744" in a column of triệu to a million. It is
   the value over its digits read as one number. "2 tỷ 30 triệu" has two numbers: its last
   word says it. Whole đồng are exact. #}
{% macro last_place(value, text) -%}
    {%- set step -%}
        trim_scale(
            abs({{ value }})
            / nullif(('0' || regexp_replace({{ text }}, '[^0-9]', '', 'g'))::numeric, 0)
        )
    {%- endset -%}
    {%- set ending = "substring(" ~ text ~ " from '[^0-9]*$')" -%}
    case
        when {{ step }}::text ~ '^10+$' then {{ step }}
        when {{ step }} = 1 then 0
        when {{ ending }} ~* 't[ỉỷiy]' then 1000000000
        when {{ ending }} ~* 'tr' then 1000000
        when {{ ending }} ~* 'ng' then 1000
        else 0
    end
{%- endmacro %}
