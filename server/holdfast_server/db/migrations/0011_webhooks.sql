-- Webhooks: what is owed to a URL because a run ended; written in the transaction that ends the run.

-- Beside kwargs, where clients read it: no operator looks into a json that holds a NUL.
alter table run add column webhook text;

-- The forms it had in earlier releases; overloads would make every call ambiguous or stale.
drop function if exists admit(
    text, uuid, uuid, uuid, text, text, json, jsonb, float, boolean, boolean, jsonb, jsonb[]);
drop function if exists admit(
    text, uuid, uuid, uuid, text, text, json, jsonb, float, boolean, boolean, jsonb, jsonb, jsonb[]);

create table webhook (
    tenant text not null default 'default',
    -- Goes out as a header, so that a receiver knows a delivery it has seen.
    webhook_id uuid primary key default gen_random_uuid(),
    run_id uuid not null,
    thread_id uuid not null,
    url text not null,
    -- The thread's, which says who may see this.
    metadata jsonb not null default '{}',
    -- The run as it ended and the values of its thread: either may be gone when this is sent.
    run json not null,
    "values" json,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
    -- Attempts that began, and those known to have failed; a sender that died leaves a gap between them.
    attempts int not null default 0,
    failures int not null default 0,
    -- When it may be sent; while it is being sent, when the sender counts as dead.
    due_at timestamptz not null default clock_timestamp(),
    status_code int,
    error text,
    created_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz
);
create index webhook_due on webhook (due_at) where state = 'pending';
create index webhook_by_age on webhook (tenant, created_at desc);
