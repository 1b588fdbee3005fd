-- What becomes of the parts of the marts: one that did not change since it was published need not be read to be known.
-- Marts that grow by what changed tell it by triggers (dbt_project/macros/tell_changed_parts.sql), whoever changes them.

create table quality.part_version (
    relation_id oid not null,
    part_key bigint not null,
    version uuid not null default gen_random_uuid(),
    primary key (relation_id, part_key)
);
comment on table quality.part_version is
'Each part of a mart that tells what changes in it: its rows are those of this version for as long as it stands here.';

create table release.part_of_version (
    version uuid primary key,
    part_id bigint not null references release.part
);
comment on table release.part_of_version is 'The stored part whose rows those of a version are; found when they were published.';
create trigger refuse_change before update or delete or truncate on release.part_of_version
for each statement execute function release.refuse_change();

create function quality.note_changed_parts() returns trigger
language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from quality.part_version where relation_id = tg_relid;
    else
        execute format(
            'insert into quality.part_version (relation_id, part_key) select distinct %s::oid, %I from changed '
            'on conflict (relation_id, part_key) do update set version = excluded.version',
            tg_relid, tg_argv[0]
        );
    end if;
    return null;
end $$;
revoke execute on function quality.note_changed_parts() from public;
comment on function quality.note_changed_parts() is
'Statement trigger with a transition table `changed`: gives the parts of its rows, by the column named, a new version.';

grant execute on function quality.note_changed_parts() to vwu_builder;
grant select, insert, update, delete on quality.part_version to vwu_builder;
grant select on quality.part_version to vwu_publisher;
grant select, insert on release.part_of_version to vwu_publisher;
