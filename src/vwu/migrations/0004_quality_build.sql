-- What every build did: one row a run, and dbt's own result for each of its nodes.

create table quality.build_run (
    build_id bigint generated always as identity primary key,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    code_hash text not null,
    seeds_hash text not null,
    is_full_refresh boolean not null,
    status text not null check (status in ('running', 'success', 'failed'))
);
comment on table quality.build_run is
'One row per build of the star; the hashes of the last success decide whether the next one starts from nothing.';

create table quality.dbt_result (
    build_id bigint not null references quality.build_run,
    node_id text not null,
    resource_type text not null,
    status text not null,
    seconds double precision not null,
    rows_affected bigint,
    failures bigint,
    message text not null default '',
    primary key (build_id, node_id)
);
comment on table quality.dbt_result is 'What dbt said of each seed, model and test of a build.';

alter table quality.build_run owner to vwu_publisher;
alter table quality.dbt_result owner to vwu_publisher;
grant select, insert, update on quality.build_run to vwu_builder;
grant select, insert on quality.dbt_result to vwu_builder;
