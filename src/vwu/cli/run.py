"""The verb of the main job: run."""

from __future__ import annotations

import argparse
import json
import textwrap
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vwu.cli.main import BLOCKED, DONE, OUTSIDE_FAILED
from vwu.cli.output import numeral, set_verb, worded
from vwu.cli.parser import HelpAsWritten
from vwu.language import phrase, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vwu.headline import Credit, Figure, Headline, Refused
    from vwu.rollup import Release
    from vwu.run import Failure
    from vwu.settings import Settings
    from vwu.stack.progress import Progress

# What shut the gate, on a terminal: how many reasons, how many characters each. JSON has them whole.
_MOST, _LONGEST = 10, 400


def register(verbs: Any) -> None:
    """Add this group's verb."""
    verb = verbs.add_parser(
        "run",
        help=phrase(
            "nhận những gì có ở nơi nhận tệp và công bố bản phát hành kế tiếp",
            "receive what lies in the landing zone and publish the next release",
        ),
        description=phrase(
            "Nhận và kiểm tra những gì có ở nơi nhận tệp; dựng, kiểm định và công bố bản phát hành kế tiếp.",
            "Receive, check and land what lies in the landing zone; build, gate and publish the next release.",
        ),
        epilog=phrase(
            "Mã thoát: 0 xong (tệp bị trả lại được kê ra, đó không phải là hỏng), 1 cửa kiểm định không cho công bố\n"
            "bản mới và bản trước vẫn có hiệu lực, 3 có gì đó bên ngoài bị hỏng.\n\n"
            "  vwu run                giao cho bộ lập lịch của Airflow; hệ thống được khởi động nếu cần và chạy tiếp\n"
            "  vwu run --direct       cùng các bước ấy ngay trong tiến trình này, không cần Airflow\n",
            "Exit codes: 0 done (rejected files are listed, they are no failure), 1 the gate refused the new release\n"
            "and the one before stays in force, 3 something outside failed.\n\n"
            "  vwu run                let Airflow's scheduler do it; the stack is started if need be and stays up\n"
            "  vwu run --direct       the same steps in this process, without Airflow\n",
        ),
        formatter_class=HelpAsWritten,
    )
    verb.add_argument(
        "--direct",
        action="store_true",
        help=phrase(
            "không cần Airflow: cùng các bước ấy ngay trong tiến trình này",
            "without Airflow: the same steps in this process",
        ),
    )
    set_verb(verb, _run)


def _run(args: argparse.Namespace) -> int:
    from vwu.headline import read_headline, read_release
    from vwu.settings import load_settings
    from vwu.stack.progress import Progress

    progress = Progress()
    try:
        with _stack(load_settings(), progress, with_airflow=not args.direct) as settings:
            before = read_release(settings)
            failures = _work(settings, progress, is_direct=args.direct)
            headline = read_headline(settings)
    finally:
        progress.clear()
    # A refusal is told as such, from the gate's own record.
    failures = tuple(failure for failure in failures if not (headline.refusal and failure.step == "gate_candidate"))
    if args.json:
        print(json.dumps(_as_json(settings, before, headline, failures), ensure_ascii=False, indent=1, default=str))
    else:
        print("\n".join(_as_text(settings, before, headline, failures)))
    if failures:
        return OUTSIDE_FAILED
    return BLOCKED if headline.refusal else DONE


def _work(settings: Settings, progress: Progress, *, is_direct: bool) -> tuple[Failure, ...]:
    from vwu.build import BuildError
    from vwu.run import Failure, run_direct, run_through_airflow
    from vwu.site import write_site

    if not is_direct:
        return run_through_airflow(settings, progress.show)
    failures = run_direct(settings, progress.show)
    progress.show(phrase("ghi trang tình trạng", "report status"))
    try:
        write_site(settings)
    except BuildError as error:
        failures = (*failures, Failure("report_status", str(error)))
    return failures


@contextmanager
def _stack(settings: Settings, progress: Progress, *, with_airflow: bool) -> Iterator[Settings]:
    """The stack, up. An interrupt takes it down again if this call started it; otherwise it is left as it was."""
    from vwu.cli.main import OutsideError
    from vwu.stack import interrupts
    from vwu.stack.up import down, up

    with interrupts.caught():
        outcome = up(settings, progress, with_airflow=with_airflow)
        if outcome.import_errors:
            raise OutsideError(
                "\n".join(
                    phrase(f"Airflow không nạp được dags/{file}: {why}", f"Airflow cannot import dags/{file}: {why}")
                    for file, why in outcome.import_errors.items()
                )
            )
        try:
            yield outcome.settings
        except KeyboardInterrupt:
            if outcome.started:
                down(outcome.settings, progress)
            else:
                progress.clear()
                print(phrase(
                    "Airflow vẫn đang chạy các lượt; `vwu down` dừng chúng",
                    "the runs go on in Airflow; `vwu down` stops them",
                ))  # fmt: skip
            raise


def _as_json(
    settings: Settings, before: Release | None, headline: Headline, failures: Iterable[Failure]
) -> dict[str, Any]:
    return {
        "is_new": _is_new(before, headline),
        "previous_release_id": before.release_id if before else None,
        **asdict(headline),
        "failures": [asdict(failure) for failure in failures],
        "where": dict(_places(settings, headline)),
    }


def _is_new(before: Release | None, headline: Headline) -> bool:
    return headline.release is not None and (before is None or headline.release.release_id != before.release_id)


def _as_text(settings: Settings, before: Release | None, headline: Headline, failures: Iterable[Failure]) -> list[str]:
    sections = [
        _release_lines(before, headline),
        _figure_lines(headline.figures, headline.credit),
        _refused_lines(headline.refused, headline.refused_count),
        _failure_lines(failures),
        [
            phrase("Xem ở đâu", "Where to look"),
            *(f"  {name:<10} {where}" for name, where in _shown_places(settings, headline)),
        ],
    ]
    return [line for section in sections if section for line in (*section, "")][:-1]


def _release_lines(before: Release | None, headline: Headline) -> list[str]:
    release, refusal = headline.release, headline.refusal
    lines = []
    if release is None:
        lines.append(phrase("Chưa có bản phát hành nào", "nothing is published yet"))
    elif _is_new(before, headline):
        lines.append(f"{phrase('Bản phát hành mới', 'new release')}: {release.release_id} ({release.verdict})")
    else:
        lines.append(phrase(
            f"Không có gì mới: bản phát hành {release.release_id} vẫn có hiệu lực",
            f"nothing new: release {release.release_id} stays in force",
        ))  # fmt: skip
    if release is not None:
        share = release.coverage_pct
        coverage = phrase("chưa rõ", "not stated") if share is None else f"{numeral(share)} %"
        told = phrase(
            f"biên nhận {release.receipts} · độ phủ {coverage} · phát hiện còn mở {release.findings_open} · "
            f"phiên bản {release.code_version}",
            f"receipts {release.receipts} · coverage {coverage} · open findings {release.findings_open} · "
            f"version {release.code_version}",
        )
        lines.append(f"  {release.published_at:%Y-%m-%d %H:%M:%S %Z} · {told}")
    if refusal is not None:
        lines.append(phrase(
            f"Cửa kiểm định đang đóng (lần {refusal.gate_run_id}):",
            f"the gate is shut (gate run {refusal.gate_run_id}):",
        ))  # fmt: skip
        lines += [f"  {textwrap.shorten(reason, _LONGEST)}" for reason in refusal.reasons[:_MOST]]
        if len(refusal.reasons) > _MOST:
            left = len(refusal.reasons) - _MOST
            lines.append(f"  … {phrase(f'và {left} lý do nữa', f'and {left} more')}: quality.check_result, Data Docs")
    return lines


def _figure_lines(figures: Iterable[Figure], credit: Iterable[Credit]) -> list[str]:
    """One line an indicator: the nation, then the provinces that reported it."""
    from vwu.report.wording import amount

    rows: dict[tuple[str, ...], list[Figure]] = {}
    for figure in figures:
        key = (figure.period_code, figure.programme_code, figure.indicator_code, figure.basis)
        rows.setdefault(key, []).append(figure)
    lines = [phrase("Số liệu chính", "Headline figures")] if rows else []
    shown = ""
    for (period, programme, _, basis), parts in rows.items():
        if period != shown:
            lines.append(f"  {period}")
            shown = period
        values = "; ".join(f"{_place(part)} {_quantity(part)}" for part in _nation_first(parts))
        lines.append(f"    {programme:<10} {phrase(parts[0].name_vi, parts[0].name_en)} [{basis}]: {values}")
    for each in credit:
        loans, balance, overdue = (
            numeral(each.loans), worded(amount(each.closing_balance, "VND")), worded(amount(each.overdue, "VND"))
        )  # fmt: skip
        told = phrase(
            f"{loans} khoản vay, dư nợ {balance}, quá hạn {overdue}",
            f"{loans} loans, balance {balance}, overdue {overdue}",
        )
        lines.append(f"  {each.bank_code} {each.period_code}: {told}")
    return lines


def _nation_first(parts: list[Figure]) -> list[Figure]:
    """At most the nation and four provinces: more belong into the report."""
    return sorted(parts, key=lambda part: part.level != "nation")[:5]


def _place(figure: Figure) -> str:
    return phrase("cả nước", "nation") if figure.level == "nation" else figure.region_name


def _quantity(figure: Figure) -> str:
    """A figure as it may be said: its bounds where they are open, its reason where it is held out."""
    from vwu.report.wording import UNKNOWN, bounded

    if figure.blocked_code:
        return f"({phrase('không tổng hợp', 'held out')}: {figure.blocked_code})"
    said = bounded(figure.value, figure.lower_bound, figure.upper_bound, figure.unit_code) or UNKNOWN
    return worded(said) + (phrase(" (ước tính)", " (estimated)") if figure.is_estimated else "")


def _refused_lines(refused: tuple[Refused, ...], count: int) -> list[str]:
    if not refused:
        return []
    lines = [f"{phrase('Không được nhận hoặc đang giữ lại', 'Rejected or held')}: {count}"]
    for each in refused:
        more = f", {each.faults} {phrase('lỗi', 'faults')}" if each.faults > 1 else ""
        lines.append(f"  {each.file_name} ({each.state}, {phrase('biên nhận', 'receipt')} {each.receipt_id}{more})")
        lines += [f"    {reason}" for reason in spoken(each.reason_vi or "", each.reason_en or "")]
    if count > len(refused):
        left = count - len(refused)
        lines.append(f"  … {phrase(f'và {left} tệp nữa', f'and {left} more')}: vwu receipts")
    return lines


def _failure_lines(failures: Iterable[Failure]) -> list[str]:
    lines = [f"  {failure.step}: {failure.reason}" for failure in failures]
    return [phrase("Không làm được", "Could not be done"), *lines] if lines else []


_PLACES = {"site": "tài liệu", "report": "báo cáo"}


def _shown_places(settings: Settings, headline: Headline) -> Iterator[tuple[str, str]]:
    for name, where in _places(settings, headline):
        yield phrase(_PLACES.get(name, name), name), where


def _places(settings: Settings, headline: Headline) -> Iterator[tuple[str, str]]:
    from vwu.stack.airflow import USER, url

    if "airflow_port" in settings.stack:
        yield "Airflow", f"{url(settings)}  {_login(USER, settings.home / 'airflow' / 'passwords.json')}"
    yield from _reports(settings, headline)
    site = settings.home / "site" / "index.html"
    if site.exists():
        yield (
            "site",
            phrase(
                f"{site}  (tình trạng, từ điển dữ liệu, quy tắc, Data Docs, hướng dẫn)",
                f"{site}  (status, dictionary, rules, Data Docs, guide)",
            ),
        )
    yield "SQL", 'psql "$(vwu dsn --role bi_reader)"   select * from published.report_indicator;'


def _login(user: str, file: Path) -> str:
    return phrase(f"tài khoản {user}, mật khẩu ở {file}", f"user {user}, password in {file}")


def _reports(settings: Settings, headline: Headline) -> Iterator[tuple[str, str]]:
    from vwu.report import report_folder

    for period in dict.fromkeys(figure.period_code for figure in headline.figures):
        page = report_folder(settings, period) / "index.html"
        if page.exists():
            yield "report", str(page)
