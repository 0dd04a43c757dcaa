-- Deletes a thread with everything that belongs to it. A worker still running on it is fenced by the missing row.
create or replace function forget_thread(_thread_id uuid) returns boolean
language plpgsql as $$
begin
    perform from thread where thread_id = _thread_id for update;
    if not found then
        return false;
    end if;
    perform pg_notify('holdfast_cancel', run_id || ' superseded') from run
    where thread_id = _thread_id and state = 'running';
    perform pg_notify('holdfast_end', run_id::text) from run
    where thread_id = _thread_id and state in ('scheduled', 'blocked', 'ready', 'running');
    perform pg_notify('holdfast_thread', _thread_id::text);
    delete from event where thread_id = _thread_id;
    delete from effect where thread_id = _thread_id;
    delete from thread where thread_id = _thread_id;
    delete from checkpoints where thread_id = _thread_id::text;
    delete from checkpoint_blobs where thread_id = _thread_id::text;
    delete from checkpoint_writes where thread_id = _thread_id::text;
    return true;
end $$;
