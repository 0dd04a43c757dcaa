-- Takes the lease of a ready run for a worker that holds its current ticket; no row when the ticket is dead.
create or replace function claim(_run_id uuid, _ticket bigint, _worker_id uuid, _lease interval)
returns setof run
language plpgsql as $$
declare
    taken run;
begin
    update run set state = 'running', epoch = epoch + 1, attempts = attempts + 1, worker_id = _worker_id,
        lease_until = clock_timestamp() + _lease, ticket = null,
        started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp(),
        -- A number of its own, below all events of this run.
        first_event = case when attempts = 0 then nextval('event_event_id_seq') else first_event end
    where run_id = _run_id and ticket = _ticket and state = 'ready'
    returning * into taken;
    -- A ticket is torn when it is shown, valid or not.
    delete from procrastinate_jobs where id = _ticket;
    if taken.run_id is null then
        return;
    end if;
    perform act_for(taken.tenant);
    perform append_events(taken.thread_id, _run_id, array['metadata'],
        array[json_build_object('run_id', _run_id, 'attempt', taken.attempts)::text]);
    return next taken;
end $$;
