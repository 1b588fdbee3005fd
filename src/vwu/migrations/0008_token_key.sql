-- Which key made the vault's tokens: one for all of them, since with two keys one person would count as two (D9).

create table vault.token_key (
    is_only boolean primary key default true check (is_only),
    key_id text not null,
    since timestamptz not null default clock_timestamp()
);
comment on table vault.token_key is
'The id of the key that made every token; a landing with another key is refused. The key itself is not in the database.';

-- Where keys were changed before this was guarded no key matches 'several', and `vwu rotate-key` makes one of them.
insert into vault.token_key (key_id)
select case when min(key_id) = max(key_id) then min(key_id) else 'several' end
from vault.person
having count(*) > 0;

alter table vault.person drop column key_id;

-- `update` lets the loader lock the row: no landing while the key is changed, and no change while one lands.
grant select, insert, update on vault.token_key to vwu_loader;
