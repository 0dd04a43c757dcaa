-- Long-term memory and the lifetimes of data.

-- A question that any worker can answer, about long-term memory, names no graph.
alter table ask alter column graph_id drop not null;
-- It lives for milliseconds and nobody misses it after a crash: its four commits need not wait for the disk.
alter table ask set unlogged;

-- Minutes may be fractions; LangGraph's column would round them.
alter table store alter column ttl_minutes type double precision;

-- How long threads live that say nothing themselves; the workers write here what langgraph.json says.
create table thread_lifetime (
    tenant text primary key default 'default',
    strategy text not null check (strategy in ('delete', 'keep_latest')),
    ttl_minutes double precision not null check (ttl_minutes > 0)
);

alter table thread
    add column ttl_strategy text check (ttl_strategy in ('delete', 'keep_latest')),
    add column ttl_minutes double precision check (ttl_minutes > 0),
    -- Null also when the time is over and all that could be pruned is.
    add column expires_at timestamptz,
    add check ((ttl_strategy is null) = (ttl_minutes is null));
create index thread_to_sweep on thread (expires_at) where expires_at is not null;

-- Whatever uses a thread sets updated_at; its time starts anew with that, in whichever statement it happens.
create function live_on() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.ttl_minutes is null and not new.temporary then
        select l.strategy, l.ttl_minutes into new.ttl_strategy, new.ttl_minutes
        from thread_lifetime l where l.tenant = new.tenant;
    end if;
    if tg_op = 'INSERT' or new.updated_at is distinct from old.updated_at
            or new.ttl_minutes is distinct from old.ttl_minutes then
        new.expires_at := clock_timestamp() + new.ttl_minutes * interval '1 minute';
    end if;
    return new;
end $$;
create trigger live_on before insert or update on thread for each row execute function live_on();
