-- Puts a worker on the list, or back on it after an outage.
insert into worker (worker_id, host, pid, pool, graphs, concurrency)
values (%(worker_id)s, %(host)s, %(pid)s, %(pool)s, %(graphs)s, %(concurrency)s)
on conflict (worker_id) do update set beat_at = clock_timestamp()
returning lock_key
