-- The running runs that nobody looks after any more, or whose cancellation their worker has not obeyed in time.
create or replace function abandoned_run(_silence interval, _cancel_grace interval) returns setof run
language sql as $$
    select r.* from run r left join worker w using (worker_id)
    where r.state = 'running' and (
        r.lease_until < clock_timestamp()
        or r.cancel_at < clock_timestamp() - _cancel_grace
        or w.worker_id is null
        or (w.beat_at < clock_timestamp() - _silence and not is_locked(w.lock_key)))
$$;
