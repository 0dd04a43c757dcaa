-- Deletes one run; a running one loses its worker's right to write. The thread never stays busy for it.
create or replace function delete_run(_tenant text, _thread_id uuid, _run_id uuid) returns boolean
language plpgsql as $$
declare
    gone run;
begin
    perform from thread where thread_id = _thread_id and tenant = _tenant for no key update;
    delete from run where run_id = _run_id and thread_id = _thread_id returning * into gone;
    if gone.run_id is null then
        return false;
    end if;
    delete from event where thread_id = _thread_id and run_id = _run_id;
    if gone.state in ('scheduled', 'blocked', 'ready', 'running') then
        perform settle_thread(_thread_id, case when coalesce(interrupts::text, '{}') <> '{}'
            then 'interrupted' else 'idle' end) from thread where thread_id = _thread_id;
        perform pg_notify('holdfast_cancel', _run_id || ' superseded');
        perform append_end(_thread_id, _run_id, gone.graph_id, 'interrupted');
    end if;
    return true;
end $$;
