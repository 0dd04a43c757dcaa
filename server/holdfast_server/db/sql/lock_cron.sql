-- One cron, held until the transaction ends: the scheduler passes it by.
select * from cron where tenant = %(tenant)s and cron_id = %(cron_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
for update
