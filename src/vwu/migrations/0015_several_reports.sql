-- Several reports in one file: each is withdrawn, restored and superseded by itself, and has its own findings.

alter table intake.receipt_scope add column is_withdrawn boolean not null default false;
comment on column intake.receipt_scope.is_withdrawn is 'Taken back (`vwu withdraw`): never in force of its scope again.';
update intake.receipt_scope as filled set is_withdrawn = true
from intake.receipt
where receipt.receipt_id = filled.receipt_id and receipt.state = 'withdrawn';
grant update (is_withdrawn) on intake.receipt_scope to vwu_loader;

-- A rejected file fills no scope, so the key that its findings are about need not be one of intake.scope.
alter table intake.finding add column scope_key text;
comment on column intake.finding.scope_key is 'The report or feed that it is about; null for the file as a whole.';
update intake.finding set scope_key = filled.scope_key
from intake.receipt_scope as filled
where filled.receipt_id = finding.receipt_id;
