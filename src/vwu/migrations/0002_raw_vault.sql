-- Landed rows, append-only (D4, D5), and the vault of identities (D9). The loader may insert and read raw, never change it.

create schema raw;
create schema vault;

create table raw.submission_value (
    receipt_id text not null references intake.receipt,
    line_no integer not null,
    scope_key text not null references intake.scope,
    branch_code text not null,
    period_code text not null,
    form text not null,
    form_version text not null,
    programme_code text not null,
    indicator_code text not null,
    scenario text not null check (scenario in ('actual', 'plan')),
    basis text not null check (basis in ('in_period', 'year_to_date', 'programme_to_date', 'as_of')),
    value numeric,
    lower_bound numeric,
    upper_bound numeric,
    qualifier text not null check (
        qualifier in ('exact', 'more_than', 'less_than', 'at_least', 'at_most', 'about')
    ),
    value_state text not null check (
        value_state in ('reported', 'nil', 'missing', 'not_applicable', 'suppressed')
    ),
    unit_code text not null,
    position text not null,
    raw_text text not null,
    note text not null default '',
    primary key (receipt_id, line_no),
    check ((value is not null) = (value_state = 'reported'))
);
create index on raw.submission_value (scope_key);

create table raw.feed_control (
    receipt_id text primary key references intake.receipt,
    scope_key text not null references intake.scope,
    bank_code text not null,
    kind text not null,
    as_of_date date not null,
    sequence integer not null,
    file_name text not null,
    sha256 text not null,
    row_count bigint not null,
    sum_lent numeric not null,
    sum_collected numeric not null,
    sum_closing_balance numeric not null,
    sum_overdue numeric not null,
    sum_frozen numeric not null,
    distinct_customers bigint,
    distinct_groups bigint,
    previous_sum_closing_balance numeric,
    created_at timestamptz not null
);

-- Amounts are whole đồng. Partitioned by month end; raw.ensure_month makes the partitions.
create table raw.loan (
    receipt_id text not null,
    line_no bigint not null,
    as_of_date date not null,
    bank_code text not null,
    bank_branch_code text not null,
    loan_id text not null,
    customer_token uuid not null,
    citizen_token uuid not null,
    sex text not null,
    commune_code text not null,
    commune_code_system text not null,
    group_id text,
    organisation text not null,
    credit_programme text not null,
    approved_amount bigint not null,
    disbursed_on date not null,
    maturity_on date not null,
    annual_rate_pct numeric not null,
    opening_balance bigint not null,
    lent bigint not null,
    collected bigint not null,
    written_off bigint not null,
    transferred bigint not null,
    closing_balance bigint not null,
    overdue bigint not null,
    frozen bigint not null,
    overdue_days integer not null,
    interest_due bigint not null,
    interest_collected bigint not null,
    savings_balance bigint not null,
    status text not null
) partition by range (as_of_date);

create table raw.credit_group (
    receipt_id text not null,
    line_no bigint not null,
    as_of_date date not null,
    bank_code text not null,
    group_id text not null,
    commune_code text not null,
    commune_code_system text not null,
    organisation text not null,
    members integer not null,
    borrowers integer not null,
    lent bigint not null,
    collected bigint not null,
    closing_balance bigint not null,
    overdue bigint not null,
    frozen bigint not null,
    savings_balance bigint not null,
    rating text,
    established_on date,
    merged_into text
) partition by range (as_of_date);

create table raw.credit_summary (
    receipt_id text not null,
    line_no bigint not null,
    as_of_date date not null,
    bank_code text not null,
    commune_code text not null,
    commune_code_system text not null,
    organisation text not null,
    credit_programme text not null,
    loans bigint not null,
    households bigint not null,
    lent bigint not null,
    collected bigint not null,
    closing_balance bigint not null,
    overdue bigint not null,
    frozen bigint not null
) partition by range (as_of_date);

create function raw.ensure_month(month_end date) returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    month_start date := date_trunc('month', month_end);
    parent text;
    part text;
begin
    -- The last one made below: when it is there, so are the others, and no lock is needed.
    if to_regclass('raw.credit_summary_' || to_char(month_start, 'YYYY_MM')) is not null then
        return;
    end if;
    -- Two loaders of one month must not both create its partition.
    perform pg_advisory_xact_lock(7700002, (extract(year from month_end) * 12 + extract(month from month_end))::int);
    foreach parent in array array['loan', 'credit_group', 'credit_summary'] loop
        part := parent || '_' || to_char(month_start, 'YYYY_MM');
        if to_regclass(format('raw.%I', part)) is null then
            -- `attach` lets readers of the other months go on; `create … partition of` would wait for them, and block.
            execute format('create table raw.%I (like raw.%I including all)', part, parent);
            execute format(
                'alter table raw.%I add constraint in_month check (as_of_date >= %L and as_of_date < %L)',
                part, month_start, month_start + interval '1 month'
            );
            execute format(
                'alter table raw.%I attach partition raw.%I for values from (%L) to (%L)',
                parent, part, month_start, month_start + interval '1 month'
            );
            execute format('alter table raw.%I drop constraint in_month', part);
            -- The rows of a receipt lie together, so a block range index finds them and costs landing next to nothing.
            execute format('create index on raw.%I using brin (receipt_id)', part);
        end if;
    end loop;
end
$$;
revoke all on function raw.ensure_month from public;
grant execute on function raw.ensure_month to vwu_loader;

-- One row for each way in which a bank has named a person. The token comes first: a person is looked up by it.
create table vault.person (
    citizen_token uuid not null,
    identity_hash bigint not null,
    customer_token uuid not null,
    key_id text not null,
    bank_code text not null,
    customer_id text not null,
    citizen_id text not null,
    full_name text not null,
    birth_date date,
    first_receipt_id text not null,
    primary key (citizen_token, identity_hash)
);
comment on table vault.person is
'Tokens -> identity, one row per person and wording; the HMAC key that made the tokens is not in the database.';
comment on column vault.person.identity_hash is
'First 63 bits of the MD5 of bank, customer, name and birth date: a changed wording is a new row.';

create table vault.group_leader (
    bank_code text not null,
    group_id text not null,
    leader_name text not null,
    receipt_id text not null,
    primary key (bank_code, group_id, leader_name)
);

grant usage on schema raw, vault to vwu_loader;
grant usage on schema raw to vwu_builder, vwu_publisher;
grant select, insert on all tables in schema raw to vwu_loader;
grant select on all tables in schema raw to vwu_builder, vwu_publisher;
grant select, insert, update, delete on all tables in schema vault to vwu_loader;
