"""Official figures of a period: a release is named as its vintage, by somebody, and stays readable for ever.

Revision policy: what no vintage names is provisional. The first vintage makes the period official; a later one revises
it and says why. A release that changes a period's figures afterwards is provisional for it until somebody approves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from vwu.database import read_rows
from vwu.language import phrase
from vwu.publish.models import PublishError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from vwu.readiness import Readiness
    from vwu.rollup import Digest
    from vwu.settings import Settings

PROVISIONAL, OFFICIAL, REVISED = "provisional", "official", "revised"


@dataclass(frozen=True, slots=True)
class Vintage:
    """One approval of a period's figures; `status` is official for the first, revised for those after it."""

    period_code: str
    vintage: int
    status: str
    release_id: int
    digest: str
    approved_by: str
    reason: str
    approved_at: datetime


def make_official(
    settings: Settings,
    period_code: str,
    *,
    reason: str = "",
    release_id: int | None = None,
    digest: str | None = None,
    today: date | None = None,
) -> Vintage:
    """Name a release, by default the one in force, as the official figures of a period; the caller approves it.

    Raises PublishError when the period has no figures there or is not ready, when these very figures are the last
    vintage already, for a revision without a reason, and for figures of another checksum than `digest`.
    """
    from vwu.publish.release import publisher
    from vwu.readiness import read_readiness
    from vwu.rollup import HANOI, NothingPublishedError, open_release, own_digests

    now = today or datetime.now(HANOI).date()
    try:
        with open_release(settings, release_id) as (connection, release):
            found = own_digests(connection, period_code=period_code)
            readiness = read_readiness(connection)
    except NothingPublishedError as error:
        raise PublishError(str(error)) from error
    if not found:
        raise PublishError(
            phrase(
                f"bản phát hành {release.release_id} không có số liệu của kỳ {period_code}: `vwu rollup` cho xem một "
                "kỳ",
                f"release {release.release_id} has no figures of {period_code}: `vwu rollup` shows a period",
            )
        )
    (figures,) = found
    if digest is not None and digest != figures.digest:
        raise PublishError(
            phrase(
                f"số liệu của kỳ {period_code} đã thay đổi từ khi được hỏi: hãy xem lại",
                f"the figures of {period_code} have changed since they were asked about: look at them anew",
            )
        )
    if awaited := reason_to_wait(figures, readiness, now):
        raise PublishError(
            phrase(
                f"kỳ {period_code} chưa thể là chính thức: còn đợi {awaited}",
                f"{period_code} cannot be official yet: it waits for {awaited}",
            )
        )
    with publisher(settings) as connection, connection.transaction():
        last = connection.execute(
            "select vintage, digest from release.vintage where period_code = %s order by vintage desc limit 1",
            [period_code],
        ).fetchone()
        if last is not None and last[1] == figures.digest:
            raise PublishError(
                phrase(
                    f"số liệu này của kỳ {period_code} đã là lần {last[0]}",
                    f"these figures of {period_code} are its vintage {last[0]} already",
                )
            )
        if last is not None and not reason:
            raise PublishError(
                phrase(
                    f"kỳ {period_code} đã chính thức: điều chỉnh thì phải nêu lý do (--reason)",
                    f"{period_code} has been official: a revision needs a reason (--reason)",
                )
            )
        connection.execute(
            """insert into release.vintage (period_code, vintage, release_id, digest, approved_by, reason)
               values (%s, %s, %s, %s, %s, %s)""",
            [period_code, last[0] + 1 if last else 1, release.release_id, figures.digest, settings.who, reason],
        )
    with open_release(settings, release_id) as (connection, _):
        return read_vintages(connection, period_code)[-1]


def reason_to_wait(figures: Digest, readiness: Iterable[Readiness], today: date) -> str:
    """Whom or what day a period waits for before it may be official; nothing when it may."""
    owed = [each for each in readiness if each.period_code == figures.period_code]
    if all(each.is_ready(today) for each in owed) and (owed or figures.due_date < today):
        return ""
    return ", ".join(name for each in owed for name in each.awaited) or phrase(
        f"hạn nộp, {figures.due_date:%d/%m/%Y}", f"its due date, {figures.due_date}"
    )


def read_vintages(connection: psycopg.Connection, period_code: str) -> tuple[Vintage, ...]:
    """The vintages of a period that the release of the connection knows of, the first one first."""
    return read_rows(
        connection,
        Vintage,
        """select period_code, vintage, status, release_id, digest, approved_by, reason, approved_at
           from published.period_vintage where period_code = %s order by vintage""",
        [period_code],
    )


def status_of(vintages: tuple[Vintage, ...], digest: str) -> tuple[str, Vintage | None]:
    """What figures with this digest are, and the vintage that says so; provisional ones come with the last vintage."""
    for vintage in reversed(vintages):
        if vintage.digest == digest:
            return vintage.status, vintage
    return PROVISIONAL, vintages[-1] if vintages else None
