-- Tenants: every row belongs to one, and what a connection may see is decided by the database.

-- Whose rows a connection works on. Null: no tenant is named, and a tenant's connection sees nothing.
create or replace function current_tenant() returns text
language sql stable as $$
    select nullif(current_setting('holdfast.tenant', true), '')
$$;

create table tenant (
    tenant text primary key check (tenant ~ '^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$'),
    created_at timestamptz not null default clock_timestamp()
);
insert into tenant (tenant) values ('default');

-- Graphs, and how long threads live, are the house's: every tenant has the same. Workers publish both anew.
truncate graph, thread_lifetime;
alter table graph drop constraint graph_pkey, drop column tenant, add primary key (graph_id),
    -- Of its default assistant: a tenant that comes later gets one too.
    add column assistant_id uuid;
alter table thread_lifetime drop column tenant,
    add column is_set boolean primary key default true check (is_set);

-- Ids that clients choose are the tenant's own: two may use the same, and neither learns of the other's.
alter table run drop constraint run_thread_id_fkey;
alter table thread drop constraint thread_pkey, add primary key (thread_id, tenant);
alter table run add foreign key (thread_id, tenant) references thread on delete cascade;
drop index run_lane;
create unique index run_lane on run (thread_id, tenant) where state in ('ready', 'running');
alter table assistant_version drop constraint assistant_version_assistant_id_fkey,
    drop constraint assistant_version_pkey;
alter table assistant drop constraint assistant_pkey, add primary key (assistant_id, tenant);
alter table assistant_version add primary key (assistant_id, version, tenant),
    add foreign key (assistant_id, tenant) references assistant on delete cascade;
alter table effect drop constraint effect_pkey, add primary key (effect_key, tenant);

alter table event add column tenant text not null default 'default';
alter table ask add column tenant text not null default 'default';
alter table cron_firing add column tenant text not null default 'default';
alter table checkpoints add column tenant text not null default 'default',
    drop constraint checkpoints_pkey, add primary key (thread_id, checkpoint_ns, checkpoint_id, tenant);
alter table checkpoint_blobs add column tenant text not null default 'default',
    drop constraint checkpoint_blobs_pkey,
    add primary key (thread_id, checkpoint_ns, channel, version, tenant);
alter table checkpoint_writes add column tenant text not null default 'default',
    drop constraint checkpoint_writes_pkey,
    add primary key (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, tenant);

-- A row that nobody gave a tenant is refused, unless the connection works for one.
do $$
declare
    owned text;
begin
    foreach owned in array array['assistant', 'thread', 'run', 'event', 'effect', 'ask', 'cron', 'cron_firing',
        'webhook', 'checkpoints', 'checkpoint_blobs', 'checkpoint_writes']
    loop
        execute format('alter table %I alter column tenant set default current_tenant()', owned);
    end loop;
end $$;

-- Long-term memory: the first label of a namespace is its tenant's; a label holds no dot.
create function tenant_of_prefix(_prefix text) returns text
language sql immutable as $$
    select replace(split_part(_prefix, '.', 1), '/', '.')
$$;
do $$
begin
    if to_regclass('store_vectors') is not null then
        alter table store_vectors drop constraint store_vectors_prefix_key_fkey;
        update store_vectors set prefix = 'default.' || prefix;
    end if;
    update store set prefix = 'default.' || prefix;
    if to_regclass('store_vectors') is not null then
        alter table store_vectors add foreign key (prefix, key) references store (prefix, key) on delete cascade;
        alter table store_vectors add column tenant text
            generated always as (tenant_of_prefix(prefix)) stored;
    end if;
end $$;
alter table store add column tenant text generated always as (tenant_of_prefix(prefix)) stored;

-- Who asked for a run, or made the cron that does: `{"user", "roles", "how"}`.
alter table run add column principal jsonb;
alter table cron add column principal jsonb;

-- Its parameters have changed; an overload would make every call ambiguous or stale.
do $$
declare
    stale regprocedure;
begin
    for stale in select oid from pg_proc where pronamespace = current_schema()::regnamespace
        and proname = 'admit'
    loop
        execute 'drop function ' || stale;
    end loop;
end $$;
