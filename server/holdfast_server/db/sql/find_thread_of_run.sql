-- The thread of a run, for clients that know no thread.
select thread_id from run where tenant = %(tenant)s and run_id = %(run_id)s
