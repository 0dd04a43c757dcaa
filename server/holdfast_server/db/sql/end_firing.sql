-- What became of a firing: the run it started, or why there is none.
update cron_firing set run_id = %(run_id)s, thread_id = %(thread_id)s, error = %(error)s
where cron_id = %(cron_id)s and fire_time = %(fire_time)s
