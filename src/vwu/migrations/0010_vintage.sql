-- The vintages of a period: what the Union has called its official figures, and what it revised them to. Never updated.
create table release.vintage (
    period_code text not null,
    vintage integer not null check (vintage > 0),
    release_id integer not null references release.release,
    digest text not null,
    approved_by text not null,
    reason text not null default '',
    approved_at timestamptz not null default clock_timestamp(),
    primary key (period_code, vintage),
    check (vintage = 1 or reason <> '')
);
comment on table release.vintage is
'Append-only: the release whose figures of a period are official, who approved it, and why a later one took its place.';
grant select, insert on release.vintage to vwu_publisher;

create view published.period_vintage as
select
    vintage.period_code, vintage.vintage, case vintage.vintage when 1 then 'official' else 'revised' end as status,
    vintage.release_id, vintage.digest, vintage.approved_by, vintage.reason, vintage.approved_at
from release.vintage
where vintage.release_id <= (select published.current_release_id());
comment on view published.period_vintage is
'Official figures of a period and their revisions, by release; what has no vintage is provisional · Số chính thức của kỳ.';
comment on column published.period_vintage.period_code is 'Period · Kỳ';
comment on column published.period_vintage.vintage is
'1: the first official figures; 2 and more: revisions · 1: chính thức lần đầu; từ 2: điều chỉnh';
comment on column published.period_vintage.status is 'official or revised · Chính thức hoặc đã điều chỉnh';
comment on column published.period_vintage.release_id is 'The release that has these figures · Bản phát hành có số này';
comment on column published.period_vintage.digest is 'Checksum of the period''s figures in it · Mã kiểm tra số liệu của kỳ';
comment on column published.period_vintage.approved_by is 'Who approved it · Người duyệt';
comment on column published.period_vintage.reason is 'Why it was revised · Lý do điều chỉnh';
comment on column published.period_vintage.approved_at is 'When it was approved · Thời điểm duyệt';
grant select on published.period_vintage to bi_reader, vwu_publisher;
