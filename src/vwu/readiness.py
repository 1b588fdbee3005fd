"""When a period's roll-up may go out: every report owed has come, or the last day to report has passed.

A roll-up waits for its reports, not for a clock. Who is waited for is said by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vwu.database import read_rows

if TYPE_CHECKING:
    import psycopg

# Branches that owe the nation a report themselves; communes owe theirs to their province.
LEVELS = ("central", "province", "unit")


@dataclass(frozen=True, slots=True)
class Readiness:
    """A period of the Union's calendar, and who still owes it a report, by name; of a held report says so."""

    period_code: str
    due_date: date
    end_date: date
    owed: int
    came: int
    awaited: list[str]

    @property
    def is_complete(self) -> bool:
        """Every report owed has come and none is held. A period that nobody owes anything is never complete."""
        return self.owed > 0 and not self.awaited

    def is_ready(self, today: date) -> bool:
        """Whether the roll-up of the period may go out on a day; a period that has not ended never may."""
        return self.end_date < today and (self.is_complete or self.due_date < today)


def read_readiness(connection: psycopg.Connection) -> tuple[Readiness, ...]:
    """Every period that somebody has reported or owes a report for, in the order of time."""
    return read_rows(connection, Readiness, _READINESS, {"levels": list(LEVELS)})


# A quarter has no reports of its own: it waits for those of its months by its due date alone.
_READINESS = """
select
    period.period_code, period.due_date, period.end_date,
    count(*) filter (where submission.is_expected)::int as owed,
    count(*) filter (where submission.is_expected and submission.receipt_id is not null)::int as came,
    coalesce(
        array_agg(
            branch.name_vi || case when submission.state = 'held' then ' (đang giữ lại · held)' else '' end
            order by branch.branch_code, submission.form
        ) filter (where submission.is_expected and (submission.receipt_id is null or submission.state = 'held')),
        '{}'
    ) as awaited
from published.fct_submission as submission
inner join published.dim_period as period on submission.period_key = period.period_key
inner join published.dim_branch as branch on submission.branch_key = branch.branch_key
where branch.level = any(%(levels)s)
group by period.period_code, period.due_date, period.end_date
order by period.end_date, period.period_code
"""
