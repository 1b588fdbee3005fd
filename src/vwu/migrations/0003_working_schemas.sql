-- Schemas that dbt (vwu_builder) and the publisher own and fill themselves.

create schema seeds authorization vwu_builder;
create schema staging authorization vwu_builder;
create schema intermediate authorization vwu_builder;
create schema marts authorization vwu_builder;
create schema quality authorization vwu_publisher;
create schema release authorization vwu_publisher;
create schema published authorization vwu_publisher;

grant usage on schema seeds, staging, intermediate, marts to vwu_publisher;
alter default privileges for role vwu_builder in schema seeds grant select on tables to vwu_publisher, vwu_loader;
alter default privileges for role vwu_builder in schema staging grant select on tables to vwu_publisher;
alter default privileges for role vwu_builder in schema intermediate grant select on tables to vwu_publisher;
alter default privileges for role vwu_builder in schema marts grant select on tables to vwu_publisher;
grant usage on schema seeds to vwu_loader;
grant usage on schema quality to vwu_builder, vwu_loader;
grant usage on schema published to bi_reader;
alter default privileges for role vwu_publisher in schema published grant select on tables to bi_reader;
