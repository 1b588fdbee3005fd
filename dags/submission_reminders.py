"""Remind of the reports that are due soon or missing."""

from datetime import timedelta
from logging import getLogger

from airflow.sdk import CronTriggerTimetable, dag, task

from vwu.settings import load_settings

log = getLogger(__name__)


@dag(
    schedule=CronTriggerTimetable("0 7 * * 1-5", timezone="Asia/Ho_Chi_Minh"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    is_paused_upon_creation=False,
    tags=["intake", "branches"],
    default_args={
        "owner": "intake",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=15),
    },
)
def submission_reminders():
    """
    ### Reminders: who owes a report and has not sent it

    Each working day at 7:00 in Hà Nội: **announce** to each branch the reports that have not come and are due within
    `VWU_REMIND_DAYS_BEFORE` days (4), and those that are missing; of these its province hears from the third day late,
    the centre from the seventh. Files always, in `<home>/reminders/<day>/`; letters where `VWU_SMTP_URL` is set.

    | you see | it means |
    |---|---|
    | `announce_missing` succeeded | the day's files are written; its log counts reports and letters |
    | `announce_missing` failed | the mail server refused; the files stand, the next try sends what was not sent |

    Rerunning writes the same files again and writes to nobody twice on one day. By hand: `vwu remind`.
    """

    @task
    def announce_missing() -> int:
        """Write the lists of the missing and send the letters of the day; returns how many reports are missing."""
        from vwu.intake.check import today
        from vwu.intake.reminders import remind

        reminded = remind(load_settings(), today())
        log.info("%s", reminded.summary())
        return reminded.missing

    announce_missing()


submission_reminders()
