-- Stops a run: at once if nobody runs it, else by asking its worker. The caller holds the thread's lock.
-- Returns the state after the call, or null when the run was already over.
create or replace function request_cancel(_run_id uuid, _action text) returns text
language plpgsql as $$
declare
    target run;
begin
    select * into target from run where run_id = _run_id for no key update;
    if target.state = 'running' then
        update run set cancel_action = _action, cancel_at = coalesce(cancel_at, clock_timestamp())
        where run_id = _run_id;
        perform pg_notify('holdfast_cancel', _run_id || ' ' || _action);
        return 'running';
    elsif target.state in ('scheduled', 'blocked', 'ready') then
        perform owe_webhook(target, case _action when 'rollback' then 'rollback' else 'interrupted' end, null);
        if _action = 'rollback' then
            delete from run where run_id = _run_id;
        else
            update run set state = 'interrupted', ended_at = clock_timestamp(), updated_at = clock_timestamp()
            where run_id = _run_id;
        end if;
        perform append_end(target.thread_id, _run_id, target.graph_id, 'interrupted');
        return 'interrupted';
    end if;
    return null;
end $$;
