{# What the protection of credit figures rests on (docs/privacy.md): its four families of figures, each with the tests
   that every published figure of it must pass, and the levels at which figures of too few people are put together. #}

{# Family -> columns of the fact that are shown together or not at all, counts of people behind them, and amounts.
   A family is left out wherever one that it rests on is: a row of too few people shows nothing, and as balances of two
   months and what was lent and collected between them tell what was written off, these go together. #}
{% macro credit_families() -%}
    {{ return({
        'people': {
            'columns': ['loans_outstanding', 'borrowers', 'households', 'groups', 'closing_balance'],
            'counts': ['people', 'debtors'], 'amounts': ['closing_balance'], 'rests_on': [],
        },
        'women': {
            'columns': ['female_borrowers'], 'counts': ['women', 'men'], 'amounts': [], 'rests_on': ['people'],
        },
        'loans': {'columns': ['loans'], 'counts': ['closers'], 'amounts': [], 'rests_on': ['people']},
        'written_off': {
            'columns': ['written_off'], 'counts': [], 'amounts': ['written_off'], 'rests_on': ['people'],
        },
        'flow': {
            'columns': ['turns', 'lent', 'collected'], 'counts': ['takers'], 'amounts': ['lent', 'collected'],
            'rests_on': ['people', 'written_off'],
        },
        'overdue': {'columns': ['overdue'], 'counts': [], 'amounts': ['overdue'], 'rests_on': ['people']},
        'frozen': {'columns': ['frozen'], 'counts': [], 'amounts': ['frozen'], 'rests_on': ['people']},
        'par30': {'columns': ['par30_balance'], 'counts': [], 'amounts': ['par30_balance'], 'rests_on': ['people']},
        'par90': {'columns': ['par90_balance'], 'counts': [], 'amounts': ['par90_balance'], 'rests_on': ['people']},
        'before': {
            'columns': ['balance_before', 'overdue_before', 'par30_before', 'par90_before'], 'counts': [],
            'amounts': ['balance_before', 'overdue_before', 'par30_before', 'par90_before'], 'rests_on': ['people'],
        },
        'moved': {
            'columns': ['rolled_to_overdue', 'rolled_to_par30', 'rolled_to_par90', 'cured'], 'counts': [],
            'amounts': ['rolled_to_overdue', 'rolled_to_par30', 'rolled_to_par90', 'cured'], 'rests_on': ['people'],
        },
    }) }}
{%- endmacro %}

{# Every count or amount of the families, each once. #}
{% macro credit_measures(kind) -%}
    {{ return(credit_families().values() | map(attribute=kind) | sum(start=[]) | unique | list) }}
{%- endmacro %}

{# A person is at home in one cell of those that share `keys`: whoever is counted there is counted once. #}
{% macro is_home(keys) -%}
row_number()
            over (
                partition by {{ keys | join(', ') }}
                order by
                    md5(
                        citizen_token
                        || credit_programme
                        || commune_code
                        || commune_code_system
                        || organisation
                    )
            )
        = 1
            as is_home
{%- endmacro %}

{# Level -> the columns that cells must share to be put together there. After level 1 programmes are put together too,
   so that a province's total stays whole; only then provinces, and last organisations. #}
{% macro credit_levels() -%}
    {{ return({
        1: ['scope_key', 'credit_programme_key', 'province_key', 'organisation'],
        2: ['scope_key', 'province_key', 'organisation'],
        3: ['scope_key', 'organisation'],
        4: ['scope_key'],
    }) }}
{%- endmacro %}

{# Level of a figure that even the whole bank and month is too small for: it is not published. #}
{% macro withheld_level() -%}{{ return(5) }}{%- endmacro %}

{# The rule: nobody is in it, or at least `small_cell` people are; and an amount is nothing, or at least 2 + p times its
   largest part, so that it has three contributors, and the second largest, who knows her own, cannot tell the largest
   to p %. #}
{% macro is_safe_family(family, count='{}', home='home_{}', amount='{}', largest='largest_{}') -%}
    {%- set rule = credit_families()[family] -%}
    {%- for name in rule.counts %}
        {%- if not loop.first %} and {% endif -%}
        ({{ count.format(name) }} = 0 or {{ home.format(name) }} >= {{ var('small_cell') }})
    {%- endfor %}
    {%- for name in rule.amounts %}
        {%- if rule.counts or not loop.first %} and {% endif -%}
        ({{ amount.format(name) }} = 0 or {{ amount.format(name) }} >= (2 + {{ var('dominance_pct') }} / 100.0) * {{ largest.format(name) }})
    {%- endfor %}
{%- endmacro %}

{# Columns of a family of which a revision may tell a difference, each with what counts as one person's part of it; who
   is no woman is told by the difference of two columns. Summaries alone have households. #}
{% macro credit_changes(family) -%}
    {{ return({
        'people': ['loans_outstanding', 'borrowers', 'groups', 'closing_balance'],
        'women': ['female_borrowers', 'male_borrowers'],
    }.get(family, credit_families()[family]['columns'])) }}
{%- endmacro %}

{# Whether some month is about to show other feeds than a release did; else nothing below asks what changed. #}
{% macro is_revising() -%}
    {%- set found = namespace(any=false) -%}
    {%- if execute -%}
        {%- set found.any = run_query(
            'select 1 from ' ~ ref('int_credit_protection_scope') ~ ' where is_revised limit 1'
        ).rows | length > 0 -%}
    {%- endif -%}
    {{ return(found.any) }}
{%- endmacro %}

{# The rule for what a revision tells: the difference of each figure rests on nobody, or on enough people of whom none
   has too much of it, as the figures themselves. #}
{% macro is_safe_change(family, home='home_changers_{}') -%}
    {%- for name in credit_changes(family) %}
        {%- if not loop.first %} and {% endif -%}
        (coalesce(changers_{{ name }}, 0) = 0 or {{ home.format(name) }} >= {{ var('small_cell') }})
    {%- endfor %}
    {%- for name in credit_families()[family].amounts %}
        and coalesce(change_{{ name }}, 0)
        >= (2 + {{ var('dominance_pct') }} / 100.0) * coalesce(largest_change_{{ name }}, 0)
    {%- endfor %}
{%- endmacro %}

{# The measures of a revision, each by `text`: {0} is what puts several of them together, {1} the column. #}
{% macro change_measures(family, text) -%}
    {%- for name in credit_changes(family) %},
        {{ text.format('sum', 'changers_' ~ name) }},
        {{ text.format('sum', 'home_changers_' ~ name) }}
    {%- endfor %}
    {%- for name in credit_families()[family].amounts %},
        {{ text.format('sum', 'change_' ~ name) }},
        {{ text.format('max', 'largest_change_' ~ name) }}
    {%- endfor %}
{%- endmacro %}

{# `text` once for each name, {0} standing for the name: a list of columns. #}
{% macro each(text, names) -%}
    {%- for name in names -%}
        {{ text.format(name) }}{{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro each_family(text) -%}{{ each(text, credit_families()) }}{%- endmacro %}

{# The columns of the fact in every family but those of `family`, as nulls, in the same order as its own. #}
{% macro credit_columns(family, own, other) -%}
    {%- for name, rule in credit_families().items() -%}
        {%- set text = own if family in (name, 'all') else other -%}
        {{ each(text.replace('{family}', name), rule['columns']) }}
        {{- ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# CTEs `<family>_cell_<level>`, from the cells as they are to those of the last level: the block (`unit_key`) that each
   cell is in, the level of that block, and whether it may not be shown yet. In between: where a block may not
   be shown, the blocks there in the order in which they are put together, how many are needed, what became of each.
   What a release has put together (`<family>_kept`, the level) stays so: it may not be shown until that level, and
   there joins whatever else may not. `revising`: nor may what differs from that release by too few people (`change`). #}
{% macro credit_protection_steps(revising=false) -%}
{%- set families = credit_families() %}
{%- set levels = credit_levels() %}
{% for family, rule in families.items() %}
    {%- set measures = rule.counts + rule.amounts %}
    {%- set before = family ~ '_cell_0' %}
    {{ before }} as (
        select
            cell.cell_id,
            cell.scope_key,
            cell.credit_programme_key,
            cell.province_key,
            cell.organisation,
            cell.cell_id as unit_key,
            0 as level,
            cell.{{ family }}_kept as kept,
            cell.{{ family }}_kept > 0
            or not ({{ is_safe_family(
                family, 'cell.{}', 'cell.{}', 'cell.{}', 'cell.own_largest_{}'
            ) }})
            {%- for below in rule.rests_on %}
                or {{ below }}_cell_{{ levels | length }}.level > 0
            {%- endfor %}
            {%- if revising %}
                or not ({{ is_safe_change(family, 'changers_{}') }})
            {%- endif %}
                as is_unsafe,
            cell.people as size,
            (greatest(0{% for name in measures %}, cell.{{ name }}{% endfor %}) > 0)::int
                as contributes
            {%- for name in rule.counts %},
                cell.{{ name }},
                cell.home_{{ name }}
            {%- endfor %}
            {%- for name in rule.amounts %},
                cell.{{ name }},
                cell.largest_{{ name }}
            {%- endfor %}
        from cell
        {%- for below in rule.rests_on %}
            inner join {{ below }}_cell_{{ levels | length }} using (cell_id)
        {%- endfor %}
        {%- if revising %}
            left join change using (cell_id)
        {%- endif %}
    ),
    {% for level, keys in levels.items() %}
        {%- set before = family ~ '_cell_' ~ (level - 1) %}
        {%- set needy = family ~ '_needy_' ~ level %}
        {%- set unit = family ~ '_unit_' ~ level %}
        {%- set ranked = family ~ '_ranked_' ~ level %}
        {%- set cut = family ~ '_cut_' ~ level %}
        {%- set merged = family ~ '_merged_' ~ level %}
        {{ needy }} as (
            select distinct {{ keys | join(', ') }}
            from {{ before }}
            where is_unsafe and kept <= {{ level }}
        ),

        {{ unit }} as (
            select
                {% for key in keys %}
                    min({{ key }}) as {{ key }},
                {% endfor %}
                unit_key,
                bool_or(is_unsafe) as is_unsafe,
                sum(size) as size,
                max(contributes) as contributes
                {%- for name in rule.counts %},
                    sum({{ name }}) as {{ name }},
                    sum(home_{{ name }}) as home_{{ name }}
                {%- endfor %}
                {%- for name in rule.amounts %},
                    sum({{ name }}) as {{ name }},
                    max(largest_{{ name }}) as largest_{{ name }}
                {%- endfor %}
                {%- if revising %}
                    {{- change_measures(family, 'coalesce({0}({1}), 0) as {1}') }}
                {%- endif %}
            from {{ before }}
            inner join {{ needy }} using ({{ keys | join(', ') }})
            {%- if revising %}
                left join change using (cell_id)
            {%- endif %}
            where kept <= {{ level }}
            group by unit_key
        ),

        {{ ranked }} as (
            select
                {{ keys | join(', ') }},
                unit_key,
                row_number() over taken as place,
                count(*) filter (where is_unsafe) over whole as unsafe_units,
                sum(contributes) over taken as contributes
                {%- for name in rule.counts %},
                    sum({{ name }}) over taken as {{ name }},
                    sum(home_{{ name }}) over taken as home_{{ name }}
                {%- endfor %}
                {%- for name in rule.amounts %},
                    sum({{ name }}) over taken as {{ name }},
                    max(largest_{{ name }}) over taken as largest_{{ name }}
                {%- endfor %}
                {%- if revising %}
                    {{- change_measures(family, '{0}({1}) over taken as {1}') }}
                {%- endif %}
            from {{ unit }}
            window
                whole as (partition by {{ keys | join(', ') }}),
                taken as (
                    partition by {{ keys | join(', ') }}
                    order by
                        is_unsafe desc,
                        {%- if revising %}
                            {{ credit_changes(family) | map('replace', '', 'changers_', 1) | join(' + ') }} > 0 desc,
                        {%- endif %}
                        contributes desc,
                        size asc,
                        unit_key asc
                    rows between unbounded preceding and current row
                )
        ),

        {{ cut }} as (
            select
                {{ keys | join(', ') }},
                -- One contributing unit alone would be shown as it is.
                min(place) filter (
                    where
                    place >= unsafe_units
                    and contributes <> 1
                    and {{ is_safe_family(family) }}
                    {%- if revising %}
                        and {{ is_safe_change(family) }}
                    {%- endif %}
                ) as last_place
            from {{ ranked }}
            group by {{ keys | join(', ') }}
        ),

        {{ merged }} as (
            select
                ranked.unit_key,
                min(ranked.unit_key)
                    over (partition by {% for key in keys %}ranked.{{ key }}{{ ', ' if not loop.last }}{% endfor %})
                    as block_key,
                cut.last_place is null as is_unsafe
            from {{ ranked }} as ranked
            inner join {{ cut }} as cut using ({{ keys | join(', ') }})
            where ranked.place <= coalesce(cut.last_place, ranked.unsafe_units)
        ),

        {{ family }}_cell_{{ level }} as (
            select
                before.cell_id,
                before.scope_key,
                before.credit_programme_key,
                before.province_key,
                before.organisation,
                coalesce(merged.block_key, before.unit_key) as unit_key,
                case when merged.unit_key is null then before.level else {{ level }} end
                    as level,
                before.kept,
                coalesce(merged.is_unsafe, before.is_unsafe) as is_unsafe,
                before.size,
                before.contributes
                {%- for name in rule.counts %},
                    before.{{ name }},
                    before.home_{{ name }}
                {%- endfor %}
                {%- for name in rule.amounts %},
                    before.{{ name }},
                    before.largest_{{ name }}
                {%- endfor %}
            from {{ before }} as before
            left join {{ merged }} as merged using (unit_key)
        ){{ ',' if not loop.last }}
    {% endfor %}
    {{- ',' if not loop.last }}
{% endfor %}
{%- endmacro %}

{% macro credit_protection_joins() -%}
    {%- for family in credit_families() %}
        inner join {{ family }}_cell_{{ credit_levels() | length }} as {{ family }} using (cell_id)
    {%- endfor %}
{%- endmacro %}

{# Every figure in the block that it was put into, one select a family. #}
{% macro credit_remainders() -%}
    {%- for family in credit_families() %}
        union all
        select
            cell.bank_key,
            case when cell.{{ family }}_level <= 1 then cell.credit_programme_key else other.credit_programme_key end,
            case when cell.{{ family }}_level <= 2 then cell.province_key else other.nation_key end,
            cell.period_key,
            case when cell.{{ family }}_level <= 3 then cell.organisation else 'KHAC' end,
            cell.source_kind,
            cell.receipt_id,
            cell.scope_key,
            case when cell.{{ family }}_level >= {{ withheld_level() }} then '{{ family }}' end,
            true,
            {{ credit_columns(
                family,
                'case when cell.{family}_level < ' ~ withheld_level() ~ ' then cell.{0} end',
                'null'
            ) }}
        from cell
        cross join other
        where cell.{{ family }}_level > 0
    {%- endfor %}
{%- endmacro %}

{# Of `shown`, the level at which a release published each family of a cell; nothing binds where it told nothing. #}
{% macro credit_levels_kept() -%}
    {{ each_family(
        "case when '{0}' = any(string_to_array(changed.untold, ',')) then 0 "
        ~ "else coalesce((shown.levels ->> '{0}')::integer, 0) end as {0}_kept"
    ) }}
{%- endmacro %}

{# Cells that a correction left without a loan: they differ from what was shown. In the order of int_credit_contributor. #}
{% macro credit_cells_gone() -%}
    union all
    select
        scope_key,
        credit_programme_key,
        region_key,
        organisation,
        {{ each('0 as {0}, 0 as home_{0}', credit_measures('counts')) }},
        {{ each('0 as {0}, 0 as own_largest_{0}, 0 as largest_{0}', credit_measures('amounts')) }},
        true as is_gone
    from {{ ref('int_credit_change') }}
    inner join changed using (scope_key)
    where changed.is_revised and not is_there
{%- endmacro %}

{# CTE `change`: by what each cell differs from what was shown; of a family of which nothing was shown, by nothing. #}
{% macro credit_change() -%}
change as (
    select
        cell.cell_id
        {%- for family in credit_families() %}
            {{- change_measures(
                family, "case when '" ~ family ~ "' = any(string_to_array(changed.untold, ',')) then 0 else change.{1} end as {1}"
            ) }}
        {%- endfor %}
    from {{ ref('int_credit_change') }} as change
    inner join changed using (scope_key)
    inner join cell using (scope_key, credit_programme_key, region_key, organisation)
    where changed.is_revised
),
{%- endmacro %}
