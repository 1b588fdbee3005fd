-- Whoever asks why a correction waits is told when it is because it would tell of too few people.

create or replace view quality.held as
select
    scope.scope_key, scope.kind, scope.branch_code, scope.period_code, scope.form, scope.bank_code, scope.as_of_date,
    scope.receipt_id, receipt.received_at, scope.changed_at as held_since,
    extract(day from current_timestamp - scope.changed_at)::integer as days_held,
    why.held_for,
    case why.held_for
        when 'approval' then 'Chờ Hội cấp trên duyệt'
        when 'few_people' then 'Bản sửa của quá ít người vay; chờ bản sửa tiếp theo'
        else 'Bị giữ lại bằng lệnh; số liệu tốt gần nhất vẫn dùng'
    end as reason_vi,
    case why.held_for
        when 'approval' then 'It waits for the approval of a branch above'
        when 'few_people' then 'A correction of too few borrowers; it waits for the next one'
        else 'Held by hand; the last good figures stay in force'
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
cross join lateral (
    select case
        when not filled.is_withheld then 'approval'
        else coalesce(
            (
                select event.detail ->> 'cause'
                from intake.event
                where event.action = 'hold' and event.receipt_id = scope.receipt_id and event.scope_key = scope.scope_key
                order by event.event_id desc
                limit 1
            ),
            'by_hand'
        )
    end as held_for
) as why
where scope.is_held;
comment on column quality.held.held_for is
'by_hand (`vwu hold`), approval (of a branch above) or few_people (docs/privacy.md) · Giữ bằng lệnh, chờ duyệt hoặc ít người vay.';
