-- The release register (D6): insert-only parts, a manifest per release, and one pointer row that names the one in force.

create function release.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception 'nothing published ever changes: % on %.% is refused; corrections are new releases',
        tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

create table release.part (
    part_id bigint generated always as identity primary key,
    table_name text not null,
    part_key text not null,
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    row_count bigint not null check (row_count > 0),
    first_release_id integer not null,
    unique (table_name, part_key, content_hash)
);
comment on table release.part is
'A stored piece of a published table, known by its content; releases with the same content share it.';

create table release.release (
    release_id integer primary key check (release_id > 0),
    published_at timestamptz not null default clock_timestamp(),
    verdict text not null check (verdict in ('publish', 'publish_with_warnings')),
    gate_run_id bigint not null references quality.gate_run,
    build_id bigint references quality.build_run,
    candidate_hash text not null,
    code_version text not null,
    coverage_pct numeric check (coverage_pct between 0 and 100),
    receipts bigint not null,
    findings_open bigint not null,
    row_counts jsonb not null,
    published_by text not null
);
comment on table release.release is 'The register: one row per release, numbered 1, 2, 3, …';

create table release.manifest (
    release_id integer not null references release.release,
    table_name text not null,
    part_id bigint not null references release.part,
    primary key (release_id, table_name, part_id)
);
comment on table release.manifest is 'Which parts make up a release.';
create index on release.manifest (part_id);

create table release.release_receipt (
    release_id integer not null references release.release,
    receipt_id text not null,
    scope_key text not null,
    primary key (release_id, receipt_id, scope_key)
);
comment on table release.release_receipt is 'The receipts whose content a release rests on.';

create table release.pointer (
    is_only boolean primary key default true check (is_only),
    release_id integer references release.release
);
comment on table release.pointer is 'One row: the release in force; null until the first one.';
insert into release.pointer default values;

create table release.event (
    event_id bigint generated always as identity primary key,
    happened_at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null check (action in ('publish', 'rollback')),
    from_release_id integer references release.release,
    to_release_id integer not null references release.release,
    reason text not null default ''
);
comment on table release.event is 'Append-only log of every change of the release in force.';

create table release.view_definition (
    view_name text primary key,
    sha256 text not null
);
comment on table release.view_definition is
'Text of each report view as it was last made, so that a publication replaces no view that did not change.';

do $$
declare
    name text;
begin
    foreach name in array array['part', 'release', 'manifest', 'release_receipt', 'event'] loop
        execute format(
            'create trigger refuse_change before update or delete or truncate on release.%I '
            'for each statement execute function release.refuse_change()', name
        );
    end loop;
end
$$;

grant select, insert on release.part, release.release, release.manifest, release.release_receipt, release.event
to vwu_publisher;
grant select on release.pointer to vwu_publisher;
grant update (release_id) on release.pointer to vwu_publisher;
grant select, insert, update on release.view_definition to vwu_publisher;
grant execute on function release.refuse_change to vwu_publisher;

create function release.refresh_statistics() returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    execute 'analyze release.part, release.manifest';
end
$$;
comment on function release.refresh_statistics is 'A publication calls it, so that the next query plans on what is stored.';
revoke all on function release.refresh_statistics from public;
grant execute on function release.refresh_statistics to vwu_publisher;

-- Security definer: readers have no right on schema release. Stable: one statement sees one release.
create function published.current_release_id() returns integer
language plpgsql stable security definer parallel safe
set search_path = pg_catalog
as $$
declare
    pin text := current_setting('vwu.release', true);
    found_id integer;
begin
    if pin is null or pin = '' then
        select release_id into found_id from release.pointer;
        return found_id;
    end if;
    if pin ~ '^[0-9]{1,9}$' then
        select release_id into found_id from release.release where release_id = pin::integer;
    end if;
    if found_id is null then
        raise exception 'there is no release % · không có bản phát hành %', pin, pin
            using errcode = 'invalid_parameter_value',
            hint = 'select release_id from published.release_history; then: set vwu.release = ''N''; or: reset vwu.release;';
    end if;
    return found_id;
end
$$;
comment on function published.current_release_id is
'The release that this session reads: the one in force, or the one that `set [local] vwu.release = ''N''` names.';

create function published.as_of_release(release_id integer) returns integer
language plpgsql volatile
set search_path = pg_catalog
as $$
begin
    perform set_config('vwu.release', coalesce(release_id::text, ''), false);
    return published.current_release_id();
exception when invalid_parameter_value then
    perform set_config('vwu.release', '', false);
    raise;
end
$$;
comment on function published.as_of_release is
'Pins this session to a past release, as `set vwu.release` does; null goes back to the release in force.';

create view published.release_history as
select
    release_id, published_at, verdict, coverage_pct, receipts, findings_open, code_version, row_counts,
    release_id = (select pointer.release_id from release.pointer as pointer) as is_in_force
from release.release;
comment on view published.release_history is 'Every release ever published, each still readable · Mọi bản đã phát hành.';

create view published.release_info as
select release_id, published_at, verdict, coverage_pct, receipts, findings_open, code_version
from release.release
where release_id = (select published.current_release_id());
comment on view published.release_info is 'The release that this session reads · Bản phát hành đang đọc.';

revoke all on function published.current_release_id, published.as_of_release from public;
grant execute on function published.current_release_id, published.as_of_release to bi_reader, vwu_publisher, vwu_builder;
grant select on published.release_history, published.release_info to bi_reader, vwu_publisher;
