-- Ends a run under its fence: last events, run, thread, next run of the lane. False when the lease is lost.
create or replace function finish(
    _run_id uuid, _epoch bigint, _state text, _output json, _error json,
    _thread_status text, _values json, _interrupts json, _names text[], _data text[])
returns boolean
language plpgsql as $$
declare
    lane_id uuid;
    ending run;
begin
    select t.thread_id into lane_id from run join thread t using (thread_id)
    where run_id = _run_id for no key update of t;
    select * into ending from run
    where run_id = _run_id and epoch = _epoch and state = 'running' for no key update;
    if not found then
        return false;
    end if;
    if _state = 'rollback' then
        delete from run where run_id = _run_id;
    else
        update run set state = _state, output = _output, error = _error, lease_until = null,
            ended_at = clock_timestamp(), updated_at = clock_timestamp()
        where run_id = _run_id;
    end if;
    update thread set "values" = coalesce(_values, "values"), interrupts = coalesce(_interrupts, '{}'),
        error = _error, state_updated_at = clock_timestamp()
    where thread_id = lane_id;
    perform owe_webhook(ending, _state, _error);
    perform settle_thread(lane_id, _thread_status);
    perform append_events(lane_id, _run_id, array_append(_names, 'end'), array_append(_data, end_of_run(
        ending.graph_id, case when _state in ('error', 'timeout') then 'failed'
            when _state = 'success' and _thread_status <> 'interrupted' then 'completed'
            else 'interrupted' end, -- A sealed one is opened by who reads the event.
            coalesce(_error ->> 'message', _error::text))));
    perform pg_notify('holdfast_end', _run_id::text);
    return true;
end $$;
