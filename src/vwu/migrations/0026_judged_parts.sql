-- A check that judges each part by itself need not see again what it let through: what it was, and which release that is.

alter table quality.gate_run add column checked_with text check (checked_with ~ '^[0-9a-f]{64}$');
alter table quality.gate_run add column judged_release_id integer references release.release;
comment on column quality.gate_run.checked_with is
'sha256 of the suites, their limits and the code of the gate: runs that have the same ask the same of the same rows.';
comment on column quality.gate_run.judged_release_id is
'The release in force whose unchanged parts were not looked at again by checks that judge each part by itself; none: everything was looked at.';
