{# Amounts of `loan_now as loan` joined in full with `loan_before as before`: portfolio at risk by balance, what the loans
   owed a month before, and what became of that. Written off or frozen is not recovered. #}
{% macro loan_movements() -%}
    {%- set is_cured -%}
        before.overdue_days > 0
        and loan.overdue_days = 0
        and loan.status not in ('written_off', 'frozen')
    {%- endset -%}
    coalesce(sum(loan.closing_balance) filter (where loan.overdue_days > 30), 0)
        as par30_balance,
    coalesce(sum(loan.closing_balance) filter (where loan.overdue_days > 90), 0)
        as par90_balance,
    {{ balance_before('true') }} as balance_before,
    {{ balance_before('before.overdue_days > 0') }} as overdue_before,
    {{ balance_before('before.overdue_days > 30') }} as par30_before,
    {{ balance_before('before.overdue_days > 90') }} as par90_before,
    {{ balance_before('before.overdue_days = 0 and loan.overdue_days > 0') }}
        as rolled_to_overdue,
    {{ balance_before('before.overdue_days <= 30 and loan.overdue_days > 30') }}
        as rolled_to_par30,
    {{ balance_before('before.overdue_days <= 90 and loan.overdue_days > 90') }}
        as rolled_to_par90,
    {{ balance_before(is_cured) }} as cured
{%- endmacro %}
