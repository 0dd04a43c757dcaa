-- One run of a thread.
select r.* from run r where r.tenant = %(tenant)s and r.thread_id = %(thread_id)s and r.run_id = %(run_id)s
