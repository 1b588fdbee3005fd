-- grain: one row per indicator and period that is rolled up, with a version of all that
-- decides it
-- A ratio changes with its parts, coverage with the members told until then. The
-- indicator, not its programme, is the scope: a second programme that claims the same
-- result is shown beside the first.
{{ config(materialized='table') }}
with

own as (
    select
        digest.indicator_key,
        dependency.container_key as period_key,
        md5(
            string_agg(
                digest.period_key || ':' || digest.digest, '|'
                order by digest.period_key
            )
        ) as version
    from {{ ref('int_value_digest') }} as digest
    inner join {{ ref('int_period_dependency') }} as dependency
        on digest.period_key = dependency.part_key
    group by digest.indicator_key, dependency.container_key
),

members as (
    select
        period.period_key,
        md5(
            string_agg(
                digest.period_key || ':' || digest.digest, '|'
                order by digest.period_key
            )
        ) as version
    from {{ ref('int_value_digest') }} as digest
    inner join {{ ref('int_indicator') }} as indicator using (indicator_key)
    inner join {{ ref('int_period') }} as said on digest.period_key = said.period_key
    inner join {{ ref('int_period') }} as period on said.end_date <= period.end_date
    where indicator.indicator_code = 'MEMBERS_TOTAL'
    group by period.period_key
),

decides as (
    select
        indicator_key,
        period_key,
        indicator_key as part_key,
        version
    from own
    union all
    select
        ratio.indicator_key,
        own.period_key,
        own.indicator_key as part_key,
        own.version
    from {{ ref('int_indicator') }} as ratio
    inner join own
        on own.indicator_key in (ratio.numerator_key, ratio.denominator_key)
    where ratio.measure = 'ratio' and ratio.indicator_key <> own.indicator_key
),

final as (
    select
        decides.indicator_key,
        decides.period_key,
        decides.indicator_key || '|' || decides.period_key as scope_key,
        md5(
            concat_ws(
                '|',
                string_agg(
                    decides.part_key || ':' || decides.version, '|'
                    order by decides.part_key
                ),
                members.version
            )
        ) as scope_version
    from decides
    left join members using (period_key)
    group by decides.indicator_key, decides.period_key, members.version
)

select * from final
