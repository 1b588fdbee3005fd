"""Letters through the SMTP server of `VWU_SMTP_URL`, to the addresses of `VWU_CONTACTS`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from vwu.language import phrase

if TYPE_CHECKING:
    import smtplib
    from email.message import EmailMessage

_TIMEOUT = 30.0  # seconds


class MailError(OSError):
    """A letter could not be sent, and what it says is kept in files; the message says why and what to do."""


def read_contacts(path: Path | None) -> Mapping[str, str]:
    """Addresses by branch code from a CSV with the columns `branch_code,email`. Raises MailError without it."""
    if path is None or not path.is_file():
        raise MailError(
            phrase(
                f"đã đặt VWU_SMTP_URL nhưng không có danh sách địa chỉ ở VWU_CONTACTS ({path})",
                f"VWU_SMTP_URL is set but there is no list of addresses at VWU_CONTACTS ({path})",
            )
        )
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if rows and not {"branch_code", "email"} <= rows[0].keys():
        raise MailError(
            phrase(f"{path} cần có các cột branch_code,email", f"{path} needs the columns branch_code,email")
        )
    return {row["branch_code"].strip(): row["email"].strip() for row in rows if row["email"].strip()}


def open_server(url: str) -> smtplib.SMTP:
    """Connect to `smtp://` (STARTTLS where the server offers it) or `smtps://`, user and password in the URL.

    Raises MailError; a password is never sent over a connection without TLS.
    """
    import smtplib
    import ssl

    parts = urlsplit(url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    try:
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif parts.username:
                raise MailError(
                    phrase(
                        f"{host} không có TLS: không gửi mật khẩu của VWU_SMTP_URL ở dạng đọc được",
                        f"{host} offers no TLS: the password of VWU_SMTP_URL is not sent in the clear",
                    )
                )
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except MailError:
        raise
    except OSError as error:  # smtplib's own errors among them
        raise MailError(
            phrase(
                f"máy chủ SMTP {host} từ chối hoặc không trả lời: {error}",
                f"the SMTP server {host} refuses or does not answer: {error}",
            )
        ) from error
    return server


def send(server: smtplib.SMTP, letter: EmailMessage) -> bool:
    """Send one letter; False when the server refuses this addressee or letter: others may still be written to.

    Raises MailError when the server hangs up.
    """
    import smtplib

    try:
        server.send_message(letter)
    except smtplib.SMTPServerDisconnected as error:
        raise MailError(
            phrase(
                f"máy chủ SMTP ngắt kết nối khi đang gửi thư đến {letter['To']}",
                f"the SMTP server hung up at the letter to {letter['To']}",
            )
        ) from error
    except smtplib.SMTPException:
        return False
    return True
