-- Crons: runs that start by the clock, and what became of each firing.

create table cron (
    tenant text not null default 'default',
    cron_id uuid primary key,
    -- Neither references its table: a cron whose assistant or thread is gone says so when it fires.
    assistant_id uuid not null,
    thread_id uuid,
    user_id text,
    schedule text not null,
    timezone text,
    end_time timestamptz,
    -- Null when it does not fire any more: disabled, or past its end.
    next_run_date timestamptz,
    enabled boolean not null default true,
    on_run_completed text check (on_run_completed in ('delete', 'keep')),
    -- json, not jsonb: an input may hold a NUL.
    payload json not null,
    -- What its creator brings into every run, and on which threads they may run.
    configurable json not null default '{}',
    visible jsonb[],
    metadata jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    check (enabled or next_run_date is null)
);
create index cron_due on cron (next_run_date) where next_run_date is not null;
create index cron_by_metadata on cron using gin (metadata jsonb_path_ops);

create table cron_firing (
    cron_id uuid not null references cron on delete cascade,
    -- The moment it was due. Invariant: each fires once, however many schedulers run.
    fire_time timestamptz not null,
    fired_at timestamptz not null default clock_timestamp(),
    run_id uuid,
    thread_id uuid,
    error text,
    primary key (cron_id, fire_time)
);
create index cron_firing_by_age on cron_firing (fired_at);
