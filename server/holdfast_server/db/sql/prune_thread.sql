-- Deletes a thread or reduces it to its newest state; no row when the caller sees no such thread.
select case when %(strategy)s = 'keep_latest' then keep_latest(thread_id)
    when forget_thread(thread_id) then 'pruned' end as verdict
from thread where tenant = %(tenant)s and thread_id = %(thread_id)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and not (temporary and status <> 'busy')
