"""Corrections of a bank's month that would tell of too few people wait: the figures that were published stay in force.

What changes in more, the models protect (docs/privacy.md); here is only what no putting together can make safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwu.database import connect
from vwu.intake import landing

if TYPE_CHECKING:
    import psycopg

    from vwu.settings import Settings


def hold_revisions(settings: Settings) -> tuple[str, ...]:
    """Hold each feed in force that differs from what a release shows of its month by too few people; returns them."""
    with connect(settings, "builder") as connection:
        receipts = few_people_changed(connection, settings)
    with connect(settings, "loader") as connection:
        for receipt_id in receipts:
            landing.hold_of_few(connection, receipt_id, settings.who)
    return receipts


def few_people_changed(connection: psycopg.Connection, settings: Settings) -> tuple[str, ...]:
    """Loan feeds in force, not held, whose whole difference tells of too few people, or cannot be told any more."""
    limits = {"people": settings.small_cell, "share": settings.dominance_pct / 100}
    return tuple(receipt_id for (receipt_id,) in connection.execute(_FEW, limits).fetchall())


_FEW = """
with shown as (
    select distinct on (scope_key) scope_key, receipt_id
    from release.credit_basis
    order by scope_key, release_id desc
),
revision as (
    select scope.scope_key, scope.as_of_date, scope.receipt_id, shown.receipt_id as shown_receipt_id
    from intake.scope
    inner join shown using (scope_key)
    where scope.kind = 'loan' and not scope.is_held and scope.receipt_id <> shown.receipt_id
),
side as (
    select scope_key, as_of_date, receipt_id, 1 as sign from revision
    union all
    select scope_key, as_of_date, shown_receipt_id, -1 from revision
),
line as (
    select
        side.scope_key, loan.citizen_token, loan.credit_programme, loan.organisation, loan.commune_code_system,
        loan.commune_code, sum(side.sign * loan.closing_balance) as closing_balance
    from side
    inner join raw.loan using (receipt_id, as_of_date)
    group by
        side.scope_key, loan.citizen_token, loan.credit_programme, loan.organisation, loan.commune_code_system,
        loan.commune_code, loan.loan_id, loan.sex, loan.group_id, loan.status, loan.lent, loan.collected,
        loan.written_off, loan.closing_balance, loan.overdue, loan.frozen, loan.overdue_days
    having sum(side.sign) <> 0
),
cell as (
    select scope_key, citizen_token, abs(sum(closing_balance)) as change
    from line
    group by scope_key, citizen_token, credit_programme, organisation, commune_code_system, commune_code
),
person as (
    select scope_key, sum(change) as change from cell group by scope_key, citizen_token
),
total as (
    select scope_key, count(*) as people, sum(change) as change, max(change) as largest from person group by scope_key
)
select revision.receipt_id
from revision
inner join total using (scope_key)
where total.people < %(people)s
    or total.change < (2 + %(share)s::numeric) * total.largest
    or (
        select coalesce(max(control.row_count), -1) from raw.feed_control as control
        where control.receipt_id = revision.shown_receipt_id
    ) <> (
        select count(*) from raw.loan
        where loan.receipt_id = revision.shown_receipt_id and loan.as_of_date = revision.as_of_date
    )
order by revision.receipt_id
"""
