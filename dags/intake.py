"""Receive what the Union's branches and the banks sent: a DAG for each zone of the landing zone, named after it."""

from datetime import timedelta
from logging import getLogger

from airflow.sdk import Asset, dag, task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from vwu.settings import load_settings

log = getLogger(__name__)


def intake(zone: str, title: str, senders: str, parts: str, longest: timedelta):
    """The DAG of one zone."""

    @dag(
        dag_id=zone,
        schedule="*/5 * * * *",
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=longest,
        is_paused_upon_creation=False,
        tags=["intake", senders],
        default_args={
            "owner": "intake",
            "retries": 2,
            "retry_delay": timedelta(seconds=15),
            "execution_timeout": timedelta(hours=1),
        },
        doc_md=f"""
### {title}: receive → check → land

Every five minutes: **list** the complete files in `<landing>/{zone}/` that no receipt covers,
**receive** {parts}, **announce** to `warehouse_release` that what is in force changed.

| you see | it means |
|---|---|
| everything skipped | nothing arrived, nothing was withdrawn |
| `receive_files` succeeded | each file has a receipt: landed, or **rejected with findings** (the log says which) |
| `receive_files` failed | what its log names could not be worked on at all (disk, database, our fault) |
| `confirm_files` upstream failed | so the run failed; the other files landed and were announced all the same |

Rerunning any task changes nothing: the same bytes have the same receipt. Findings: `vwu findings`.
""",
    )
    def receive_zone():
        @task
        def list_arrivals() -> list[list[str]]:
            """Batches of complete files without a receipt, oldest first; what is too many waits for the next run."""
            from vwu.intake.arrivals import list_batches

            return list_batches(load_settings(), zone)[: conf.getint("core", "max_map_length")]

        @task(
            map_index_template="{{ task.op_kwargs['paths'][0].rpartition('/')[2] }}",
            doc_md="Receive, check and land each file whole, or reject it with findings; returns how many there are.",
        )
        def receive_files(paths: list[str]) -> int:
            from vwu.intake.receive import receive_batch

            return receive_batch(load_settings(), paths, log.info)

        @task(trigger_rule="all_done", outlets=[Asset(zone)])
        def announce_changes() -> None:
            """Trigger `warehouse_release` when what is in force changed, or a release of it is still to be made."""
            from vwu.run import ReleaseState, release_state

            if release_state(load_settings()) is not ReleaseState.OPEN:
                raise AirflowSkipException("what is in force is released or refused")

        @task
        def confirm_files(counts: list[int]) -> int:
            """Fails with the run when a file could not be worked on; returns how many files were received."""
            return sum(counts)

        counts = receive_files.expand(paths=list_arrivals())
        counts >> announce_changes()
        confirm_files(counts)

    return receive_zone()


intake("branch_submissions", "Branch submissions", "branches", "them in batches", timedelta(hours=3))
intake("bank_feeds", "Bank feeds", "banks", "each in a task of its own", timedelta(hours=6))
