-- Admits one run in one transaction: thread, lane, run row and, when the lane is free, its ticket.
-- Lock order everywhere: thread, then its runs. Answers 'admitted', 'no_thread' or 'busy'.
create or replace function admit(
    _tenant text, _run_id uuid, _thread_id uuid, _assistant_id uuid, _graph_id text, _strategy text,
    _kwargs json, _metadata jsonb, _after_seconds float, _create_thread boolean, _temporary boolean,
    _thread_metadata jsonb, _assistant_metadata jsonb, _visible jsonb[],
    _webhook text, _principal jsonb)
returns table (outcome text, admitted run)
language plpgsql as $$
declare
    lane run;
    placed run;
    threads_metadata jsonb;
    due timestamptz := case when _after_seconds > 0
        then clock_timestamp() + make_interval(secs => _after_seconds) end;
begin
    if _create_thread then
        insert into thread (tenant, thread_id, temporary, metadata)
        values (_tenant, _thread_id, _temporary, _thread_metadata)
        on conflict (thread_id, tenant) do nothing;
    end if;
    select metadata into threads_metadata from thread where thread_id = _thread_id and tenant = _tenant
        and (_visible is null or metadata @> any(_visible)) for no key update;
    if not found then
        return query select 'no_thread', null::run;
        return;
    end if;
    for lane in select * from run where thread_id = _thread_id
        and state in ('scheduled', 'blocked', 'ready', 'running') order by place
    loop
        if _strategy = 'reject' then
            return query select 'busy', null::run;
            return;
        elsif _strategy in ('interrupt', 'rollback') then
            perform request_cancel(lane.run_id, _strategy);
        end if;
    end loop;
    insert into run (tenant, run_id, thread_id, assistant_id, graph_id, state, strategy, kwargs, metadata,
        not_before, webhook, principal)
    values (_tenant, _run_id, _thread_id, _assistant_id, _graph_id,
        case when due is null then 'blocked' else 'scheduled' end, _strategy, _kwargs,
        _assistant_metadata || threads_metadata || _metadata, due, _webhook, _principal);
    if due is null then
        perform promote(_thread_id);
    end if;
    update thread set status = 'busy', updated_at = clock_timestamp(),
        metadata = metadata || jsonb_build_object('graph_id', _graph_id, 'assistant_id', _assistant_id)
    where thread_id = _thread_id;
    select * into placed from run where run_id = _run_id;
    return query select 'admitted', placed;
end $$;
