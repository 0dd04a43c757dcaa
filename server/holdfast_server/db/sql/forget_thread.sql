-- Deletes a thread with everything that belongs to it.
select forget_thread(thread_id) as deleted from thread where thread_id = %(thread_id)s and tenant = %(tenant)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
