-- grain: one row per bank, credit programme, commune, organisation and month, where a
-- correction is to replace what the newest release shows of the month
-- How many people the difference of each figure rests on, and the most that one of them
-- has in it. As in int_credit_contributor, `home_…` counts each person in one cell of
-- the month only, and `largest_…` is the most that anyone of the cell differs by in the
-- whole month.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['scope_key']}],
    pre_hook=[
        "{{ delete_stale_rows(ref('int_credit_protection_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_protection_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_credit_protection_scope')) }}",
) }}
{%- set amounts = credit_measures('amounts') %}
{%- set columns = [] %}
{%- for family in credit_families() %}
    {%- do columns.extend(credit_changes(family)) %}
{%- endfor %}
{%- set counted = columns | reject('in', amounts) | list %}
{%- set is_other = 'is_other_' ~ columns | join(' or is_other_') %}
{%- set cell = [
    'scope_key', 'credit_programme', 'commune_code', 'commune_code_system', 'organisation'
] %}
with

changed as (
    select scope.*
    from {{ ref('int_credit_protection_scope') }} as scope
    where scope.is_revised and scope.kind = 'loan' and {{ is_new_scope('scope') }}
),

side as (
    select
        scope_key || '|now' as scope_key,
        kind,
        as_of_date,
        receipt_id,
        previous_receipt_id,
        previous_as_of_date
    from changed
    union all
    select
        scope_key || '|shown' as scope_key,
        kind,
        as_of_date,
        shown_receipt_id as receipt_id,
        shown_previous_receipt_id as previous_receipt_id,
        shown_previous_as_of_date as previous_as_of_date
    from changed
),

shown_receipt as (
    select
        scope_key,
        as_of_date,
        shown_receipt_id as receipt_id
    from changed
    union all
    select
        scope_key,
        shown_previous_as_of_date as as_of_date,
        shown_previous_receipt_id as receipt_id
    from changed
    where shown_previous_receipt_id is not null
),

-- Lines that are not all there any more are no evidence that many people differ.
known as (
    select
        shown_receipt.scope_key,
        bool_and(coalesce(
            control.row_count = (
                select count(*)
                from {{ source('raw', 'loan') }} as loan
                where
                    loan.receipt_id = shown_receipt.receipt_id
                    and loan.as_of_date = shown_receipt.as_of_date
            ),
            false
        )) as is_known
    from shown_receipt
    left join {{ source('raw', 'feed_control') }} as control
        on shown_receipt.receipt_id = control.receipt_id
    group by shown_receipt.scope_key
),

{{ loans_of_two_months('side', source('raw', 'loan')) }},

person as (
    {{ loans_by_cell([
        'count(*) as loans',
        'count(*) filter (where loan.closing_balance > 0) as loans_outstanding',
        'count(*) filter (where loan.lent > 0) as turns',
        'true as borrowers',
        "nullif(bool_or(loan.sex = 'F'), false) as female_borrowers",
        "nullif(not bool_or(loan.sex = 'F'), false) as male_borrowers",
        'array_agg(distinct loan.group_id order by loan.group_id) as groups',
    ], by=['citizen_token']) }}
),

person_now as (
    select
        *,
        left(scope_key, -length('|now')) as feed_key
    from person
    where scope_key like '%|now'
),

person_shown as (
    select
        *,
        left(scope_key, -length('|shown')) as feed_key
    from person
    where scope_key like '%|shown'
),

-- A person of one cell: what differs, and by how much.
difference as (
    select
        feed_key as scope_key,
        {{ each('{0}', cell[1:]) }},
        citizen_token,
        now.scope_key is not null as is_there,
        {{ each('(now.{0} is distinct from shown.{0}) as is_other_{0}', counted) }},
        {{ each(
            'coalesce(now.{0}, 0) <> coalesce(shown.{0}, 0) as is_other_{0}, '
            ~ 'abs(coalesce(now.{0}, 0) - coalesce(shown.{0}, 0)) as change_{0}',
            amounts
        ) }}
    from person_now as now
    full join person_shown as shown
        using (feed_key, {{ cell[1:] | join(', ') }}, citizen_token)
),

difference_in_month as (
    select
        difference.*,
        {{ each(
            'sum(change_{0}) over (partition by scope_key, citizen_token) as month_{0}',
            amounts
        ) }},
        {{ is_home(['scope_key', 'citizen_token', is_other]) }}
    from difference
),

-- A cell whose loans are all the same has a row too: all its people may be there.
credit as (
    select
        {{ each('difference.{0}', cell) }},
        known.is_known,
        bool_or(difference.is_there) as is_there,
        {{ each(
            'count(*) filter (where difference.is_other_{0}) as changers_{0}', columns
        ) }},
        {{ each(
            'count(*) filter (where difference.is_other_{0} and difference.is_home) '
            ~ 'as home_changers_{0}',
            columns
        ) }},
        {{ each('sum(difference.change_{0}) as change_{0}', amounts) }},
        {{ each(
            'max(difference.month_{0}) filter (where difference.change_{0} > 0) as largest_change_{0}',
            amounts
        ) }}
    from difference_in_month as difference
    inner join known using (scope_key)
    group by {{ each('difference.{0}', cell) }}, known.is_known
),

resolved as (
    {{ resolved_credit() }}
),

-- Two codes of a commune are one cell. Where nothing is known, one person may be behind
-- any difference.
final as (
    select
        scope_key,
        credit_programme_key,
        region_key,
        organisation,
        bool_or(is_there) as is_there,
        {{ each(
            '(case when bool_and(is_known) then sum(changers_{0}) else 1 end)::bigint '
            ~ 'as changers_{0}, '
            ~ '(case when bool_and(is_known) then sum(home_changers_{0}) else 0 end)::bigint '
            ~ 'as home_changers_{0}',
            columns
        ) }},
        {{ each(
            'coalesce(sum(change_{0}), 0)::numeric as change_{0}, '
            ~ 'coalesce(max(largest_change_{0}), 0)::numeric as largest_change_{0}',
            amounts
        ) }}
    from resolved
    group by scope_key, credit_programme_key, region_key, organisation
)

select * from final
