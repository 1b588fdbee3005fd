"""Make the next release of the warehouse from what is in force."""

from datetime import timedelta
from logging import getLogger

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from vwu.settings import load_settings

log = getLogger(__name__)
# The run that lineage of a step belongs to: this task's own.
TASK = "{{ macros.OpenLineageProviderPlugin.lineage_parent_id(task_instance) }}"


@dag(
    schedule=Asset("branch_submissions") | Asset("bank_feeds"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    is_paused_upon_creation=False,
    tags=["release"],
    default_args={
        "owner": "warehouse",
        "retries": 1,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(hours=2),
    },
)
def warehouse_release():
    """
    ### Warehouse release: build → gate → publish

    Triggered when `branch_submissions` or `bank_feeds` announces a change. By hand it asks a shut gate again.

    | you see | it means |
    |---|---|
    | `gate_candidate` failed | **the release in force stays**; not retried: what blocks must change first |
    | `publish_release` succeeded | a new numbered release is in force |
    | everything skipped | two announcements, and the run before this one has covered both |
    | `publish_release` skipped | nothing new to publish; the release in force stays |

    Only one run at a time. Why the gate is shut: the task's log, `quality.check_result`, the Data Docs.
    """

    @task
    def await_arrivals(triggering_asset_events=None) -> None:
        """Let files that arrived together be released together; skip when an earlier run has covered everything."""
        from vwu.run import ReleaseState, await_arrivals, release_state

        await_arrivals(load_settings())
        if triggering_asset_events and release_state(load_settings()) is not ReleaseState.OPEN:
            raise AirflowSkipException("an earlier run has covered what was announced")

    @task
    def build_marts(parent: str) -> int:
        """Bring the candidate up to date with what is in force; returns the id of the build."""
        from vwu.build import build
        from vwu.lineage import tell_build

        result = build(load_settings())
        tell_build(load_settings(), result.build_id, parent)
        if not result.ok:
            raise AirflowException(f"build {result.build_id} failed: {'; '.join(map(str, result.failures[:5]))}")
        return result.build_id

    @task
    def gate_candidate(build_id: int, parent: str) -> str:
        """Check the candidate; a refusal fails without a retry (a crash has one) and leaves the release in force."""
        from vwu.gate import run_gate
        from vwu.lineage import tell_gate

        verdict = run_gate(load_settings())
        tell_gate(load_settings(), verdict.gate_run_id, parent)
        if not verdict.passed:
            raise AirflowFailException(f"the gate refuses build {build_id}: {verdict.summary()}")
        return verdict.candidate_hash

    @task(outlets=[Asset("release")])
    def publish_release(candidate_hash: str, parent: str) -> int:
        """Publish what the gate let through; skipped when the release in force already says the same."""
        from vwu.lineage import tell_release
        from vwu.publish import publish

        release = publish(load_settings())
        if not release.is_new:
            raise AirflowSkipException(f"nothing new: release {release.release_id} stays in force ({candidate_hash})")
        tell_release(load_settings(), release.release_id, parent)
        return release.release_id

    @task
    def report_status() -> str:
        """Write the site anew, whatever became of the run: what arrived, what is held, gates, releases, dictionary."""
        from vwu.site import write_site

        return str(write_site(load_settings()))

    candidate = build_marts(TASK)
    await_arrivals() >> candidate
    # A teardown: it comes last in any case, and decides nothing about how the run ended.
    publish_release(gate_candidate(candidate, TASK), TASK) >> report_status().as_teardown()


warehouse_release()
