"""Ask a person for the official figures of a period, and name as official exactly what was asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vwu.language import phrase
from vwu.publish.models import PublishError
from vwu.publish.vintage import PROVISIONAL, Vintage, make_official, read_vintages, reason_to_wait, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vwu.rollup import Digest
    from vwu.settings import Settings

# Kinds of period that have official figures; a month is a step on the way to them.
OFFICIAL_KINDS = ("quarter", "half_year", "nine_months", "year", "half_term", "term")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person is asked about: the figures of a period, by their checksum, and what is good to know of them."""

    period_code: str
    release_id: int
    digest: str
    body: str

    @property
    def run_id(self) -> str:
        """Names the question: the same figures are asked about once."""
        return f"{self.period_code}~{self.digest[:12]}"


def list_requests(settings: Settings, today: date | None = None) -> list[Request]:
    """One request a period of an official kind whose figures may be official and that no vintage names yet."""
    return [request for digest, request in _requests(settings, None, today) if digest.period_kind in OFFICIAL_KINDS]


def read_request(settings: Settings, period_code: str, today: date | None = None) -> Request:
    """The request of one period, of whatever kind. Raises PublishError when there is nothing to be asked."""
    for _, request in _requests(settings, period_code, today):
        return request
    raise PublishError(
        phrase(
            f"kỳ {period_code} không có số liệu nào chờ được duyệt là chính thức",
            f"{period_code} has no figures that wait to be official",
        )
    )


def _requests(settings: Settings, period_code: str | None, today: date | None) -> Iterator[tuple[Digest, Request]]:
    from vwu.readiness import read_readiness
    from vwu.rollup import HANOI, NothingPublishedError, open_release, own_digests

    now = today or datetime.now(HANOI).date()
    try:
        with open_release(settings) as (connection, release):
            readiness = read_readiness(connection)
            for found in own_digests(connection, period_code=period_code):
                vintages = read_vintages(connection, found.period_code)
                if status_of(vintages, found.digest)[0] == PROVISIONAL and not reason_to_wait(found, readiness, now):
                    row = connection.execute(_ABOUT, {"period": found.period_code}).fetchone()
                    body = _body(settings, found.period_code, release.release_id, vintages, row or (0, 0, 0, 0, 0))
                    yield found, Request(found.period_code, release.release_id, found.digest, body)
    except NothingPublishedError:
        return


_ABOUT = """
select
    count(rollup.value), count(*) - count(rollup.value), coalesce(max(rollup.branches_reported), 0),
    coalesce(max(rollup.branches_expected), 0), (select findings_open from published.release_info)
from published.report_rollup as rollup
where rollup.period_code = %(period)s and rollup.region_level = 'nation' and rollup.boundary = 'as_now'
    and rollup.scenario = 'actual'
"""


def _body(
    settings: Settings, period_code: str, release_id: int, vintages: tuple[Vintage, ...], about: tuple[Any, ...]
) -> str:
    """What the page of Airflow shows of the request, in Markdown."""
    from vwu.report import PAGE, report_folder

    with_value, without_value, came, owed, findings = about
    lines = [
        f"Bản phát hành {release_id}: {with_value} chỉ tiêu toàn quốc có số, {without_value} không có tổng; "
        f"{came}/{owed} đơn vị đã có số; {findings} vấn đề còn mở.",
        f"Release {release_id}: {with_value} national figures, {without_value} without a total; "
        f"{came} of {owed} branches; {findings} open findings.",
        f"Trang báo cáo · report page: {report_folder(settings, period_code) / PAGE}",
    ]
    if vintages:
        last = vintages[-1]
        lines.append(
            f"**Điều chỉnh**: số chính thức lần {last.vintage} ở bản {last.release_id} ({last.approved_by}); "
            f"hãy ghi lý do. · **A revision** of vintage {last.vintage}: give the reason. "
            f"`vwu diff {last.release_id} {release_id}`"
        )
    return "\n\n".join(lines)


def approve(settings: Settings, request: dict[str, Any], answer: dict[str, Any]) -> Vintage:
    """Name the figures of a request official, by whom Airflow says has answered.

    Raises PublishError when the figures have changed since they were asked about, and as `make_official` does.
    """
    approver = answer["responded_by_user"]
    return make_official(
        replace(settings, who=approver["name"] or approver["id"]),
        request["period_code"],
        reason=str((answer["params_input"] or {}).get("reason") or "").strip(),
        digest=request["digest"],
    )
