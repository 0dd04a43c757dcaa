-- The firings of a cron, newest first: when due, when fired, the run, or why there is none.
select fire_time, fired_at, run_id, thread_id, error from cron_firing
where cron_id = %(cron_id)s order by fire_time desc limit %(limit)s
