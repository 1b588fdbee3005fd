-- What came and what is held and why, for BI. A name of a file, a value and a reason in somebody's own words may name a
-- person: they are not in it, and the receipt leads to them for who may read intake.

create view quality.arrival as
select
    receipt.receipt_id, receipt.kind, receipt.state, receipt.received_at, receipt.state_changed_at, receipt.size_bytes,
    receipt.row_count, receipt.superseded_by, filled.bank_code, filled.forms, filled.scopes, found.errors, found.warnings,
    found.rule_ids
from intake.receipt as receipt
cross join lateral (
    select
        min(scope.bank_code) as bank_code, array_agg(distinct scope.form) filter (where scope.form is not null) as forms,
        count(*) as scopes
    from intake.receipt_scope as filled
    inner join intake.scope as scope on scope.scope_key = filled.scope_key
    where filled.receipt_id = receipt.receipt_id
) as filled
cross join lateral (
    select
        count(*) filter (where finding.severity = 'error') as errors,
        count(*) filter (where finding.severity = 'warning') as warnings,
        coalesce(array_agg(distinct finding.rule_id) filter (where finding.severity = 'error'), '{}') as rule_ids
    from intake.finding
    where finding.receipt_id = receipt.receipt_id and finding.check_no = receipt.check_no
) as found;
comment on view quality.arrival is
'Every file that came: what it was, what became of it, how much it held, what was found · Mọi tệp đã đến và kết quả.';
comment on column quality.arrival.bank_code is 'Whose feed it is; null of a report, and of what was turned away · Ngân hàng.';
comment on column quality.arrival.forms is 'Forms of the reports in it; null of a feed, and of what was turned away · Biểu.';
comment on column quality.arrival.scopes is 'How many reports or months of a bank it fills · Số báo cáo, tháng trong tệp.';
comment on column quality.arrival.rule_ids is 'Rules whose errors turned it away or hold it; `rules.html` explains them · Quy tắc có lỗi.';

create view quality.held as
select
    scope.scope_key, scope.kind, scope.branch_code, scope.period_code, scope.form, scope.bank_code, scope.as_of_date,
    scope.receipt_id, receipt.received_at, scope.changed_at as held_since,
    extract(day from current_timestamp - scope.changed_at)::integer as days_held,
    case when filled.is_withheld then 'by_hand' else 'approval' end as held_for,
    case
        when filled.is_withheld then 'Bị giữ lại bằng lệnh; số liệu tốt gần nhất vẫn dùng'
        else 'Chờ Hội cấp trên duyệt'
    end as reason_vi,
    case
        when filled.is_withheld then 'Held by hand; the last good figures stay in force'
        else 'It waits for the approval of a branch above'
    end as reason_en,
    (
        select coalesce(array_agg(distinct finding.rule_id), '{}')
        from intake.finding
        where finding.receipt_id = scope.receipt_id and finding.check_no = receipt.check_no
            and finding.severity <> 'info'
            and coalesce(finding.scope_key, scope.scope_key) = scope.scope_key
    ) as rule_ids
from intake.scope as scope
inner join intake.receipt as receipt on receipt.receipt_id = scope.receipt_id
inner join intake.receipt_scope as filled
    on filled.receipt_id = scope.receipt_id and filled.scope_key = scope.scope_key
where scope.is_held;
comment on view quality.held is
'Every report or month of a bank that is kept out of releases, since when and why · Báo cáo, sao kê đang giữ lại và lý do.';
comment on column quality.held.held_for is 'by_hand (`vwu hold`) or approval (of a branch above) · Giữ bằng lệnh hoặc chờ duyệt.';
comment on column quality.held.rule_ids is 'Rules that reported something of it · Quy tắc có phát hiện.';

grant select on quality.arrival, quality.held to bi_reader, vwu_publisher;
