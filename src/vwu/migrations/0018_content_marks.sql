-- What is in force, in marks that a check can hold a candidate against, so that only what changed is audited anew.

create function release.content_marks(view_name text, key_column text, relation regclass)
returns table (key text, mark numeric)
language plpgsql stable
set search_path = pg_catalog
as $$
declare
    columns text;
begin
    select string_agg(quote_ident(attribute.attname), ', ' order by attribute.attnum) into columns
    from pg_attribute as attribute
    where attribute.attrelid = relation and attribute.attnum > 0 and not attribute.attisdropped;
    if to_regclass(format('published.%I', view_name)) is not null then
        return query execute format(
            'select shown.%1$I::text, sum(hashtextextended(shown::text, 0)) '
            'from (select %2$s from published.%3$I) as shown group by shown.%1$I',
            key_column, columns, view_name
        );
    end if;
exception when undefined_column then
    return;  -- what is in force lacks a column of the candidate: all of it counts as changed
end
$$;
comment on function release.content_marks is
'A mark for each key of a published view, over the columns of a relation; no rows before the first release.';
revoke all on function release.content_marks from public;
grant execute on function release.content_marks to vwu_publisher;
