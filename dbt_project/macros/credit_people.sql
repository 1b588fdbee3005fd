{# One row per person and cell of `loan_now` joined in full with `loan_before`: what is `told` of her there beside what
   she has in every amount of `credit_families`. #}
{% macro credit_people(told) -%}
select
        loan.scope_key,
        loan.credit_programme,
        loan.commune_code,
        loan.commune_code_system,
        loan.organisation,
        loan.citizen_token,
        {{ each('{0}', told) }},
        sum(loan.lent) as lent,
        sum(loan.collected) as collected,
        sum(loan.written_off) as written_off,
        sum(loan.closing_balance) as closing_balance,
        sum(loan.overdue) as overdue,
        sum(loan.frozen) as frozen,
        {{ loan_movements() }}
    from loan_now as loan
    full join loan_before as before
        on loan.scope_key = before.scope_key and loan.loan_id = before.loan_id
    group by
        loan.scope_key,
        loan.credit_programme,
        loan.commune_code,
        loan.commune_code_system,
        loan.organisation,
        loan.citizen_token
    having count(loan.scope_key) > 0
{%- endmacro %}

{# Every amount of `credit_families`. #}
{% macro credit_amounts() -%}
    {%- set found = [] -%}
    {%- for rule in credit_families().values() -%}
        {%- for name in rule.amounts -%}{%- do found.append(name) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Every count of `credit_families`. #}
{% macro credit_counts() -%}
    {{ return(['people', 'debtors', 'women', 'men', 'takers', 'closers']) }}
{%- endmacro %}
