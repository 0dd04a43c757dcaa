-- Whether a thread is there and not for this caller.
select exists (select from thread where thread_id = %(thread_id)s and not (tenant = %(tenant)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[])))) as hidden
