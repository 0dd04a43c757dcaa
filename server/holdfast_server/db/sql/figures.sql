-- What /metrics shows: live runs by state, how long due ones have waited, workers alive and their room.
with live as (
    select state, extract(epoch from clock_timestamp() - greatest(created_at, not_before))::float as waited
    from run where state in ('scheduled', 'blocked', 'ready', 'running')
), runs as (
    select count(*) filter (where state = 'scheduled') as scheduled,
        count(*) filter (where state = 'blocked') as blocked,
        count(*) filter (where state = 'ready') as ready,
        count(*) filter (where state = 'running') as running,
        count(*) filter (where state <> 'running') as pending,
        max(waited) filter (where state in ('blocked', 'ready')) as waited_max,
        percentile_cont(0.5) within group (order by waited) filter (where state in ('blocked', 'ready'))
            as waited_median,
        max(waited) filter (where state = 'ready') as ready_max
    from live
), workers as (
    select count(*) as workers_alive, coalesce(sum(concurrency), 0)::int as workers_max from worker
    where beat_at > clock_timestamp() - interval '5 seconds' and is_locked(lock_key)
)
select runs.*, workers.*, greatest(workers_max - running, 0)::int as workers_available,
    (select count(*) from thread where status = 'interrupted' and not temporary) as interrupted_threads
from runs, workers
