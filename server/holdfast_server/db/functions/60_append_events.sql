-- Appends stream events of a thread in order and tells the readers once: those of the run and those of the thread.
-- Events of one thread must become visible in the order of their ids, or a reader steps over one. So every caller
-- holds the lock of the thread's live run, or that of the thread when none is live.
create or replace function append_events(_thread_id uuid, _run_id uuid, _names text[], _data text[])
returns void
language sql as $$
    insert into event (thread_id, run_id, name, data)
    select _thread_id, _run_id, e.name, e.data
    from unnest(_names, _data) with ordinality as e (name, data, n) order by e.n;
    select pg_notify('holdfast_event', concat_ws(' ', coalesce(_run_id::text, '-'), _thread_id));
$$;
