-- Deletes engine jobs that are no ready run's ticket: left by workers that died between fetch and claim.
delete from procrastinate_jobs where id in (
    select j.id from procrastinate_jobs j left join run r on r.ticket = j.id and r.state = 'ready'
    where j.task_name = 'holdfast.run' and r.run_id is null limit 1000)
