-- grain: one row per report that may come late
-- A table for the same reason as stg_scope. The latest word on a report holds.
{{ config(materialized='table') }}
select distinct on (branch_code, form, period_code)
    branch_code,
    form,
    period_code,
    expires_on,
    reason,
    approved_by
from {{ source('intake', 'late_exception') }}
order by branch_code asc, form asc, period_code asc, late_exception_id desc
