-- Ends a running run without its worker, who is fenced from now on. The caller holds the thread's lock.
create or replace function stop(_run run, _state text, _error json) returns void
language plpgsql as $$
begin
    update run set state = _state, error = _error, epoch = epoch + 1, lease_until = null,
        ended_at = clock_timestamp(), updated_at = clock_timestamp()
    where run_id = _run.run_id;
    update thread set error = _error where thread_id = _run.thread_id;
    perform owe_webhook(_run, _state, _error);
    perform settle_thread(_run.thread_id, case when _error is null then 'interrupted' else 'error' end);
    if _error is not null then
        perform append_events(_run.thread_id, _run.run_id, array['error'], array[_error::text]);
    end if;
    perform append_end(_run.thread_id, _run.run_id, _run.graph_id,
        case when _error is null then 'interrupted' else 'failed' end, _error ->> 'message');
    perform show_state(_run.thread_id, _run.graph_id);
    perform pg_notify('holdfast_cancel', _run.run_id || ' superseded');
end $$;
