-- Deletes a cron; runs that it started go on.
delete from cron where tenant = %(tenant)s and cron_id = %(cron_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
returning cron_id
