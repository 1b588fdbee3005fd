"""The report of a period by mail, to the roll-up desk: once for what it shows, however often it is written."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from vwu import mail
from vwu.language import phrase
from vwu.mail import MailError

if TYPE_CHECKING:
    from vwu.settings import Settings

# Who gets it: the address of the Union's centre in VWU_CONTACTS.
DESK, SENT = "TW", "sent.json"
_WORKBOOK_TYPE = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def send_report(settings: Settings, folder: Path) -> bool:
    """Send the report in `folder` with its workbook; False where no server is set, or this was sent before.

    Raises MailError when there is no address, or the server does not take the letter: it is sent next time.
    """
    from vwu.report import RECORD

    if not settings.smtp_url:
        return False
    record = json.loads((folder / RECORD).read_text("utf-8"))
    sent = folder / SENT
    if sent.exists() and json.loads(sent.read_text("utf-8")) == record["digest"]:
        return False
    address = mail.read_contacts(settings.contacts_file).get(DESK)
    if address is None:
        raise MailError(
            phrase(
                f"{settings.contacts_file} không có địa chỉ của {DESK}, nơi nhận báo cáo",
                f"{settings.contacts_file} has no address of {DESK}, which reports are sent to",
            )
        )
    with mail.open_server(settings.smtp_url) as server:
        if not mail.send(server, _letter(settings, folder, record, address)):
            raise MailError(
                phrase(
                    f"máy chủ SMTP từ chối báo cáo kỳ {record['period_code']} gửi đến {address}",
                    f"the SMTP server refused the report of {record['period_code']} to {address}",
                )
            )
    sent.write_text(json.dumps(record["digest"]), encoding="utf-8")
    return True


def _letter(settings: Settings, folder: Path, record: dict[str, str], address: str) -> EmailMessage:
    from vwu.report import PAGE, WORKBOOK

    letter = EmailMessage()
    letter["From"], letter["To"] = settings.smtp_from, address
    letter["Subject"] = f"Tổng hợp toàn quốc {record['period_code']} · national roll-up"
    letter.set_content(
        f"Kèm theo là tổng hợp toàn quốc kỳ {record['period_code']}, bản phát hành {record['release_id']}.\n"
        f"Trang báo cáo, độ phủ và ai chưa nộp: {folder / PAGE}\n\n"
        f"Attached is the national roll-up of {record['period_code']}, release {record['release_id']}.\n"
        f"Its page, with coverage and who is missing: {folder / PAGE}\n"
    )
    maintype, subtype = _WORKBOOK_TYPE
    letter.add_attachment(
        (folder / WORKBOOK).read_bytes(), maintype=maintype, subtype=subtype, filename=f"{folder.name}.xlsx"
    )
    return letter
