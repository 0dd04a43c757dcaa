-- Makes the first waiting run of a thread ready, if the lane is free. The caller holds the thread's lock.
create or replace function promote(_thread_id uuid) returns uuid
language plpgsql as $$
declare
    next run;
begin
    if exists (select from run where thread_id = _thread_id and state in ('ready', 'running')) then
        return null;
    end if;
    select * into next from run
    where thread_id = _thread_id and state = 'blocked' order by place limit 1;
    if not found then
        return null;
    end if;
    update run set state = 'ready', ticket = wake(run_id, graph_id), ticket_at = clock_timestamp(),
        updated_at = clock_timestamp()
    where run_id = next.run_id;
    return next.run_id;
end $$;
