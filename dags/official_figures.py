"""Ask for the approval of a period's figures and make them official."""

from datetime import timedelta
from logging import getLogger
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DeadlineAlert, DeadlineReference, Param, SyncCallback, dag, task
from airflow.sdk.exceptions import AirflowFailException

from vwu.settings import load_settings

log = getLogger(__name__)


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=500,
    dagrun_timeout=timedelta(days=120),
    is_paused_upon_creation=False,
    params={"period": Param(None, type=["null", "string"], description="Period code, such as 2024-Q1")},
    tags=["report"],
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=load_settings().approval_hours),
        callback=SyncCallback("vwu.alerts.alert_desk"),
    ),
    default_args={
        "owner": "reporting",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=30),
    },
)
def official_figures():
    """
    ### Official figures: list → await approval → publish

    `national_rollup` starts a run for each quarter, half year, nine months, year, half term and term whose figures are
    ready and new: the run's id is the period and the checksum of its figures. A person answers under **Required
    Actions**; meanwhile no worker is held. Who approved, when and why becomes the period's vintage
    (`published.period_vintage`).

    | you see | it means |
    |---|---|
    | `await_approval` awaits input | nobody has answered; after `VWU_APPROVAL_HOURS` the desk is told |
    | `publish_official` succeeded | the figures are official, or revised |
    | `publish_official` skipped | rejected: the figures stay provisional; new figures are asked about anew |
    | `publish_official` failed | the figures changed since, or a revision has no reason (see its log) |

    To be asked again, clear `await_approval`. By hand for any period: trigger it with `{"period": "2024-Q1"}`.
    """

    @task
    def list_figures(params: dict[str, Any]) -> dict[str, Any]:
        """The period's figures as they are now: release, checksum, coverage, what they would revise."""
        from vwu.publish import PublishError
        from vwu.publish.approval import read_request

        try:
            request = read_request(load_settings(), params["period"])
        except PublishError as error:
            raise AirflowFailException(str(error)) from error
        return {"period_code": request.period_code, "digest": request.digest, "body": request.body}

    @task(doc_md="Name the approved figures official, by whoever answered; fails when they have changed since.")
    def publish_official(request: dict[str, Any], answer: dict[str, Any]) -> str:
        from vwu.publish import PublishError
        from vwu.publish.approval import approve

        try:
            made = approve(load_settings(), request, answer)
        except PublishError as error:
            raise AirflowFailException(str(error)) from error
        log.info("%s is %s: vintage %s by %s", made.period_code, made.status, made.vintage, made.approved_by)
        return f"{made.period_code} {made.status} {made.vintage}"

    request = list_figures()
    approval = ApprovalOperator(
        task_id="await_approval",
        subject="Duyệt số liệu chính thức kỳ {{ params.period }} · Approve as official: {{ params.period }}",
        body="{{ ti.xcom_pull(task_ids='list_figures')['body'] }}",
        params={"reason": Param("", type="string", title="Lý do · Reason", description="Bắt buộc khi điều chỉnh")},
        execution_timeout=None,
        response_timeout=timedelta(days=90),
        doc_md="Waits for a person under Required Actions, without a worker.",
    )
    request >> approval
    publish_official(request, approval.output)


official_figures()
