-- Receipts, scopes, findings and the log of intake (INTERFACES 4, ARCHITECTURE D4 and D5).

create table intake.receipt (
    receipt_id text primary key check (receipt_id ~ '^[0-9a-f]{16}$'),
    sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    kind text not null check (kind in ('submission', 'loan', 'group', 'summary', 'unknown')),
    file_name text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    state text not null check (
        state in ('received', 'checked', 'landed', 'superseded', 'withdrawn', 'rejected', 'held')
    ),
    reason_vi text not null default '',
    reason_en text not null default '',
    row_count bigint not null default 0,
    check_no integer not null default 0,
    superseded_by text references intake.receipt,
    received_by text not null,
    received_at timestamptz not null default clock_timestamp(),
    state_changed_at timestamptz not null default clock_timestamp()
);
comment on column intake.receipt.check_no is 'How often it was checked; a finding of an earlier check is no longer open.';
comment on table intake.receipt is 'One row per received file, known by its bytes; the same bytes give the same row.';
create index on intake.receipt (state);

create table intake.arrival (
    arrival_no bigint generated always as identity primary key,
    path text not null,
    signature text not null,
    receipt_id text references intake.receipt,
    listed_at timestamptz not null default clock_timestamp(),
    unique (path, signature)
);
comment on table intake.arrival is
'Files seen in the landing zone, in order of arrival: the later arrival wins a scope, however tasks are scheduled.';
comment on column intake.arrival.signature is 'Size and modification time of the file and of its control record.';

create table intake.scope (
    scope_key text primary key,
    kind text not null check (kind in ('submission', 'loan', 'group', 'summary')),
    branch_code text,
    period_code text,
    form text,
    bank_code text,
    as_of_date date,
    receipt_id text references intake.receipt,
    precedence bigint,
    is_held boolean not null default false,
    changed_at timestamptz not null default clock_timestamp(),
    check (
        (kind = 'submission' and branch_code is not null and period_code is not null and form is not null)
        or (kind <> 'submission' and bank_code is not null and as_of_date is not null)
    )
);
comment on table intake.scope is
'What a file replaces as a whole: (branch, period, form) or (bank, kind, month); receipt_id is the one in force.';
create index on intake.scope (receipt_id);

create table intake.receipt_scope (
    receipt_id text not null references intake.receipt,
    scope_key text not null references intake.scope,
    precedence bigint not null,
    landed_at timestamptz not null default clock_timestamp(),
    primary key (receipt_id, scope_key)
);
comment on table intake.receipt_scope is 'Every receipt that ever landed in a scope: what withdrawal can go back to.';
comment on column intake.receipt_scope.precedence is
'The higher one is in force: the sequence of a feed, the arrival number of a submission.';
create index on intake.receipt_scope (scope_key);

create table intake.finding (
    finding_id text primary key check (finding_id ~ '^[0-9a-f]{16}$'),
    receipt_id text not null references intake.receipt,
    rule_id text not null,
    family text not null check (
        family in (
            'file', 'structure', 'validity', 'consistency', 'control',
            'reconciliation', 'timeliness', 'plausibility', 'privacy'
        )
    ),
    severity text not null check (severity in ('error', 'warning', 'info')),
    position text not null default '',
    column_name text not null default '',
    value text not null default '',
    message_vi text not null,
    message_en text not null,
    proposed text,
    line_count bigint not null default 1,
    check_no integer not null,
    created_at timestamptz not null default clock_timestamp()
);
comment on column intake.finding.value is 'The offending value as sent; masked where it is an identity.';
create index on intake.finding (receipt_id);

create table intake.finding_answer (
    finding_answer_id bigint generated always as identity primary key,
    finding_id text not null references intake.finding,
    answer text not null check (answer in ('correct as reported', 'explained', 'will be corrected')),
    reason text not null check (reason <> ''),
    answered_by text not null,
    answered_at timestamptz not null default clock_timestamp()
);
create index on intake.finding_answer (finding_id);

create table intake.event (
    event_id bigint generated always as identity primary key,
    happened_at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null,
    receipt_id text references intake.receipt,
    scope_key text,
    detail jsonb not null default '{}'
);
comment on table intake.event is 'Append-only log of who did what to which receipt, and when.';
create index on intake.event (receipt_id);

grant usage on schema intake to vwu_loader, vwu_builder, vwu_publisher;
grant select on all tables in schema intake to vwu_loader, vwu_builder, vwu_publisher;
grant insert on intake.receipt, intake.scope, intake.receipt_scope, intake.finding, intake.finding_answer, intake.event,
intake.arrival
to vwu_loader;
grant update on intake.receipt, intake.scope, intake.arrival to vwu_loader;
grant update (check_no) on intake.finding to vwu_loader;
