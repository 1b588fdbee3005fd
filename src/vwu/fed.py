"""From a receipt forward to every published cell that it fed: its values, the roll-ups above them, its credit rows.

Reads `published` alone, of the release that the connection is pinned to; `vwu.trace` goes the other way.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vwu.database import read_rows
from vwu.trace import CLIMB

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    import psycopg


@dataclass(frozen=True, slots=True)
class Fed:
    """One published row that a receipt stands behind; of a roll-up, one that takes its region and period in."""

    receipt_id: str
    table_name: str
    programme_code: str | None
    indicator_code: str | None
    region_code: str | None
    period_code: str
    scenario: str | None
    basis: str | None
    boundary: str | None
    bank_code: str | None
    organisation: str | None
    value: Decimal | None
    value_state: str
    position: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fed_by(connection: psycopg.Connection, receipt_id: str) -> tuple[Fed, ...]:
    """Every published cell that the receipt fed in this release; empty when it stands behind nothing of it."""
    return read_rows(connection, Fed, _FED, {"receipts": [receipt_id]})


def fed_rollups(connection: psycopg.Connection, receipts: Iterable[str]) -> dict[tuple[Any, ...], set[str]]:
    """Key of a roll-up (programme, indicator, region, period, scenario, basis, boundary) -> receipts that fed it."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for receipt_id, *key in connection.execute(_ROLLUP_KEYS.encode(), {"receipts": list(receipts)}):
        found.setdefault(tuple(key), set()).add(receipt_id)
    return found


_ROLLUPS = f"""
with recursive said as materialized (
    select value.*, part.start_date, part.end_date
    from published.fct_indicator_value as value
    inner join published.dim_period as part on value.period_key = part.period_key
    where value.receipt_id = any(%(receipts)s) and value.value_state <> 'missing'
),

{CLIMB},

rollup as (
    select distinct
        said.receipt_id, rollup.programme_key, rollup.indicator_key, rollup.region_key, rollup.period_key,
        rollup.scenario, rollup.basis, rollup.boundary, rollup.value, rollup.blocked_code
    from said
    inner join climb on said.region_key = climb.from_key
    inner join published.dim_region as region on climb.region_key = region.region_key
    inner join published.fct_indicator_rollup as rollup
        on rollup.programme_key = said.programme_key and rollup.indicator_key = said.indicator_key
        and rollup.scenario = said.scenario and rollup.basis = said.basis and rollup.region_key = climb.region_key
        and case rollup.boundary
            when 'as_reported' then not climb.is_crossed when 'as_now' then region.valid_to is null else true
        end
    inner join published.dim_period as whole
        on rollup.period_key = whole.period_key
        and whole.start_date <= said.start_date and whole.end_date >= said.end_date
)
"""
_ROLLUP_KEYS = f"""{_ROLLUPS}
select receipt_id, programme_key, indicator_key, region_key, period_key, scenario, basis, boundary from rollup
"""
_FED = f"""{_ROLLUPS},

fed as (
    select
        receipt_id, 'fct_indicator_value' as table_name, programme_key, indicator_key, region_key, period_key,
        scenario, basis, null as boundary, null::bigint as bank_key, null::bigint as credit_programme_key,
        null as organisation, value, value_state, position
    from said
    union all
    select
        receipt_id, 'fct_indicator_rollup', programme_key, indicator_key, region_key, period_key,
        scenario, basis, boundary, null, null, null, value, coalesce(blocked_code, 'reported'), null
    from rollup
    union all
    select
        receipt_id, 'fct_credit_month', null, null, region_key, period_key,
        'actual', null, null, bank_key, credit_programme_key, organisation, closing_balance, value_state, null
    from published.fct_credit_month
    where receipt_id = any(%(receipts)s)
)

select
    fed.receipt_id, fed.table_name, coalesce(programme.programme_code, scheme.credit_programme) as programme_code,
    indicator.indicator_code, region.region_code, period.period_code, fed.scenario, fed.basis, fed.boundary,
    bank.bank_code, fed.organisation, fed.value, fed.value_state, fed.position
from fed
inner join published.dim_period as period on fed.period_key = period.period_key
left join published.dim_region as region on fed.region_key = region.region_key
left join published.dim_programme as programme on fed.programme_key = programme.programme_key
left join published.dim_indicator as indicator on fed.indicator_key = indicator.indicator_key
left join published.dim_bank as bank on fed.bank_key = bank.bank_key
left join published.dim_credit_programme as scheme on fed.credit_programme_key = scheme.credit_programme_key
order by fed.table_name desc, programme_code, indicator_code, period.end_date, region.level, region.region_code,
    fed.scenario, fed.basis, fed.boundary, fed.organisation
"""
