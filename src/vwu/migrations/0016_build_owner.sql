-- What the builder records of a build is nobody's to change afterwards.

alter table quality.build_run owner to vwu_owner;
alter table quality.dbt_result owner to vwu_owner;
grant select on quality.build_run, quality.dbt_result to vwu_publisher;
