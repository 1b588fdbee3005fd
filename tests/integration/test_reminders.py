"""Reminders from a real database to files, and through a real SMTP server on this machine."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.intake import life
from vwu.intake.model import State, SubmissionScope
from vwu.intake.receive import receive
from vwu.intake.reminders import remind
from vwu.mail import MailError
from vwu.settings import Settings

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
ON = date(2025, 7, 27)  # eight days after the due date of July 2025


class Letters(MessageHandler):
    """Keeps what arrives; refuses the address `full@…`, as a server with a full mailbox does."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, str, str]] = []

    async def handle_RCPT(self, *call: Any) -> str:  # noqa: N802, the name that aiosmtpd calls
        _, _, envelope, address, _ = call
        if address.startswith("full@"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: Message) -> None:
        content = message.get_payload(decode=True)
        assert isinstance(content, bytes)
        self.kept.append((str(message["To"]), str(message["From"]), content.decode("utf-8")))


@pytest.fixture
def mail() -> Iterator[tuple[Letters, str]]:
    """A running SMTP server: what it kept, and its address."""
    from vwu.stack.ports import choose

    letters = Letters()
    controller = Controller(letters, hostname="127.0.0.1", port=choose())
    controller.start()
    yield letters, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def reporting(database: Settings) -> Settings:
    """A commune of Quảng Ninh and the province Thái Nguyên reported July 2025: collecting began with them."""
    folder = Path(database.landing) / "branch_submissions"
    folder.mkdir(parents=True)
    for branch in ("P22-06895", "P19"):
        path = folder / f"{branch}.csv"
        path.write_text(f"{HEADER}\nBM01,1,{branch},2025-07,ALL,MEMBERS_ADMITTED,actual,in_period,5,PERSON,\n", "utf-8")
        assert receive(database, str(path)).state is State.LANDED
    return database


def test_the_missing_are_written_to_files_by_level(reporting: Settings) -> None:
    done = remind(reporting, ON)
    with (done.folder / "missing.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = {row["branch_code"]: row for row in csv.DictReader(lines)}
    assert len(rows) == done.missing == 33 + 3320  # all but the two that reported
    assert "P22-06895" not in rows
    assert "P19" not in rows
    assert rows["P22-06913"]["addressees"] == "P22-06913 P22 TW"
    province = (done.folder / "P22.txt").read_text("utf-8")
    assert "P22-06913" in province
    assert "P19-" not in province
    assert f"thiếu {done.missing} báo cáo" in (done.folder / "TW.txt").read_text("utf-8")
    assert done.sent == ()
    assert remind(reporting, ON) == done


def test_an_excused_report_is_not_missing_until_the_day_is_over(reporting: Settings) -> None:
    catalogue = load_catalogue(reporting.root / "seeds")
    with connect(reporting, "loader") as connection:
        life.excuse(
            connection, catalogue, SubmissionScope("P22", "2025-07", "BM01"),
            reason="bão lũ", approved_by="Ban Thường vụ", expires_on=ON, who="officer",
        )  # fmt: skip
    assert remind(reporting, ON).missing == 33 + 3320 - 1
    assert remind(reporting, date(2025, 7, 28)).missing == 33 + 3320


def test_who_owes_a_report_is_written_to_before_it_is_late(
    reporting: Settings, mail: tuple[Letters, str], tmp_path: Path
) -> None:
    letters, url = mail
    friday = date(2025, 7, 18)  # a day before the due date
    told = with_contacts(
        reporting, tmp_path, url, P22="qn@example.vn", P22_06913="quangtan@example.vn", P19="tn@example.vn"
    )
    done = remind(told, friday)
    assert (done.missing, done.due_soon) == (0, 33 + 3320)
    assert done.sent == ("P22", "P22-06913"), "P19 has reported"
    assert "due soon" in letters.kept[0][2]
    assert "overdue" not in letters.kept[0][2]
    assert "hạn 19/07/2025" in letters.kept[0][2]
    assert "P22-06913" not in letters.kept[0][2], "who is not late yet is told alone"
    with (done.folder / "due_soon.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == done.due_soon
    assert remind(replace(told, remind_days_before=0), friday).due_soon == 0


def with_contacts(settings: Settings, folder: Path, url: str, **addresses: str) -> Settings:
    contacts = folder / "contacts.csv"
    lines = (f"{code.replace('_', '-')},{address}" for code, address in addresses.items())
    contacts.write_text("\n".join(["branch_code,email", *lines, ""]), "utf-8")
    return replace(settings, smtp_url=url, smtp_from="vwu@example.vn", contacts_file=contacts)


def test_letters_are_sent_once_a_day(reporting: Settings, mail: tuple[Letters, str], tmp_path: Path) -> None:
    letters, url = mail
    configured = with_contacts(
        reporting, tmp_path, url, P22="qn@example.vn", P22_06913="quangtan@example.vn", P19="tn@example.vn"
    )
    first = remind(configured, ON)
    assert first.sent == ("P19", "P22", "P22-06913")
    assert "TW" in first.without_address
    assert [to for to, _, _ in letters.kept] == ["tn@example.vn", "qn@example.vn", "quangtan@example.vn"]
    assert all(sender == "vwu@example.vn" for _, sender, _ in letters.kept)
    assert "Quảng Tân" in letters.kept[2][2]
    assert "P22-06913" in letters.kept[1][2]
    assert remind(configured, ON).sent == ()
    assert len(letters.kept) == 3
    assert len(remind(configured, date(2025, 7, 28)).sent) == 3


def test_a_server_that_refuses_loses_nothing(reporting: Settings, mail: tuple[Letters, str], tmp_path: Path) -> None:
    letters, url = mail
    full = with_contacts(reporting, tmp_path, url, P01="full@example.vn", P19="tn@example.vn", P22="full@example.vn")
    with pytest.raises(MailError, match=r"P01 .*, P22 \(full@example.vn\)"):
        remind(full, ON)
    assert (reporting.home / "reminders" / ON.isoformat() / "missing.csv").exists()
    again = with_contacts(reporting, tmp_path, url, P19="tn@example.vn", P22="qn@example.vn")
    assert remind(again, ON).sent == ("P22",)
    assert [to for to, _, _ in letters.kept] == ["tn@example.vn", "qn@example.vn"]


def test_no_server_and_no_addresses_are_said(reporting: Settings, mail: tuple[Letters, str], tmp_path: Path) -> None:
    with pytest.raises(MailError, match="VWU_CONTACTS"):
        remind(replace(reporting, smtp_url=mail[1]), ON)
    with pytest.raises(MailError, match="in the clear"):
        remind(with_contacts(reporting, tmp_path, mail[1].replace("//", "//user:secret@"), P22="qn@example.vn"), ON)
    with pytest.raises(MailError, match="does not answer"):
        remind(with_contacts(reporting, tmp_path, "smtp://127.0.0.1:1", P22="qn@example.vn"), ON)
