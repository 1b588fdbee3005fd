"""The life of the loans as closed SQL: the state of any loan at any month end follows from its number alone.

A bank's portfolio is a number of slots. A slot holds one loan after another, each living `life` months, so that every
month end has exactly one line for each slot and any month can be written without the months before. Nothing is kept:
memory is that of one chunk. Amounts are whole đồng, months are counted from January 2015.

Fates: most loans are repaid by plan; some fall overdue and recover, some are rescheduled, frozen or written off, a few
come from another lender or go to one (`transferred`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from vwu.generate.draws import draw, part
from vwu.generate.lenders import Lender, amounts, rate_texts
from vwu.generate.names import FAMILY_NAMES, GIVEN_NAMES, MALE_GIVEN_NAMES, MALE_MIDDLE_NAMES, MIDDLE_NAMES
from vwu.generate.nation import Place, birth_prefixes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from vwu.catalogue import Catalogue

EPOCH_YEAR = 2015
FEWEST_BORROWERS, MOST_BORROWERS, MOST_EXTRA_MEMBERS = 6, 50, 10
CHUNK = 200_000
"""Slots that are worked on at a time, give or take one group."""

_RATINGS = ("tốt", "tốt", "tốt", "tốt", "tốt", "tốt", "khá", "khá", "trung bình", "yếu")
_FIRST_BIRTH_YEAR, _BIRTH_YEARS = 1955, 36
_SERIALS = 1_000_000
_LENDERS = 5
"""Lenders take every fifth number of a person, so that nobody borrows from two."""

# What may become of a loan; each with the draw out of a thousand up to which it goes.
_REGULAR, _SPELL, _RESCHEDULED, _FROZEN, _LOST, _HANDED_OVER, _TAKEN_OVER = range(7)
_FATES = ((_REGULAR, 890), (_SPELL, 935), (_RESCHEDULED, 970), (_FROZEN, 980), (_LOST, 988), (_HANDED_OVER, 994))


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One lender's loans, for the months of one nation. `number` tells the lenders' draws and persons apart."""

    lender: Lender
    number: int
    slots: int
    seed: int
    amounts: tuple[tuple[int, ...], ...]
    birth_prefixes: tuple[str, ...]

    def draw(self, name: str, key: str) -> str:
        return draw(self.seed, f"{self.lender.bank_code} {name}", key)


def portfolio_of(
    lender: Lender, number: int, slots: int, seed: int, catalogue: Catalogue, days: Sequence[date]
) -> Portfolio:
    """A lender's portfolio whose amounts respect every ceiling of these days."""
    allowed = tuple(tuple(amounts(offer, catalogue, days)) for offer in lender.offers)
    return Portfolio(lender, number, slots, seed, allowed, birth_prefixes(catalogue.seeds_dir))


def month_number(month_end: date) -> int:
    """Months since January 2015."""
    return (month_end.year - EPOCH_YEAR) * 12 + month_end.month - 1


def make_places(engine: DuckDBPyConnection, places: Sequence[Place]) -> None:
    """The table `place`: both codes of each commune, by number."""
    columns = zip(*((p.number, p.commune, p.province, p.new_commune, p.new_province) for p in places), strict=True)
    engine.execute(
        """create or replace table place as select unnest($1::integer[]) as place, unnest($2::varchar[]) as commune,
           unnest($3::varchar[]) as province, unnest($4::varchar[]) as new_commune,
           unnest($5::varchar[]) as new_province""",
        [list(column) for column in columns],
    )


def make_groups(engine: DuckDBPyConnection, portfolio: Portfolio) -> int:
    """The table `credit_group` of a portfolio: its slots, commune, organisation, members. Returns the chunks.

    Groups are spread evenly over the communes, in their order.
    """
    organisations = [code for code, weight in portfolio.lender.organisations for _ in range(weight)]
    engine.execute(
        f"""create or replace table credit_group as
        with sized as (
            select n, {FEWEST_BORROWERS} + {part("word", 0, MOST_BORROWERS - FEWEST_BORROWERS + 1)} as size, word
            from (select n, {portfolio.draw("group", "n")} as word
                  from range({portfolio.slots // FEWEST_BORROWERS + 1}) as numbered (n))
        ),
        placed as (
            select *, (sum(size) over (order by n) - size)::bigint as first_slot from sized
        ),
        kept as (
            select n, word, first_slot, least(size, {portfolio.slots} - first_slot) as slots,
                n * (select count(*) from place) // count(*) over () as place
            from placed where first_slot < {portfolio.slots}
        )
        select kept.n, kept.first_slot, kept.slots, kept.first_slot // {CHUNK} as chunk,
            greatest(kept.slots, 5) + {part("word", 16, MOST_EXTRA_MEMBERS + 1)} as members,
            {_choice(organisations, part("word", 32, 100))} as organisation,
            'T{portfolio.number}' || lpad(kept.n::varchar, 8, '0') as group_id,
            {_name(portfolio.draw("leader", "kept.n"), "true")} as leader_name,
            {_choice(_RATINGS, part("word", 48, len(_RATINGS)))} as rating,
            make_date(2008 + {part("word", 48, 11)}, 1 + {part("word", 32, 12)}, 15) as established_on,
            place.*
        from kept inner join place using (place)
        order by kept.n"""
    )
    row = engine.execute("select max(chunk) + 1 from credit_group").fetchone()
    assert row is not None
    return int(row[0])


def loan_lines(portfolio: Portfolio, catalogue: Catalogue, month_end: date, chunk: int, *, is_new_system: bool) -> str:
    """SQL of the loan lines of one chunk and month end, every column of the feed, in the order of the slots.

    Beside the feed's columns stands `place`, the number of the commune.
    """
    rates = rate_texts(portfolio.lender.offers, catalogue, month_end)
    thousandths = [int(Decimal(rate) * 1000) for rate in rates]
    prefix = "new_" if is_new_system else ""
    return f"""
    with {_state(portfolio, month_number(month_end), f"where chunk = {chunk}")},
    due as (
        select *, opening * {_choice(thousandths, "offer_number")} // 1200000 as interest from moved
    )
    select
        '{portfolio.lender.bank_code}' as bank_code,
        '{portfolio.lender.bank_code}-' || {prefix}province || '-01' as bank_branch_code,
        date '{month_end}' as as_of_date,
        'K{portfolio.number}' || lpad(slot::varchar, 9, '0') || '-' || cycle as loan_id,
        'KH' || lpad(person::varchar, 10, '0') as customer_id,
        {_citizen_id(portfolio)} as citizen_id,
        {_name(portfolio.draw("name", "person"), "is_woman")} as full_name,
        make_date({_FIRST_BIRTH_YEAR} + {_birth_year(portfolio)}, 1 + {part("person_word", 16, 12)},
            1 + {part("person_word", 32, 28)}) as birth_date,
        if(is_woman, 'F', 'M') as sex,
        {prefix}commune as commune_code,
        '{"GSO-2025" if is_new_system else "GSO-2024"}' as commune_code_system,
        if(organisation = 'TT', null, group_id) as group_id,
        organisation,
        {_choice([offer.credit_programme for offer in portfolio.lender.offers], "offer_number")} as credit_programme,
        approved as approved_amount,
        disbursed_on,
        (disbursed_on + to_months(
            if(fate = {_LOST} or (fate = {_RESCHEDULED} and age < event_age), event_age, life - 1)::integer
        ))::date as maturity_on,
        {_choice(rates, "offer_number")} as annual_rate_pct,
        opening as opening_balance,
        lent,
        opening + lent - written_off + transferred - closing as collected,
        written_off,
        transferred,
        closing as closing_balance,
        overdue,
        frozen,
        if(overdue > 0, 30 * (age - event_age) + 15, 0) as overdue_days,
        interest as interest_due,
        if(overdue > 0 or frozen > 0, 0, interest) as interest_collected,
        50000 * (1 + {part("slot_word", 32, 20)} + age) as savings_balance,
        status,
        place
    from due"""


def turns_by_place(portfolio: Portfolio, month_end: date) -> str:
    """SQL of what the Union's groups were lent in one month: (place, turns, lent)."""
    return f"""
    with {_state(portfolio, month_number(month_end), "where organisation = 'PN'", "where age = 0")}
    select place, count(*) as turns, sum(lent)::bigint as lent from moved where lent > 0 group by place"""


def _state(portfolio: Portfolio, month: int, groups: str, ages: str = "") -> str:
    """The chain of tables up to `moved`, the loans of a month with their movements; each adds what follows."""
    return f"""
    member as (
        select *, first_slot + unnest(range(slots)) as slot from credit_group {groups}
    ),
    drawn as (
        select *, {portfolio.draw("slot", "slot")} as slot_word,
            {portfolio.draw("pair", "(n * 64 + (slot - first_slot) // 2)")} % 8 = 0 as is_pair
        from member
    ),
    living as (
        select *, 24 + 12 * {part("slot_word", 0, 4)} + ({part("slot_word", 0, 48)}) // 4 as life from drawn
    ),
    dated as (
        select *, {month} + {part("slot_word", 16, 65_536)} % life as clock from living
    ),
    aged as (
        select *, clock // life as cycle, clock % life as age from dated
    ),
    told as (
        select *, {portfolio.draw("loan", "(slot * 64 + cycle)")} as loan_word,
            {portfolio.draw("event", "(slot * 64 + cycle)")} as event_word,
            {_person(portfolio)} as person
        from aged {ages}
    ),
    offered as (
        select *, {_offer_number(portfolio)} as offer_number, {_fate()} as fate,
            6 + {part("event_word", 16, 65_536)} % (life - 16) as event_age,
            2 + {part("event_word", 32, 5)} as event_months,
            {_choice([3, 6, 12], part("loan_word", 32, 3))} as every,
            {_choice([0, 0, 30, 60, 90], part("event_word", 48, 5))} as repaid_pct,
            {portfolio.draw("person", "person")} as person_word,
            {_birth(portfolio)} as birth
        from told
    ),
    priced as (
        select *, {_amount(portfolio)} as approved, {part("person_word", 0, 100)} >= 12 as is_woman,
            (life - 2) // every as instalments,
            (date '{EPOCH_YEAR}-01-01' + to_months(({month} - age)::integer))::date
                + ({part("slot_word", 48, 28)})::integer as disbursed_on
        from offered
    ),
    planned as (
        select *, (approved * repaid_pct // 100 // instalments) // 10000 * 10000 as instalment from priced
    ),
    balanced as (
        select *, {_balance("age")} as closing, if(age = 0, 0, {_balance("(age - 1)")}) as opening from planned
    ),
    moved as (
        select *,
            if(age = 0 and fate <> {_TAKEN_OVER}, approved, 0) as lent,
            case
                when age = 0 and fate = {_TAKEN_OVER} then approved
                when age = life - 1 and fate = {_HANDED_OVER} then -opening
                else 0
            end as transferred,
            if({_IS_WRITTEN_OFF}, opening, 0) as written_off,
            {_OVERDUE} as overdue,
            if(fate = {_FROZEN} and age between event_age and life - 2, closing, 0) as frozen,
            {_STATUS} as status
        from balanced
    )"""


def _person(portfolio: Portfolio) -> str:
    """The number of a borrower. Some neighbouring slots share one person; a third of the slots changes hands.

    A person is slot + slots x generation, so that no two slots of any lender ever meet.
    """
    generation = f"if({part('slot_word', 32, 3)} = 0, cycle, 0)"
    shared = "first_slot + (slot - first_slot) // 2 * 2"
    return f"(if(is_pair, {shared}, slot + {portfolio.slots} * {generation}) * {_LENDERS} + {portfolio.number})"


def _birth(portfolio: Portfolio) -> str:
    """Where and when a person was born, as one number.

    A citizen id is this and six digits that run through all values before they repeat, then with the next birth.
    """
    births = len(portfolio.birth_prefixes) * _BIRTH_YEARS
    drawn = portfolio.draw("birth", f"(person % {_SERIALS})")
    return f"(({drawn} % {births})::bigint + person // {_SERIALS})"


def _birth_year(portfolio: Portfolio) -> str:
    return f"birth // {len(portfolio.birth_prefixes)} % {_BIRTH_YEARS}"


def _citizen_id(portfolio: Portfolio) -> str:
    """Twelve digits: province of birth registration, sex and century, year of birth, six digits (DOMAIN C.6)."""
    province = _choice(portfolio.birth_prefixes, f"birth % {len(portfolio.birth_prefixes)}")
    year = f"({_FIRST_BIRTH_YEAR - 1900} + {_birth_year(portfolio)})::varchar"
    # 700,001 has no divisor in common with a million: the digits come in a scattered order, each once.
    serial = f"lpad(((person % {_SERIALS} * 700001 + {portfolio.seed % _SERIALS}) % {_SERIALS})::varchar, 6, '0')"
    return f"{province} || if(is_woman, '1', '0') || {year} || {serial}"


def _name(word: str, is_woman: str) -> str:
    def each(names: Sequence[str], shift: int) -> str:
        return _choice(names, part(word, shift, len(names)))

    woman = f"{each(MIDDLE_NAMES, 16)} || ' ' || {each(GIVEN_NAMES, 32)}"
    man = f"{each(MALE_MIDDLE_NAMES, 16)} || ' ' || {each(MALE_GIVEN_NAMES, 32)}"
    return f"{each(FAMILY_NAMES, 0)} || ' ' || if({is_woman}, {woman}, {man})"


def _offer_number(portfolio: Portfolio) -> str:
    offers = portfolio.lender.offers
    spread = [number for number, offer in enumerate(offers) for _ in range(offer.weight)]
    return _choice(spread, part("loan_word", 0, len(spread)))


def _amount(portfolio: Portfolio) -> str:
    """One of the offer's amounts: the lists stand one behind the other, each named by where it starts."""
    starts = [sum(map(len, portfolio.amounts[:number])) for number in range(len(portfolio.amounts))]
    flat = [amount for each in portfolio.amounts for amount in each]
    size = _choice([len(each) for each in portfolio.amounts], "offer_number")
    return _choice(flat, f"({_choice(starts, 'offer_number')} + {part('loan_word', 16, 65_536)} % {size})")


def _fate() -> str:
    chosen = " ".join(f"when {part('event_word', 0, 1000)} < {limit} then {fate}" for fate, limit in _FATES)
    return f"case {chosen} else {_TAKEN_OVER} end"


def _balance(age: str) -> str:
    """SQL of the balance at the end of the month in which a loan has an age; nothing is left in its last month.

    In an overdue spell nothing is repaid, and all that was missed after it; a rescheduled, frozen or lost loan stays.
    """
    counted = f"""case
        when fate in ({_RESCHEDULED}, {_FROZEN}, {_LOST}) then least({age}, event_age)
        when fate = {_SPELL} and {age} between event_age and event_age + event_months - 1 then event_age - 1
        else {age}
    end"""
    return f"if({age} >= life - 1, 0, approved - instalment * least(({counted}) // every, instalments))"


_IS_WRITTEN_OFF = f"(age = life - 1 and (fate = {_LOST} or (fate = {_FROZEN} and event_word & 65536 > 0)))"
_OVERDUE = f"""case
    when fate = {_SPELL} and age between event_age and event_age + event_months - 1 then least(closing, greatest(
        approved // 10, instalment * (least(age // every, instalments) - least((event_age - 1) // every, instalments))
    ))
    when fate = {_LOST} and age between event_age and life - 2
        then if(age - event_age >= 6, closing, least(closing, approved // 5))
    else 0
end"""
_STATUS = f"""case
    when {_IS_WRITTEN_OFF} then 'written_off'
    when age = life - 1 then 'paid'
    when fate = {_FROZEN} and age >= event_age then 'frozen'
    when fate = {_RESCHEDULED} and age >= event_age then 'rescheduled'
    else 'active'
end"""


def _choice(options: Sequence[str | int], index: str) -> str:
    """SQL of one of some values by its index from 0."""
    listed = ", ".join(f"'{each}'" if isinstance(each, str) else str(each) for each in options)
    kind = "varchar" if isinstance(options[0], str) else "bigint"
    return f"([{listed}]::{kind}[])[1 + {index}]"
