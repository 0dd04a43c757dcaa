-- Deletes the threads whose last run was of an assistant, with everything that belongs to them.
select forget_thread(thread_id) from thread
where tenant = %(tenant)s and metadata @> jsonb_build_object('assistant_id', %(assistant_id)s::text)
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
order by thread_id
