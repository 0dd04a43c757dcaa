-- Makes the thread of a stateless run a lasting one; no row when it is gone.
update thread set temporary = false, updated_at = clock_timestamp()
where tenant = %(tenant)s and thread_id = %(thread_id)s returning thread_id
