-- Sets when a cron fires next; null ends it.
update cron set next_run_date = %(next_run_date)s, enabled = %(enabled)s, 
    updated_at = case when enabled = %(enabled)s then updated_at else clock_timestamp() end
where cron_id = %(cron_id)s
