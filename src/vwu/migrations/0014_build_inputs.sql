-- What was in force when a build began is told by its content. By times it could not be told: what committed after a
-- build had begun may have been written before, and a clock may be set back.

create function intake.scopes_digest() returns text
language sql stable
as $$
select count(*) || ':' || coalesce(sum(hashtextextended(concat_ws('|', scope_key, receipt_id, is_held), 0)), 0)
from intake.scope
$$;
comment on function intake.scopes_digest is 'A digest of what is in force, whatever the order of the rows.';
revoke execute on function intake.scopes_digest from public;
grant execute on function intake.scopes_digest to vwu_loader, vwu_builder, vwu_publisher;

alter table quality.build_run add column scopes_digest text;
comment on column quality.build_run.scopes_digest is 'What was in force when the build began; null before this was kept.';
