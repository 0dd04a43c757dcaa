-- Whether a thread is there for a caller, that of a stateless run included.
select exists (select from thread where tenant = %(tenant)s and thread_id = %(thread_id)s
    and metadata @> any(%(visible)s::jsonb[])) as found
