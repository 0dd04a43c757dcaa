-- Forgets the threads of stateless runs that ended long enough ago.
select forget_thread(thread_id) from (
    select thread_id from thread
    where temporary and status <> 'busy' and updated_at < clock_timestamp() - %(ttl)s limit 500) as old
