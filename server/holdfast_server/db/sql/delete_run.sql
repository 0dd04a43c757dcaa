-- Deletes one run.
select delete_run(%(tenant)s, %(thread_id)s, %(run_id)s) as deleted
