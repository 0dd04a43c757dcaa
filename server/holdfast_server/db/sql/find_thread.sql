-- One thread; that of a finished stateless run is hidden.
select * from thread where tenant = %(tenant)s and thread_id = %(thread_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and not (temporary and status <> 'busy')
