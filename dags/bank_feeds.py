"""Receive what the banks sent."""

from datetime import timedelta
from logging import getLogger

from airflow.sdk import Asset, dag, task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from vwu.settings import load_settings

ZONE = "bank_feeds"
log = getLogger(__name__)


@dag(
    schedule="*/5 * * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    is_paused_upon_creation=False,
    tags=["intake", "banks"],
    default_args={
        "owner": "intake",
        "retries": 2,
        "retry_delay": timedelta(seconds=15),
        "execution_timeout": timedelta(hours=1),
    },
)
def bank_feeds():
    """
    ### Bank feeds: receive → check → land

    Every five minutes: **list** the complete files in `<landing>/bank_feeds/` that no receipt covers,
    **receive** each in a task of its own, **announce** to `warehouse_release` that what is in force changed.

    | you see | it means |
    |---|---|
    | everything skipped | nothing arrived, nothing was withdrawn |
    | `receive_file` succeeded | the file has a receipt: landed, or **rejected with findings** (its log says which) |
    | `receive_file` failed | it could not be worked on at all (disk, database, our fault); nothing of it landed |
    | `confirm_files` upstream failed | so the run failed; the other files landed and were announced all the same |

    Rerunning any task changes nothing: the same bytes have the same receipt. Findings: `vwu findings`.
    """

    @task
    def list_arrivals() -> list[str]:
        """Complete files without a receipt, oldest first; more than Airflow can map wait for the next run."""
        from vwu.intake.arrivals import list_arrivals

        return list_arrivals(load_settings(), ZONE)[: conf.getint("core", "max_map_length")]

    @task(
        map_index_template="{{ task.op_kwargs['path'].rpartition('/')[2] }}",
        doc_md="Receive, check and land one file whole, or reject it with findings; returns its state.",
    )
    def receive_file(path: str) -> str:
        from vwu.intake.receive import receive

        outcome = receive(load_settings(), path)
        log.info("%s", outcome.summary())
        return str(outcome.state)

    @task(trigger_rule="all_done", outlets=[Asset(ZONE)])
    def announce_changes(states: list[str]) -> None:
        """Trigger `warehouse_release` when a file landed now, or a release of what is in force is still to be made."""
        from vwu.run import ReleaseState, release_state

        if "landed" not in states and release_state(load_settings()) is not ReleaseState.OPEN:
            raise AirflowSkipException("nothing landed, and what is in force is released or refused")

    @task
    def confirm_files(states: list[str]) -> int:
        """Fails with the run when a file could not be worked on; returns how many files were received."""
        return len(states)

    states = receive_file.expand(path=list_arrivals())
    announce_changes(states)
    confirm_files(states)


bank_feeds()
