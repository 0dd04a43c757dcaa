-- The house: graphs, assistants, threads, runs, events, effects and workers, each row owned by a tenant.

-- Each is a prefix of its table's primary key; three indexes less to write in every superstep.
drop index if exists checkpoints_thread_id_idx, checkpoint_blobs_thread_id_idx, checkpoint_writes_thread_id_idx;

-- Which run wrote it: a rollback takes back also what a run wrote on checkpoints that were there before it.
alter table checkpoint_writes add column run_id uuid;

-- A ticket lives for milliseconds and the run has the history: no log of every change of its state.
alter table procrastinate_jobs disable trigger procrastinate_trigger_status_events_insert_v1;
alter table procrastinate_jobs disable trigger procrastinate_trigger_status_events_update_v1;

create table graph (
    tenant text not null default 'default',
    graph_id text not null,
    description text,
    -- What a worker learned when it loaded the graph; the API imports no user code and reads it here.
    schemas json,
    drawing json,
    error text,
    published_at timestamptz not null default clock_timestamp(),
    primary key (tenant, graph_id)
);

create table assistant (
    tenant text not null default 'default',
    assistant_id uuid primary key,
    graph_id text not null,
    name text not null,
    description text,
    config jsonb not null default '{}',
    context jsonb not null default '{}',
    metadata jsonb not null default '{}',
    version int not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);
create index assistant_by_graph on assistant (tenant, graph_id);

create table thread (
    tenant text not null default 'default',
    thread_id uuid primary key,
    status text not null default 'idle' check (status in ('idle', 'busy', 'interrupted', 'error')),
    metadata jsonb not null default '{}',
    config jsonb not null default '{}',
    -- json, not jsonb: a NUL inside a string is legal in an agent's state and jsonb cannot hold it.
    "values" json,
    interrupts json,
    error json,
    -- Made for a stateless run: hidden once that run is over, and pruned.
    temporary boolean not null default false,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    state_updated_at timestamptz
);
create index thread_by_update on thread (tenant, updated_at desc) where not temporary;
create index thread_by_metadata on thread using gin (metadata jsonb_path_ops);
create index thread_to_prune on thread (updated_at) where temporary;

create table run (
    tenant text not null default 'default',
    run_id uuid primary key,
    thread_id uuid not null references thread on delete cascade,
    assistant_id uuid not null,
    graph_id text not null,
    state text not null check (state in (
        'scheduled', 'blocked', 'ready', 'running', 'success', 'error', 'timeout', 'interrupted')),
    -- The order of the lane: first come, first served.
    place bigint not null generated always as identity,
    strategy text not null default 'enqueue'
        check (strategy in ('reject', 'enqueue', 'interrupt', 'rollback')),
    kwargs json not null,
    metadata jsonb not null default '{}',
    not_before timestamptz,
    -- The procrastinate job that may start this run; any other job for it is dead.
    ticket bigint,
    ticket_at timestamptz,
    -- The fence: whoever holds an older epoch writes nothing.
    epoch bigint not null default 0,
    attempts int not null default 0,
    -- Attempts lost in a row without a single checkpoint. A run beside one that kills its worker gets on; that one does not.
    fruitless int not null default 0,
    worker_id uuid,
    lease_until timestamptz,
    cancel_action text check (cancel_action in ('interrupt', 'rollback')),
    cancel_at timestamptz,
    -- Answers to interrupts by interrupt id, fixed before the graph sees them.
    answers json,
    output json,
    error json,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz
) with (fillfactor = 80);
-- Invariant: one thread, one writer.
create unique index run_lane on run (thread_id) where state in ('ready', 'running');
create index run_by_thread on run (thread_id, place);
create index run_running on run (worker_id) where state = 'running';
create index run_ready on run (ticket_at) where state = 'ready';
create index run_scheduled on run (not_before) where state = 'scheduled';

create table event (
    event_id bigint generated always as identity primary key,
    run_id uuid not null,
    name text not null,
    data text not null,
    created_at timestamptz not null default clock_timestamp()
);
create index event_by_run on event (run_id, event_id);

create table effect (
    tenant text not null default 'default',
    effect_key text primary key,
    run_id uuid not null,
    thread_id uuid not null,
    task_id text not null,
    call_id text not null,
    tool text not null,
    kind text not null check (kind in ('read', 'idempotent', 'transactional', 'at_most_once')),
    args_hash text not null,
    nonce uuid not null,
    state text not null default 'reserved' check (state in ('reserved', 'done', 'failed')),
    result text,
    attempts int not null default 1,
    reserved_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz
);
create index effect_by_thread on effect (thread_id);

create table worker (
    worker_id uuid primary key,
    -- Second key of the session advisory lock that dies with the process.
    lock_key int not null generated always as identity,
    host text not null,
    pid int not null,
    graphs text[] not null default '{}',
    concurrency int not null,
    started_at timestamptz not null default clock_timestamp(),
    beat_at timestamptz not null default clock_timestamp(),
    draining boolean not null default false
);

-- A question that only a graph can answer (its state, its history, an update), put by the API to a worker.
create table ask (
    ask_id uuid primary key,
    graph_id text not null,
    verb text not null,
    question json not null,
    answer text,
    error json,
    taken_by uuid,
    taken_at timestamptz,
    asked_at timestamptz not null default clock_timestamp(),
    answered_at timestamptz
);
create index ask_open on ask (asked_at) where taken_by is null;
