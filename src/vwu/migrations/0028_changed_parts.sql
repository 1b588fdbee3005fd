-- Which parts of a mart changed since they were published: for hashing them, and for dbt, which tests no others again.

create function quality.changed_parts(relation regclass, part_by name) returns bigint[]
language sql stable
as $$
    select case when (
        select count(*) filter (where tgenabled = 'A') = 5  -- of rows inserted, deleted, updated (twice), and of all at once
        from pg_trigger
        where tgrelid = relation and tgfoid = 'quality.note_changed_parts()'::regprocedure
            and encode(tgargs, 'escape') = part_by || '\000'
    ) then array(
        select changed.part_key
        from quality.part_version as changed
        left join release.part_of_version as known using (version)
        where changed.relation_id = relation and known.version is null
        order by changed.part_key
    ) end
$$;
comment on function quality.changed_parts is
'Parts of a mart whose rows are not those of a published part; null where it does not tell what changes in it: any may.';
revoke execute on function quality.changed_parts from public;
grant execute on function quality.changed_parts to vwu_builder, vwu_publisher;
grant select on release.part_of_version to vwu_builder;
