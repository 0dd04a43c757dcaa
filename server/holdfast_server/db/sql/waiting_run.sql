-- How a thread stands, and the run that its newest state is of: what an answer goes on with.
-- That run wrote the newest checkpoint; after an edit by hand, the newest run that ever began.
select t.status, t.interrupts, head.checkpoint_id as head, gone.run_id, gone.state, gone.assistant_id,
    gone.kwargs, gone.metadata, gone.run_id::text = head.metadata ->> 'run_id' as wrote_head
from thread t
left join lateral (
    select c.checkpoint_id, c.metadata from checkpoints c
    where c.thread_id = t.thread_id::text and c.checkpoint_ns = ''
    order by c.checkpoint_id desc limit 1
) head on true
left join lateral (
    select r.* from run r
    where r.thread_id = t.thread_id and r.tenant = %(tenant)s and r.started_at is not null
    order by (r.run_id::text = head.metadata ->> 'run_id') is true desc, r.place desc limit 1
) gone on true
where t.tenant = %(tenant)s and t.thread_id = %(thread_id)s
    and (%(visible)s::jsonb[] is null or t.metadata @> any(%(visible)s::jsonb[]))
