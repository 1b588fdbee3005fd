"""Roll up the nation for each period that is due."""

from datetime import timedelta
from logging import getLogger
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, Param, dag, task

from vwu.settings import load_settings

log = getLogger(__name__)


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 6 * * *", timezone="Asia/Ho_Chi_Minh"), assets=Asset("release")
    ),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    is_paused_upon_creation=False,
    params={
        "period": Param(None, type=["null", "string"], description="Period code, such as 2024-Q1"),
        "vintage": Param(
            None, type=["null", "integer"], description="Its official figures of that number, as they were"
        ),
    },
    tags=["report"],
    default_args={
        "owner": "reporting",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=30),
    },
)
def national_rollup():
    """
    ### National roll-up: roll up → report

    Each morning and after each new release: **list** the periods whose roll-up is due (every report owed has come,
    or the last day to report has passed; and no report shows these figures yet), then **roll up** each in a task of
    its own, from `published` alone, into `<home>/reports/<period>/`, and send it to the desk where a mail server is
    set. Who keeps a period waiting stands in the log of `list_periods` and on the status page. Then **announce** to
    `official_figures` whose figures may be official: a person is asked once about the same figures.

    For one period of your choice, trigger it with `{"period": "2024-Q1"}`; with `"vintage": 1` beside it, it gives
    exactly what those official figures were. Rerunning writes the same files again. Nothing due = skipped.
    """

    @task
    def list_periods(params: dict[str, Any]) -> list[str]:
        """The period that was asked for, else those that are due; says which wait, and for whom."""
        from vwu.rollup import list_due_periods, list_waiting_periods

        for each in list_waiting_periods(load_settings()):
            log.info("%s waits for %s", each.period_code, ", ".join(each.awaited) or f"its due date, {each.due_date}")
        return [params["period"]] if params["period"] else list_due_periods(load_settings())

    @task(
        map_index_template="{{ task.op_kwargs['period'] }}",
        doc_md="Write the roll-up of one period; returns the folder.",
    )
    def roll_up_period(period: str, params: dict[str, Any]) -> str:
        from vwu.rollup import national_rollup

        folder = national_rollup(load_settings(), period, params["vintage"])
        log.info("roll-up of %s: %s", period, folder)
        return str(folder)

    @task(trigger_rule="none_failed")
    def list_approvals() -> list[dict[str, Any]]:
        """What a person is to be asked: the runs of `official_figures`, by id, so that none is made twice."""
        from vwu.publish.approval import list_requests

        return [
            {"trigger_run_id": each.run_id, "conf": {"period": each.period_code}}
            for each in list_requests(load_settings())
        ]

    announce = TriggerDagRunOperator.partial(
        task_id="announce_approvals",
        trigger_dag_id="official_figures",
        skip_when_already_exists=True,
        doc_md="Start the run that asks; skipped when it has been started before.",
    )
    approvals = list_approvals()
    roll_up_period.expand(period=list_periods()) >> approvals
    announce.expand_kwargs(approvals)


national_rollup()
