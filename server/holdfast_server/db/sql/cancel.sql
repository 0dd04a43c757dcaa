-- Cancels one run on request.
select cancel(%(tenant)s, %(thread_id)s, %(run_id)s, %(action)s) as outcome
