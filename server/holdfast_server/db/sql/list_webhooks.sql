-- Webhooks, newest first: to whom, how often tried, and what came of it.
select webhook_id, run_id, thread_id, url, state, attempts, failures, status_code, error, created_at,
    sent_at, case state when 'pending' then due_at end as due_at, count(*) over () as total
from webhook where tenant = %(tenant)s
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(state)s::text is null or state = %(state)s)
    and (%(run_id)s::uuid is null or run_id = %(run_id)s)
order by created_at desc, webhook_id limit %(limit)s offset %(offset)s
