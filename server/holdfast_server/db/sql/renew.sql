-- One beat of a worker: it lives, and it still owns these runs. A run missing from the answer is lost.
with beat as (
    update worker set beat_at = clock_timestamp(), draining = %(draining)s where worker_id = %(worker_id)s
)
update run set lease_until = clock_timestamp() + %(lease)s
from unnest(%(run_ids)s::uuid[], %(epochs)s::bigint[]) as held (run_id, epoch)
where run.run_id = held.run_id and run.epoch = held.epoch and run.state = 'running'
returning run.run_id, run.cancel_action
