-- Why a bank sends a month again: an optional key of the control record, shown in the ledger of corrections.

alter table raw.feed_control add column reason text not null default '';
