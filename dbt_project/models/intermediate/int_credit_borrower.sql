-- grain: one row per month, region of any level, bank or all, programme or all, and
-- organisation or all
-- Different people, counted from their tokens at each level: a sum of distinct counts
-- would count some twice. Most people have loans in one cell only (one commune, bank,
-- programme and organisation): those add up, and only the others are told apart at each
-- level. A count that cuts what was put together for too few people says so.
-- No planner foresees how many those are: with nested loops it would go through all the
-- communes for each of hundreds of thousands, and for a few rows it would sort.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[{'columns': ['scope_key']}],
    pre_hook=[
        "set local enable_nestloop = off",
        "set local enable_sort = off",
        "{{ delete_stale_rows(ref('int_credit_person_scope')) }}",
        "{{ forget_stale_scopes(ref('int_credit_person_scope')) }}",
    ],
    post_hook="{{ remember_scopes(ref('int_credit_person_scope')) }}",
) }}
with

changed as (
    select scope.*
    from {{ ref('int_credit_person_scope') }} as scope
    where {{ is_new_scope('scope') }}
),

feed as (
    select
        changed.scope_key,
        changed.as_of_date,
        credit.receipt_id,
        credit.bank_code,
        credit.scope_key as feed_key
    from changed
    inner join {{ ref('int_credit_scope') }} as credit using (as_of_date)
    where credit.kind = 'loan'
),

-- Loans that were paid off in the month count, as in fct_credit_month.
cell as (
    select
        feed.scope_key,
        feed.as_of_date,
        feed.bank_code,
        loan.credit_programme,
        loan.organisation,
        loan.commune_code_system,
        loan.commune_code,
        loan.citizen_token,
        bool_or(loan.sex = 'F') as is_female,
        count(*) over (partition by feed.scope_key, loan.citizen_token) as cells
    from feed
    inner join {{ ref('stg_loan') }} as loan
        on feed.receipt_id = loan.receipt_id and feed.as_of_date = loan.as_of_date
    group by
        feed.scope_key,
        feed.as_of_date,
        feed.bank_code,
        loan.credit_programme,
        loan.organisation,
        loan.commune_code_system,
        loan.commune_code,
        loan.citizen_token
),

-- People of one cell only are counted there; of the others each keeps the token.
told_apart as (
    select
        scope_key,
        as_of_date,
        bank_code,
        credit_programme,
        organisation,
        commune_code_system,
        commune_code,
        case when cells > 1 then citizen_token end as citizen_token,
        count(*) as people,
        count(*) filter (where is_female) as women
    from cell
    group by
        scope_key,
        as_of_date,
        bank_code,
        credit_programme,
        organisation,
        commune_code_system,
        commune_code,
        case when cells > 1 then citizen_token end
),

-- Of several versions of a commune, the last one that had begun by the month's end.
commune as (
    select distinct on (
        changed.as_of_date, commune.commune_code_system, commune.commune_code
    )
        changed.as_of_date,
        commune.commune_code_system,
        commune.commune_code,
        commune.region_key,
        -- A commune that ended counts in the province of its own last day.
        least(changed.as_of_date, coalesce(commune.valid_to, 'infinity')) as counted_on
    from changed
    inner join {{ ref('int_commune_code') }} as commune
        on changed.as_of_date >= commune.valid_from
    order by
        changed.as_of_date asc,
        commune.commune_code_system asc,
        commune.commune_code asc,
        commune.valid_from desc
),

-- How far the cells of each feed were put together with others.
protection as (
    select
        feed.scope_key,
        feed.bank_code,
        programme.credit_programme,
        protected.organisation,
        protected.region_key,
        protected.people_level,
        protected.women_level
    from feed
    inner join {{ ref('int_credit_protection') }} as protected
        on feed.feed_key = protected.scope_key
    inner join {{ ref('dim_credit_programme') }} as programme
        using (credit_programme_key)
),

cut as (
    select
        bank.is_all as is_all_banks,
        programme.is_all as is_all_programmes,
        organisation.is_all as is_all_organisations
    from (values (true), (false)) as bank (is_all)
    cross join (values (true), (false)) as programme (is_all)
    cross join (values (true), (false)) as organisation (is_all)
),

-- Put together by region before the cuts multiply them. What one cell cuts, the whole
-- cuts: the highest level of its cells decides. No cell without a level is shown.
placed as (
    select
        told_apart.scope_key,
        path.target_level,
        path.target_region_key as region_key,
        told_apart.bank_code,
        told_apart.credit_programme,
        told_apart.organisation,
        told_apart.citizen_token,
        sum(told_apart.people) as people,
        sum(told_apart.women) as women,
        max(coalesce(protection.people_level, {{ withheld_level() }})) as people_level,
        max(coalesce(protection.women_level, {{ withheld_level() }})) as women_level
    from told_apart
    inner join commune using (as_of_date, commune_code_system, commune_code)
    inner join {{ ref('int_region_path') }} as path
        on
            commune.region_key = path.region_key
            and path.boundary = 'as_reported'
            and {{ is_valid_on('path', 'commune.counted_on') }}
    left join protection
        on
            told_apart.scope_key = protection.scope_key
            and told_apart.bank_code = protection.bank_code
            and told_apart.credit_programme = protection.credit_programme
            and told_apart.organisation = protection.organisation
            and commune.region_key = protection.region_key
    group by
        told_apart.scope_key,
        path.target_level,
        path.target_region_key,
        told_apart.bank_code,
        told_apart.credit_programme,
        told_apart.organisation,
        told_apart.citizen_token
),

-- Each person told apart once, in two steps that both can be made by hashing; a count
-- of different tokens would sort all of them.
person as (
    select
        placed.scope_key,
        placed.region_key,
        case when cut.is_all_banks then 'all' else placed.bank_code end as bank_code,
        case when cut.is_all_programmes then 'all' else placed.credit_programme end
            as credit_programme,
        case when cut.is_all_organisations then 'all' else placed.organisation end
            as organisation,
        case when placed.citizen_token is null then sum(placed.people) else 1 end
            as people,
        case
            when placed.citizen_token is null then sum(placed.women)
            else least(sum(placed.women), 1)
        end as women,
        bool_or({{ cuts_block('placed.people_level') }}) as is_cutting,
        bool_or({{ cuts_block('placed.women_level') }}) as is_cutting_women
    from placed
    -- Within a commune, fct_credit_month has the people of each programme and
    -- organisation already.
    inner join cut
        on
            placed.target_level <> 'commune'
            or (
                cut.is_all_banks
                and cut.is_all_programmes
                and cut.is_all_organisations
            )
    group by
        placed.scope_key,
        placed.region_key,
        case when cut.is_all_banks then 'all' else placed.bank_code end,
        case when cut.is_all_programmes then 'all' else placed.credit_programme end,
        case when cut.is_all_organisations then 'all' else placed.organisation end,
        placed.citizen_token
),

final as (
    select
        scope_key,
        region_key,
        bank_code,
        credit_programme,
        organisation,
        sum(people)::bigint as borrowers,
        sum(women)::bigint as female_borrowers,
        bool_or(is_cutting) as is_cutting,
        bool_or(is_cutting_women) as is_cutting_women
    from person
    group by scope_key, region_key, bank_code, credit_programme, organisation
)

select * from final
