-- The life of a submission: history is read by branch and by period, answers stay with a value, the province approves,
-- a late report is excused for a time.

create index on intake.scope (branch_code, form) where kind = 'submission';
create index on intake.scope (period_code, form) where kind = 'submission';

alter table intake.finding_answer add column carried_from bigint references intake.finding_answer;
comment on column intake.finding_answer.carried_from is
'The answer that an earlier receipt of the scope was given, where the value is unchanged.';

alter table intake.receipt_scope add column is_approval_needed boolean not null default false;
comment on column intake.receipt_scope.is_approval_needed is
'Held until a branch above approves it; so is a receipt that withdrawal brings back unapproved.';

create table intake.approval (
    approval_id bigint generated always as identity primary key,
    receipt_id text not null references intake.receipt,
    scope_key text not null references intake.scope,
    approving_branch_code text not null,
    approved_by text not null,
    approved_at timestamptz not null default clock_timestamp()
);
comment on table intake.approval is 'Append-only: which branch approved which receipt of a branch below it.';
create index on intake.approval (receipt_id);

create table intake.late_exception (
    late_exception_id bigint generated always as identity primary key,
    branch_code text not null,
    form text not null,
    period_code text not null,
    reason text not null check (reason <> ''),
    approved_by text not null,
    expires_on date not null,
    recorded_by text not null,
    recorded_at timestamptz not null default clock_timestamp()
);
comment on table intake.late_exception is
'Append-only: a report that may come late, why, who allowed it and until when; the latest row of a report holds.';
create index on intake.late_exception (branch_code, form, period_code);

grant select on intake.approval, intake.late_exception to vwu_loader, vwu_builder, vwu_publisher;
grant insert on intake.approval, intake.late_exception to vwu_loader;
