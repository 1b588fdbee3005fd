"""Roll up the nation for each period that is due."""

from datetime import timedelta
from logging import getLogger

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
    params={"period": Param(None, type=["null", "string"], description="Period code, such as 2024-Q1")},
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
    set. Who keeps a period waiting stands in the log of `list_periods` and on the status page.

    For one period of your choice, trigger it with `{"period": "2024-Q1"}`. Rerunning writes the same files again.
    Nothing due = skipped.
    """

    @task
    def list_periods(params: dict[str, str | None]) -> list[str]:
        """The period that was asked for, else those that are due; says which wait, and for whom."""
        from vwu.rollup import list_due_periods, list_waiting_periods

        for each in list_waiting_periods(load_settings()):
            log.info("%s waits for %s", each.period_code, ", ".join(each.awaited) or f"its due date, {each.due_date}")
        return [params["period"]] if params["period"] else list_due_periods(load_settings())

    @task(
        map_index_template="{{ task.op_kwargs['period'] }}",
        doc_md="Write the roll-up of one period; returns the folder.",
    )
    def roll_up_period(period: str) -> str:
        from vwu.rollup import national_rollup

        folder = national_rollup(load_settings(), period)
        log.info("roll-up of %s: %s", period, folder)
        return str(folder)

    roll_up_period.expand(period=list_periods())


national_rollup()
