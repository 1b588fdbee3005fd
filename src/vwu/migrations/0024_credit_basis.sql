-- What releases have shown of each bank's month, so that the next release tells no difference of too few people
-- (docs/privacy.md): the feeds that spoke, and at which level each figure of each cell was published.

create table release.credit_basis (
    scope_key text not null,
    release_id integer not null references release.release,
    receipt_id text not null,
    previous_receipt_id text,
    previous_as_of_date date,
    withheld text not null,
    untold text not null,
    mark numeric not null,
    primary key (scope_key, release_id)
);
comment on table release.credit_basis is
'A bank''s month as a release was the first to show it: its feed and that of the month before; families that some cell withholds, that all do.';

create table release.credit_level (
    release_id integer not null,
    scope_key text not null,
    credit_programme_key bigint not null,
    region_key bigint not null,
    organisation text not null,
    levels jsonb not null,
    primary key (scope_key, release_id, credit_programme_key, region_key, organisation),
    foreign key (scope_key, release_id) references release.credit_basis
);
comment on table release.credit_level is
'Families of a cell''s figures that were put together, and at which level; a cell without a row was shown as it is.';

do $$
declare
    name text;
begin
    foreach name in array array['credit_basis', 'credit_level'] loop
        execute format(
            'create trigger refuse_change before update or delete or truncate on release.%I '
            'for each statement execute function release.refuse_change()', name
        );
    end loop;
end
$$;

grant select, insert on release.credit_basis, release.credit_level to vwu_publisher;
grant usage on schema release to vwu_builder;
grant select on release.credit_basis, release.credit_level, release.release_receipt to vwu_builder;
