-- What the newest run of a thread was asked for.
select kwargs from run where thread_id = %(thread_id)s::uuid order by place desc limit 1
