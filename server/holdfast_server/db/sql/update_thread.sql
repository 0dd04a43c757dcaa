-- Merges metadata into a thread's, and changes how long it lives where that is given.
update thread set metadata = metadata || %(metadata)s::jsonb, updated_at = clock_timestamp(),
    ttl_strategy = case when %(ttl_given)s then %(ttl_strategy)s else ttl_strategy end,
    ttl_minutes = case when %(ttl_given)s then %(ttl_minutes)s else ttl_minutes end
where tenant = %(tenant)s and thread_id = %(thread_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
returning *
