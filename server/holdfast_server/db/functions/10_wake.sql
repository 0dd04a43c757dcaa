-- Issues the one ticket that may start a run: a procrastinate job on the queue of the run's graph.
-- By the owner's right: a tenant's connection may not even look at the queue.
create or replace function wake(_run_id uuid, _graph_id text) returns bigint
language sql security definer set search_path = holdfast, pg_temp as $$
    select (procrastinate_defer_jobs_v1(array[row(
        queue_of(_graph_id), 'holdfast.run', 0, null, null,
        jsonb_build_object('run_id', _run_id), null)::procrastinate_job_to_defer_v1]))[1]
$$;
