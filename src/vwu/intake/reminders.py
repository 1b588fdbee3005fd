"""Reminders of reports that are due soon or late: to files, by SMTP where it is set; each addressee once a day."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

from vwu import mail
from vwu.intake.calendar import CENTRE, LateException, Missing, begun, is_reminded, missing
from vwu.intake.model import SubmissionScope
from vwu.language import phrase
from vwu.mail import MailError

if TYPE_CHECKING:
    import psycopg

    from vwu.catalogue import Catalogue
    from vwu.settings import Settings

_COLUMNS = (
    "branch_code", "branch_name", "level", "province_code", "form", "period_code", "due_date", "days_late",
    "addressees",
)  # fmt: skip
_SHOWN_LINES = 200


@dataclass(frozen=True, slots=True)
class Reminded:
    """What became of a day's reminders: the folder, how many are missing or due soon, who was written to."""

    folder: Path
    missing: int
    due_soon: int
    sent: tuple[str, ...]
    without_address: tuple[str, ...]

    def summary(self) -> str:
        """One line for a log or a person."""
        told = phrase(
            f"{self.missing} báo cáo còn thiếu, {self.due_soon} báo cáo sắp đến hạn: {self.folder}",
            f"{self.missing} reports are missing, {self.due_soon} are due soon: {self.folder}",
        )
        written = phrase(
            f"; đã gửi {len(self.sent)} thư, {len(self.without_address)} nơi nhận không có địa chỉ",
            f"; {len(self.sent)} letters sent, {len(self.without_address)} addressees without an address",
        )
        return told + (written if self.sent or self.without_address else "")


def read_missing(
    connection: psycopg.Connection, catalogue: Catalogue, on: date, days_before: int = 0
) -> tuple[Missing, ...]:
    """What is missing on a day, or due within so many, by what intake holds now; a report that is held has come."""
    received = _scopes(
        connection,
        """select branch_code, period_code, form from intake.scope
           where kind = 'submission' and receipt_id is not null and period_code = any(%s)""",
        [[each.period_code for each in catalogue.periods if is_reminded(each, on, days_before)]],
    )
    # The codes of a level differ in their digits alone, so that this is one report of each level.
    ever = _scopes(
        connection,
        """select min(branch_code), period_code, form from intake.scope
           where kind = 'submission' and receipt_id is not null
           group by period_code, form, regexp_replace(branch_code, '[0-9]+', '', 'g')""",
    )
    rows = connection.execute(
        """select distinct on (branch_code, period_code, form) branch_code, period_code, form, expires_on, approved_by,
               reason
           from intake.late_exception order by branch_code, period_code, form, late_exception_id desc"""
    ).fetchall()
    exceptions = {SubmissionScope(*row[:3]): LateException(*row[3:]) for row in rows}
    return missing(catalogue, begun(catalogue, ever), received, exceptions, on, days_before)


def _scopes(
    connection: psycopg.Connection, query: LiteralString, values: Sequence[Any] = ()
) -> frozenset[SubmissionScope]:
    return frozenset(SubmissionScope(*row) for row in connection.execute(query, values).fetchall())


def remind(settings: Settings, on: date) -> Reminded:
    """Write `<home>/reminders/<day>/` anew and send what was not sent today.

    Raises MailError when the SMTP server refuses or does not answer; the files stand, what was sent stays sent.
    """
    from vwu.catalogue import load_catalogue
    from vwu.database import connect

    with connect(settings, "loader") as connection:
        catalogue = load_catalogue(settings.root / "seeds")
        found = read_missing(connection, catalogue, on, settings.remind_days_before)
    letters = _letters(found, on)
    folder = settings.home / "reminders" / on.isoformat()
    _write(folder, found, letters)
    sent, without_address = _send(settings, letters, on)
    late = sum(each.is_late for each in found)
    return Reminded(folder, late, len(found) - late, sent, without_address)


def _letters(found: tuple[Missing, ...], on: date) -> Mapping[str, str]:
    """One letter an addressee, Vietnamese first; the nearest branch first in each."""
    by_addressee: dict[str, list[Missing]] = {}
    for each in found:
        for addressee in each.addressees:
            by_addressee.setdefault(addressee, []).append(each)
    return {addressee: _letter(addressee, owed, on) for addressee, owed in sorted(by_addressee.items())}


def _letter(addressee: str, owed: list[Missing], on: date) -> str:
    own = [each for each in owed if each.scope.branch_code == addressee]
    late = [each for each in owed if each.is_late]
    lines = [f"Kính gửi {'Trung ương Hội' if addressee == CENTRE else owed[0].branch_name if own else addressee},"]
    if late:
        told = f"Đến ngày {on:%d/%m/%Y} còn thiếu {len(late)} báo cáo đã quá hạn / {len(late)} reports are overdue:"
        lines += ["", told]
    for title, group in (
        ("Của đơn vị / of the branch itself", [each for each in late if each in own]),
        ("Của đơn vị cấp dưới / of branches below", [each for each in late if each not in own]),
        ("Sắp đến hạn, chưa thấy đến / due soon and not here yet", [each for each in owed if not each.is_late]),
    ):
        if group:
            lines += ["", f"{title}:", *(_line(each) for each in group[:_SHOWN_LINES])]
        if len(group) > _SHOWN_LINES:
            lines.append(f"  … và {len(group) - _SHOWN_LINES} báo cáo khác / and more; missing.csv")
    lines += [
        "",
        "Hãy gửi biểu; nếu không phát sinh, ghi - vào các chỉ tiêu. Cần gia hạn: báo Hội cấp trên (`vwu excuse`).",
        "Send the form; if nothing happened, write - for the indicators. For more time, ask the branch above.",
        "",
    ]
    return "\n".join(lines)


def _line(each: Missing) -> str:
    late = f", chậm {each.days_late} ngày / {each.days_late} days late"
    return (
        f"  {each.scope.branch_code}  {each.branch_name}: {each.scope.form} kỳ {each.scope.period_code},"
        f" hạn {each.due_date:%d/%m/%Y}{late if each.is_late else ''}"
    )


def _write(folder: Path, found: tuple[Missing, ...], letters: Mapping[str, str]) -> None:
    """The folder appears whole: it is made beside its place and moved there."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write_list(fresh / "missing.csv", (each for each in found if each.is_late))
    _write_list(fresh / "due_soon.csv", (each for each in found if not each.is_late))
    for addressee, letter in letters.items():
        (fresh / f"{addressee}.txt").write_text(letter, "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _write_list(path: Path, reports: Iterable[Missing]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(
            (
                each.scope.branch_code, each.branch_name, each.level, each.province_code, each.scope.form,
                each.scope.period_code, each.due_date, each.days_late, " ".join(each.addressees),
            )
            for each in reports
        )  # fmt: skip


def _send(settings: Settings, letters: Mapping[str, str], on: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who was written to now, and who has no address; nobody when no SMTP server is configured."""
    if not settings.smtp_url:
        return (), ()
    from vwu.database import connect
    from vwu.intake import landing

    addresses = mail.read_contacts(settings.contacts_file)
    sent = []
    with connect(settings, "loader", autocommit=True) as connection:
        done = {
            row[0]
            for row in connection.execute(
                "select detail ->> 'addressee' from intake.event where action = 'remind' and detail ->> 'on' = %s",
                [on.isoformat()],
            )
        }
        due = {name: letter for name, letter in letters.items() if name in addresses and name not in done}
        refused: list[str] = []
        with mail.open_server(settings.smtp_url) if due else nullcontext() as server:
            for addressee, letter in due.items():
                message = _letter_to(addresses[addressee], settings.smtp_from, letter, on)
                if server is None or not mail.send(server, message):
                    refused.append(f"{addressee} ({addresses[addressee]})")
                    continue
                # Logged one by one: a run that breaks off repeats at most the letter it was at.
                landing.log(connection, settings.who, "remind", detail={"addressee": addressee, "on": str(on)})
                sent.append(addressee)
    if refused:
        raise MailError(
            phrase(
                f"máy chủ SMTP đã nhận {len(sent)} thư và từ chối thư gửi {', '.join(refused)}",
                f"the SMTP server took {len(sent)} letters and refused those to {', '.join(refused)}",
            )
        )
    return tuple(sent), tuple(name for name in letters if name not in addresses)


def _letter_to(address: str, sender: str, letter: str, on: date) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, address
    message["Subject"] = f"Báo cáo còn thiếu, sắp đến hạn ngày {on:%d/%m/%Y} · reports missing or due soon"
    message.set_content(letter)
    return message
