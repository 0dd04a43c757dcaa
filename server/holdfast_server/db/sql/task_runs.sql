-- The next runs of a thread from one run on, in order: what an A2A task went through, and what came after it.
-- What a run was asked is read by the caller; a NUL in it would stop PostgreSQL's own JSON operators.
select r.run_id, r.place, r.kwargs from run r join run first on first.thread_id = r.thread_id
join thread t on t.thread_id = r.thread_id
where first.tenant = %(tenant)s and first.thread_id = %(thread_id)s and first.run_id = %(run_id)s
    and first.assistant_id = %(assistant_id)s and r.place >= first.place and r.place > %(after)s
    and (%(visible)s::jsonb[] is null or t.metadata @> any(%(visible)s::jsonb[]))
order by r.place limit 5
