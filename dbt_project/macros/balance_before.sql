{# Sum of what the loans of a condition owed a month before; null where no month before
   is known. #}
{% macro balance_before(condition) -%}
    case
        when bool_or(loan.previous_receipt_id is not null)
            then coalesce(sum(before.closing_balance) filter (where {{ condition }}), 0)
    end
{%- endmacro %}
