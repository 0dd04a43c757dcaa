-- Deletes engine jobs older than ten minutes that no ready run names as its ticket and no running run came from.
delete from procrastinate_jobs where id in (
    select old.id from procrastinate_jobs old
    join procrastinate_events e on e.job_id = old.id and e.type = 'deferred'
        and e.at < clock_timestamp() - interval '10 minutes'
    left join run on run.run_id = (old.args ->> 'run_id')::uuid
        and (run.state = 'running' or (run.state = 'ready' and run.ticket = old.id))
    where old.task_name = 'holdfast.run' and run.run_id is null limit 1000)
