-- What a part is a part by, beside the release that it belongs to: a query for a period reads that period's parts alone.

alter table release.manifest add column part_value bigint;
comment on column release.manifest.part_value is
'Of a table that is cut by one key: that key in all rows of the part. Of any other table nothing.';
alter table release.manifest disable trigger refuse_change;
update release.manifest as manifest
set part_value = part.part_key::bigint
from release.part as part
where part.part_id = manifest.part_id and part.part_key ~ '^-?[0-9]{1,18}$';
alter table release.manifest enable trigger refuse_change;
