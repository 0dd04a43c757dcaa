-- One cron, as far as the caller may see it.
select * from cron where tenant = %(tenant)s and cron_id = %(cron_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
