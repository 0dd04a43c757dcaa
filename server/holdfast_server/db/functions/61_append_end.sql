-- The end of a run as an event: the thread's stream shows it as `run_done`, protocol clients as its last lifecycle.
create or replace function end_of_run(_graph_id text, _event text, _error text) returns text
language sql immutable as $$
    select json_strip_nulls(json_build_object('event', _event, 'graph_name', _graph_id, 'error', _error))::text
$$;

-- Appends the end of a run that its worker did not write, and tells who waits for it.
create or replace function append_end(
    _thread_id uuid, _run_id uuid, _graph_id text, _event text, _error text default null)
returns void
language plpgsql as $$
begin
    -- The live run of the thread, if it is another one, writes no event until this one is committed.
    perform from run where thread_id = _thread_id and state in ('ready', 'running') for no key update;
    perform append_events(_thread_id, _run_id, array['end'], array[end_of_run(_graph_id, _event, _error)]);
    perform pg_notify('holdfast_end', _run_id::text);
end $$;
