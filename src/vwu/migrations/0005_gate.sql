-- What the gate found of every candidate: append-only, so that BI can chart it and nobody can polish it (D7).

create table quality.gate_run (
    gate_run_id bigint generated always as identity primary key,
    candidate_hash text not null check (candidate_hash ~ '^[0-9a-f]{64}$'),
    verdict text not null check (verdict in ('publish', 'publish_with_warnings', 'refuse')),
    code_version text not null,
    build_id bigint references quality.build_run,
    expected_checks integer not null check (expected_checks >= 0),
    executed_checks integer not null check (executed_checks >= 0),
    problems text[] not null default '{}',
    started_at timestamptz not null,
    finished_at timestamptz not null,
    -- A gate that did not run everything, or could not tell what it should run, is never open.
    check (verdict = 'refuse' or (expected_checks = executed_checks and expected_checks > 0 and problems = '{}'))
);
comment on table quality.gate_run is 'One row per run of the gate: the candidate, by its hash, and the verdict on it.';
comment on column quality.gate_run.problems is
'What shut the gate apart from failed checks: a suite that did not load, a table without checks, a failed build.';
create index on quality.gate_run (candidate_hash, gate_run_id);

create table quality.check_result (
    gate_run_id bigint not null references quality.gate_run,
    rule_id text not null,
    table_name text not null,
    family text not null,
    severity text not null check (severity in ('error', 'warning', 'info')),
    owner text not null,
    success boolean not null,
    observed text not null default '',
    unexpected_count bigint,
    message_vi text not null default '',
    message_en text not null default '',
    primary key (gate_run_id, rule_id)
);
comment on table quality.check_result is 'One row per gate run and check of expectations/.';

create table quality.failed_row (
    gate_run_id bigint not null,
    rule_id text not null,
    row_no integer not null,
    row_content jsonb not null,
    receipt_id text,
    primary key (gate_run_id, rule_id, row_no),
    foreign key (gate_run_id, rule_id) references quality.check_result (gate_run_id, rule_id)
);
comment on table quality.failed_row is 'Rows that a check named, at most 200 a check; receipt_id where the row has one.';
create index on quality.failed_row (receipt_id);

grant select, insert on quality.gate_run, quality.check_result, quality.failed_row to vwu_publisher;
