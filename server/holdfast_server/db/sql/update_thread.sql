-- Merges metadata into a thread's.
update thread set metadata = metadata || %(metadata)s::jsonb, updated_at = clock_timestamp()
where tenant = %(tenant)s and thread_id = %(thread_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
returning *
