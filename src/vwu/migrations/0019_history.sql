-- What BI may chart of the process itself: what the gate found, what was built and released, how old each source is.

create view quality.gate_history as
select
    run.gate_run_id, run.started_at, extract(epoch from run.finished_at - run.started_at)::float as seconds,
    run.verdict, run.code_version, run.build_id, run.expected_checks, run.executed_checks,
    cardinality(run.problems) as problems,
    (
        select count(*) from quality.check_result as result
        where result.gate_run_id = run.gate_run_id and not result.success and result.severity = 'error'
    ) as failed_errors,
    (
        select count(*) from quality.check_result as result
        where result.gate_run_id = run.gate_run_id and not result.success and result.severity = 'warning'
    ) as failed_warnings,
    (
        select min(release.release_id) from release.release where release.gate_run_id = run.gate_run_id
    ) as release_id
from quality.gate_run as run;
comment on view quality.gate_history is
'Every run of the gate: verdict, how much ran and failed, how long it took, and the release that came of it · Lịch sử kiểm duyệt.';

create view quality.check_history as
select
    result.gate_run_id, run.started_at, result.rule_id, result.table_name, result.family, result.severity, result.owner,
    result.success, result.unexpected_count, result.message_vi, result.message_en
from quality.check_result as result
inner join quality.gate_run as run using (gate_run_id);
comment on view quality.check_history is
'Every check of every run of the gate; the rows that it named are not shown, they may be of persons · Lịch sử từng phép kiểm.';

create view quality.build_history as
select
    build.build_id, build.started_at, extract(epoch from build.finished_at - build.started_at)::float as seconds,
    build.status, build.is_full_refresh, count(result.node_id) as nodes,
    count(*) filter (where result.resource_type = 'test' and result.status <> 'pass') as failed_tests,
    max(result.seconds) as slowest_node_seconds,
    (array_agg(result.node_id order by result.seconds desc))[1] as slowest_node
from quality.build_run as build
left join quality.dbt_result as result using (build_id)
group by build.build_id;
comment on view quality.build_history is
'Every build: how long it took, and which node most of it · Lịch sử và thời gian xây dựng.';

create view quality.freshness as
select
    scope.kind, coalesce(scope.bank_code, scope.form) as source, count(*) as scopes,
    max(scope.as_of_date) as newest_month_end, max(scope.period_code) as newest_period_code,
    max(receipt.received_at) as last_received_at, count(*) filter (where scope.is_held) as held,
    extract(day from current_timestamp - max(receipt.received_at))::integer as days_since_last
from intake.scope as scope
inner join intake.receipt as receipt on receipt.receipt_id = scope.receipt_id
group by scope.kind, coalesce(scope.bank_code, scope.form);
comment on view quality.freshness is
'How new each source is: the newest month or period, and when its last file came · Độ mới của từng nguồn.';

grant usage on schema quality to bi_reader;
grant select on quality.gate_history, quality.check_history, quality.build_history, quality.freshness
to bi_reader, vwu_publisher;

-- A trigger needs no right of its users to execute its function: nobody calls this one but the publisher's tables.
revoke execute on function release.refuse_change from public;
