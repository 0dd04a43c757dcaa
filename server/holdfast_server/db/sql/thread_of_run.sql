-- The thread of a run.
select thread_id from run where run_id = %(run_id)s and tenant = %(tenant)s
