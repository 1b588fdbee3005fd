-- The bytes that the content store keeps of a receipt may be fewer than it was sent with, or none (Law 91/2025/QH15).

alter table intake.receipt add column stored_sha256 text check (stored_sha256 ~ '^[0-9a-f]{64}$');
update intake.receipt set stored_sha256 = sha256;
comment on column intake.receipt.stored_sha256 is
'Under what the content store keeps its bytes: other than sha256 where a person was taken out, null after the retention.';
