-- One token a person: the citizen's. The customer is looked up in the vault, which no longer needs a key to be read by:
-- it is always read whole, and the landing of a feed pays for each index.

alter table raw.loan drop column customer_token;
alter table vault.person drop column customer_token;
alter table vault.person drop constraint person_pkey;
comment on table vault.person is
'Token -> identity, one row per person, bank and wording; the HMAC key that made the tokens is not in the database.';
comment on column vault.person.identity_hash is
'First 63 bits of the MD5 of bank, customer, citizen id, name and birth date: a changed wording is a new row.';

alter table raw.feed_control add column balance_digest text;
comment on column raw.feed_control.balance_digest is
'Of a loan feed: one number for all closing balances, against which the openings of the next month are held.';
