-- The workers and what each of them executes. Alive: it beats, and its session still holds its lock.
select w.*, w.beat_at > clock_timestamp() - interval '5 seconds' and is_locked(w.lock_key) as alive,
    coalesce(array_agg(r.run_id) filter (where r.run_id is not null), '{}') as runs
from worker w left join run r on r.worker_id = w.worker_id and r.state = 'running'
group by w.worker_id order by w.started_at
