{# CTEs `loan_before` and `loan_now` of the feeds in `scopes`, to be joined in full: a planner that expects few loans
   cannot make a loop over millions of that. Loans that are gone have no row of their own and are dropped with their
   group (`having count(loan.scope_key) > 0`). #}
{% macro loans_of_two_months(scopes='changed', loans=ref('stg_loan')) -%}
    -- What each loan was at the end of the month before: who recovered, who slid.
    loan_before as (
        select
            feed.scope_key,
            loan.loan_id,
            loan.closing_balance,
            loan.overdue_days
        from {{ scopes }} as feed
        inner join {{ loans }} as loan
            on
                feed.previous_receipt_id = loan.receipt_id
                and feed.previous_as_of_date = loan.as_of_date
    ),

    loan_now as (
        select
            feed.scope_key,
            feed.previous_receipt_id,
            loan.loan_id,
            loan.citizen_token,
            loan.sex,
            loan.commune_code,
            loan.commune_code_system,
            loan.group_id,
            loan.organisation,
            loan.credit_programme,
            loan.status,
            loan.lent,
            loan.collected,
            loan.written_off,
            loan.closing_balance,
            loan.overdue,
            loan.frozen,
            loan.overdue_days
        from {{ scopes }} as feed
        inner join {{ loans }} as loan
            on feed.receipt_id = loan.receipt_id and feed.as_of_date = loan.as_of_date
        where feed.kind = 'loan'
    )
{%- endmacro %}

{# `loan_now` joined in full with `loan_before`, one row per cell and whatever is named in `by`: what is `told` of the loans
   there, and every amount of them. #}
{% macro loans_by_cell(told, by=[]) -%}
    {%- set keys = [
        'scope_key', 'credit_programme', 'commune_code', 'commune_code_system', 'organisation'
    ] + by -%}
    select
        {{ each('loan.{0}', keys) }},
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
    group by {{ each('loan.{0}', keys) }}
    having count(loan.scope_key) > 0
{%- endmacro %}
