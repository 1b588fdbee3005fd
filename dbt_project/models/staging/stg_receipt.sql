-- grain: one row per receipt
select
    receipt_id,
    kind,
    file_name,
    state,
    reason_vi,
    reason_en,
    received_by,
    received_at,
    (received_at at time zone 'Asia/Ho_Chi_Minh')::date as received_date
from {{ source('intake', 'receipt') }}
