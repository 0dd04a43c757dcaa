-- Gives a thread its status after a run left the lane, and lets the next run in. The caller holds its lock.
create or replace function settle_thread(_thread_id uuid, _status text) returns void
language plpgsql as $$
begin
    perform promote(_thread_id);
    if exists (select from run where thread_id = _thread_id
               and state in ('scheduled', 'blocked', 'ready', 'running')) then
        _status := 'busy';
    end if;
    update thread set status = coalesce(_status, status), updated_at = clock_timestamp()
    where thread_id = _thread_id;
end $$;
