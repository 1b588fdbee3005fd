-- What somebody held by hand; the scope's last good receipt stays in force meanwhile (D8).

alter table intake.receipt_scope add column is_withheld boolean not null default false;
comment on column intake.receipt_scope.is_withheld is
'Held by hand (`vwu hold`), until it is lifted or replaced: never the last good receipt of its scope.';
grant update (is_withheld) on intake.receipt_scope to vwu_loader;
