-- Readers of one province (ARCHITECTURE, roles): views over `published` that the publisher makes, `vwu.publish.province`.

create schema province authorization vwu_publisher;
grant usage on schema province to province_reader;
grant execute on function published.current_release_id to province_reader;
alter default privileges for role vwu_publisher in schema province grant select on tables to province_reader;

-- A role `province_19` lets in its own; a person who has several of them sees several.
create view province.my_province as
select right(role.rolname, 2) as province_code
from pg_roles as role
where role.rolname ~ '^province_[0-9]{2}$' and pg_has_role(current_user, role.oid, 'usage');
comment on view province.my_province is 'The provinces whose rows this session may read · Các tỉnh, thành phố được đọc.';
alter view province.my_province owner to vwu_publisher;
grant select on province.my_province to province_reader;
