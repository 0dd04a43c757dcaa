-- The runs of a thread, newest first.
select * from run where tenant = %(tenant)s and thread_id = %(thread_id)s
    and (%(states)s::text[] is null or state = any(%(states)s))
order by place desc limit %(limit)s offset %(offset)s
