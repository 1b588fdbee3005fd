"""What Airflow calls when something waits too long.

Airflow imports this module with the DAG file, so nothing heavy stands here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vwu.settings import Settings


def alert_desk(context: dict[str, Any] | None = None, **_: Any) -> None:
    """Airflow calls it when an approval waits too long: a note in `<home>/alerts/`, a letter where SMTP is set."""
    from vwu.settings import load_settings

    settings = load_settings()
    run_id = str(((context or {}).get("dag_run") or {}).get("dag_run_id", ""))
    period = run_id.partition("~")[0]
    text = (
        f"Kỳ {period} đã chờ duyệt quá {settings.approval_hours:g} giờ. "
        f"Mở Airflow, mục Required Actions, DAG official_figures.\n"
        f"The figures of {period} have waited for approval for more than "
        f"{settings.approval_hours:g} hours: Airflow, Required Actions, DAG official_figures.\n"
    )
    folder = settings.home / "alerts"
    folder.mkdir(exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-.~" else "_" for letter in run_id) or "approval"
    (folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}_{name}.txt").write_text(text, "utf-8")
    _write_to_desk(settings, f"Chờ duyệt {period} · waits for approval", text)


def _write_to_desk(settings: Settings, subject: str, text: str) -> None:
    from email.message import EmailMessage

    from vwu import mail
    from vwu.report.letter import DESK

    if not settings.smtp_url:
        return
    letter = EmailMessage()
    letter["From"], letter["To"] = settings.smtp_from, mail.read_contacts(settings.contacts_file)[DESK]
    letter["Subject"] = subject
    letter.set_content(text)
    with mail.open_server(settings.smtp_url) as server:
        mail.send(server, letter)
